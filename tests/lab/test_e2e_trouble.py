"""Trouble in the dashboard at 80×24: what is wrong and what to do, in that pane; others fresh; once repaired, back by itself."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.lab import gate, php
from tests.lab.program import dashboard

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab import Host, Lab
    from tests.terminal import Terminal

KEYS = "/home/deploy/.ssh/authorized_keys"


def refuse_key(host: Host) -> None:
    host.run(["mv", KEYS, KEYS + ".away"])
    host.kill_sshd()
    host.start_sshd()


def take_key(host: Host) -> None:
    with suppress(RuntimeError):
        host.run(["mv", KEYS + ".away", KEYS])


def new_key(host: Host) -> None:
    host.change_host_key()
    host.kill_sshd()
    host.start_sshd()


class Trouble(NamedTuple):
    """*says* and *grant*: what the pane shows (spaces squeezed). *repair* None: only a person can, so nothing is tried by itself."""

    cause: Callable[[Host], None]
    says: str
    grant: str
    repair: Callable[[Host], None] | None
    undo: Callable[[Host], None]


def nothing(_: Host) -> None:
    pass


STARTED = {
    "FPM stopped": Trouble(lambda host: host.stop_fpm(), "▼ FPM DOWN", "systemctl start php", lambda host: host.start_fpm(), nothing),
    "socket denied": Trouble(
        lambda host: host.deny_socket(), re.escape(php.SOCKET), "usermod -aG|listen", lambda host: host.allow_socket(), nothing
    ),
    "sshd killed": Trouble(lambda host: host.kill_sshd(), "(?i)refused|gone|reach", "tries again", lambda host: host.start_sshd(), nothing),
    "host key changed": Trouble(new_key, "(?i)host key", "ssh-keygen -R", None, nothing),
    "key refused": Trouble(refuse_key, "(?i)key|auth|permission", r"authorized_keys|ssh-copy-id|ssh-add|IdentityFile", None, take_key),
}


@pytest.mark.parametrize("trouble", STARTED.values(), ids=STARTED)
def test_a_trouble_is_said_in_its_pane_and_ends_by_itself(lab: Lab, hosts: list[Host], trouble: Trouble) -> None:
    web1 = hosts[0]
    try:
        with dashboard(lab, columns=80, rows=24) as terminal:
            terminal.wait_for("✓ 3 fresh")
            trouble.cause(web1)
            terminal.wait_for(r"1 (urgent|unknown) +✓ 2 fresh", timeout=40)
            terminal.type("1")
            wait_for_words(terminal, trouble.says)
            wait_for_words(terminal, trouble.grant)
            assert len(re.findall(r"web[23] app +✓ FRESH", terminal.text)) == 2, terminal.text
            if trouble.repair is not None:
                trouble.repair(web1)
                terminal.wait_for("✓ 3 fresh", timeout=60)
            terminal.type("q")
            assert terminal.wait_exit() == 0
    finally:
        trouble.undo(web1)


def wait_for_words(terminal: Terminal, pattern: str) -> None:
    """Wait until *pattern* is shown, wrapped or not."""
    terminal.wait_for(lambda text: re.search(pattern, " ".join(re.sub("[│┃]", " ", text).split())), timeout=40)


def test_an_unknown_host_name_is_a_pane_beside_live_ones(lab: Lab, hosts: list[Host]) -> None:
    with dashboard(lab, "web1", "web2", "no-such-host.invalid", columns=80, rows=24) as terminal:
        terminal.wait_for(r"1 unknown +✓ 2 fresh", timeout=40)
        terminal.type("1")
        wait_for_words(terminal, r"no-such-host\.invalid.*(name|resolve)")
        terminal.type("q")
        assert terminal.wait_exit() == 0


def test_two_people_see_each_other_and_who_runs_a_runbook(lab: Lab, hosts: list[Host]) -> None:
    web1 = hosts[0]
    web1.fpm(validate_timestamps=0)
    gate.shut(web1)
    assert web1.get("/config") == "v1 agent-v1"
    web1.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    with dashboard(lab, "web1") as anna:
        anna.wait_for(r"config +✗", timeout=30)
        with dashboard(lab, "web1") as ben:
            ben.wait_for(r"config +✗", timeout=30)
            ben.type("v")  # watchers are read on the slow beat: look at everything now
            anna.type("v")
            ben.wait_for(r"also watched by \S+@\S+ since \d\d:\d\d", timeout=30)
            anna.wait_for(r"also watched by \S+@\S+ since \d\d:\d\d", timeout=30)
            anna.type("f")
            anna.confirm()
            ben.wait_for(r"★ \S+@\S+ runs fix here since \d\d:\d\d", timeout=40)
            ben.type("f")
            ben.wait_for(r"fix: \S+@\S+ runs fix since")
            gate.open_up(web1)
            anna.wait_for("verified", timeout=60)
            assert web1.get("/config") == "v1 agent-v2"
            for terminal in (ben, anna):
                terminal.signal(15)
                assert terminal.wait_exit() == 143
