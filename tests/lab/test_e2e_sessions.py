"""How many sessions of one connection sshd permits: one is enough to look, two to fix; where it is one too few, that is the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.lab import sshd
from tests.lab.program import check, dashboard, explain, ours, serving, stalewatch
from tests.lab.waiting import until

if TYPE_CHECKING:
    from tests.lab import Host, Lab


@pytest.fixture
def host(web1: Host) -> Iterator[Host]:
    """A host that serves old code, and whose sshd is configured by the test."""
    web1.fpm(validate_timestamps=0)
    assert (web1.get("/"), web1.get("/config")) == ("home v1", "v1 agent-v1")
    web1.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    web1.release("v2")
    yield web1
    sshd.undo(web1)


def test_two_sessions_are_enough_for_everything(lab: Lab, host: Host) -> None:
    sshd.configure(host, "MaxSessions 2")
    with dashboard(lab, "web1") as terminal:
        terminal.wait_for(r"config +✗", timeout=30)
        terminal.type("\r")
        terminal.wait_for("Verdict, and why")
        terminal.type("6")
        stamp = host.run(["date", "+%Y-%m-%d %H:%M:%S"]).stdout.strip()
        with host.file("storage/logs/laravel.log").open("a") as log:
            log.write(f"[{stamp}] production.ERROR: the log is read\n")
        terminal.wait_for("the log is read", timeout=30)
        terminal.type("q")
        assert terminal.wait_exit() == 0
    ran = stalewatch(lab, "fix", "--yes", "web1")
    assert ran.code == 0, ran.stdout + ran.stderr
    assert (serving(host), serving(host, "/config")) == ("home v2", "v1 agent-v2")
    assert check(lab, "web1")[0] == 0
    until(lambda: ours(host) == [], "nothing left", 10)


@pytest.mark.parametrize("lines", [("MaxSessions 1",), ("MaxSessions 2", sshd.NO_FORWARDING)], ids=["one", "two and a relay"])
def test_one_session_too_few_is_the_reason_and_nothing_is_done(lab: Lab, host: Host, lines: tuple[str, ...]) -> None:
    sshd.configure(host, *lines)
    code, entries = check(lab, "web1")
    assert (code, entries["web1"]["layers"]["config"]) == (1, "stale"), explain(entries["web1"])
    ran = stalewatch(lab, "fix", "--yes", "web1")
    said = " ".join((ran.stdout + ran.stderr).split())
    assert ran.code == 1, said
    assert "sshd opens no further session on this connection" in said
    assert "MaxSessions 10 in sshd_config" in said
    assert serving(host, "/config") == "v1 agent-v1"
