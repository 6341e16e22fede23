"""However the dashboard ends, the terminal is as it was and the servers have nothing of ours."""

from __future__ import annotations

import os
import re
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.lab import gate
from tests.lab.program import dashboard, ours
from tests.lab.waiting import until
from tests.terminal import Terminal

if TYPE_CHECKING:
    from tests.lab import Host, Lab

CRASH = """
import sys
import stalewatch.dashboard.screens.fleet_actions as fleet
from stalewatch.cli.main import main
def kinds(self):
    raise RuntimeError("on purpose [/x]\\x1b]0;pwned\\x07")
fleet.FleetActions._kinds = kinds
main(sys.argv[1:])
"""


AT_ONCE = 15.0
"""Seconds: on a machine that does much else, and half of those after which a server tidies up where nobody tells it to."""


def all_seen(text: str) -> bool:
    return "✓ 3 fresh" in text


def nothing_left(hosts: list[Host], patience: float) -> None:
    until(lambda: not any(ours(host) for host in hosts), "clean hosts", patience, 0.2)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_leaves_a_sane_terminal_and_clean_hosts(lab: Lab, hosts: list[Host], number: signal.Signals, code: int) -> None:
    with dashboard(lab, columns=80, rows=24) as terminal:
        terminal.wait_for(all_seen)
        assert all(ours(host) for host in hosts)
        terminal.signal(number)
        assert terminal.wait_exit() == code
        assert terminal.insane() == []
    nothing_left(hosts, AT_ONCE)


def test_the_terminal_window_is_closed(lab: Lab, hosts: list[Host]) -> None:
    with dashboard(lab, columns=80, rows=24) as terminal:
        terminal.wait_for(all_seen)
        terminal.hang_up()
        until(lambda: terminal.process.poll() is not None, "the program's end", 20)
    nothing_left(hosts, AT_ONCE)


def test_an_exception_leaves_one_line_a_sane_terminal_and_clean_hosts(lab: Lab, hosts: list[Host]) -> None:
    argv = [sys.executable, "-c", CRASH, *lab.targets, "--ssh-config", str(lab.ssh_config)]
    with Terminal(argv, columns=80, rows=24) as terminal:
        terminal.wait_for(all_seen)
        terminal.type("e")
        assert terminal.wait_exit() == 1
        assert terminal.insane() == []
        last = terminal.raw.decode().rsplit("\x1b[?1049l", 1)[-1]
        assert b"\x1b]0;pwned" not in terminal.raw
    assert "stalewatch: the dashboard crashed: RuntimeError: on purpose [/x]" in " ".join(last.split())
    assert "Traceback" not in last
    nothing_left(hosts, AT_ONCE)


def test_suspended_and_brought_back_it_watches_on(lab: Lab, hosts: list[Host]) -> None:
    with dashboard(lab, columns=80, rows=24) as terminal:
        terminal.wait_for(all_seen)
        terminal.type("\x1a")
        terminal.wait_until(lambda: state(terminal.process.pid) == "T" and terminal.insane() == [])
        hosts[0].fpm(validate_timestamps=0)
        hosts[0].stop_fpm()
        before = len(terminal.raw)
        terminal.signal(signal.SIGCONT)
        terminal.wait_until(lambda: b"web3" in terminal.raw[before:])
        terminal.wait_for(r"web1.*▼ FPM DOWN", timeout=30)
        hosts[0].start_fpm()
        terminal.wait_for(all_seen, timeout=30)
        terminal.type("q")
        assert terminal.wait_exit() == 0
        assert terminal.insane() == []
    nothing_left(hosts, AT_ONCE)


def test_killed_the_hosts_tidy_up_themselves(lab: Lab, hosts: list[Host]) -> None:
    with dashboard(lab, columns=80, rows=24) as terminal:
        terminal.wait_for(all_seen)
        terminal.signal(signal.SIGKILL)
        assert terminal.wait_exit() == 137
    nothing_left(hosts, 35)


def state(pid: int) -> str:
    """The state letter of a process."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def test_quitting_while_a_runbook_runs_asks_first(lab: Lab, hosts: list[Host]) -> None:
    """And leaving then breaks nothing off: the step ends on the server, the lock is let go."""
    web1 = hosts[0]
    web1.fpm(validate_timestamps=0)
    gate.shut(web1)
    assert web1.get("/config") == "v1 agent-v1"
    web1.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    before = len(web1.syslog())
    with dashboard(lab) as terminal:
        terminal.wait_for(r"config +✗", timeout=30)
        terminal.type("1f")
        terminal.wait_for(lambda text: "Cancel" in text and terminal.reversed("Cancel"))
        terminal.confirm()
        terminal.wait_until(lambda: any("config:cache on" in line for line in web1.syslog()[before:]), timeout=30)
        terminal.wait_for(r"esc\b")
        terminal.type("q")  # not esc: a key right after it would be read as alt and that key
        terminal.wait_for(lambda text: not re.search(r"esc\b", text) and text.count("hit rate") >= 2)
        terminal.type("q")
        terminal.wait_for("A runbook is running. Quit anyway")
        assert terminal.process.poll() is None
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_exit() == 143
        assert terminal.insane() == []
    gate.open_up(web1)
    nothing_left(hosts, 20)
    assert "agent-v2" in web1.read("/srv/app/bootstrap/cache/config.php"), "the step ran to its end"
    assert any("config:cache" in line and "ended with code 0" in line for line in web1.syslog()[before:])
    assert os.path.exists(web1.root("/srv/app/bootstrap/cache/routes-v7.php"))
