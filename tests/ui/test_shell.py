"""A shell on the server: the real ssh, in the dashboard's terminal, to a server of the demo; and the way back, whatever happens."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

from stalewatch.dashboard.actions import BY_ID, ActionContext
from stalewatch.dashboard.screens.shell import ended, shell_command
from stalewatch.model.inventory import Server
from stalewatch.model.report import Verdict
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.terminal import STALEWATCH, Terminal
from tests.ui.conftest import app_of, press, shown

if TYPE_CHECKING:
    from pathlib import Path

SEEN = ActionContext(verdicts=(Verdict.STALE,))
SLEEPS = """#!/bin/sh
trap 'echo interrupted; exit 9' INT
stty raw -echo
stty sane
printf '\033[2J\033[Hwaiting\n'
while :; do read -r line; done
"""
"""It starts nothing while it waits: a child that ctrl+z stops between vfork and exec keeps its parent in the kernel for ever, and nobody is
told of a stop."""


@pytest.mark.parametrize(
    ("target", "config", "argv"),
    [
        ("web1", "", ["ssh", "--", "web1"]),
        ("deploy@web1.example.com:2222", "", ["ssh", "-l", "deploy", "-p", "2222", "--", "web1.example.com"]),
        ("[2001:db8::1]:22", "conf", ["ssh", "-F", "conf", "-p", "22", "--", "2001:db8::1"]),
    ],
)
def test_the_command_is_the_one_that_our_own_connection_is_made_by(target: str, config: str, argv: list[str]) -> None:
    assert shell_command(Server(target=target, name="x"), config) == argv


def test_on_this_machine_it_is_ones_own_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/zsh")
    assert shell_command(Server(target="local", name="local"), "") == ["/bin/zsh"]


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        (SEEN, ""),
        (ActionContext(), "no server is selected"),
        (ActionContext(verdicts=(Verdict.STALE,), read_only=True), "read-only: no shell either"),
        (ActionContext(verdicts=(Verdict.STALE,), replay=True), "this is a recording: no server is there"),
    ],
)
def test_where_nothing_may_be_changed_or_nothing_is_there_it_is_off(context: ActionContext, reason: str) -> None:
    assert BY_ID["shell"].disabled(context) == reason


def test_how_it_ended_is_said() -> None:
    assert ended("web1", 255) == "shell on web1: exit code 255"
    assert ended("web1", -signal.SIGKILL) == "shell on web1: ended by SIGKILL"


async def test_without_a_terminal_it_says_what_to_type() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(100, 24)) as pilot:
        await press(pilot, "s")
        await shown(pilot, "no terminal here to give away; open one and type: ssh -l deploy -- web1")


@pytest.mark.pty
def test_ssh_has_the_terminal_its_end_is_said_and_a_new_size_is_seen() -> None:
    with Terminal([*STALEWATCH, "demo"]) as terminal:
        terminal.wait_for(r"STALE", 40)
        terminal.type("s")
        terminal.wait_for(r"stalewatch: ssh -F \S+ -- web1")
        terminal.wait_for(r"deploy@web1:\$")
        terminal.resize(100, 30)
        terminal.type("echo $((6 * 7))\r")
        terminal.wait_for(r"(?m)^42")
        terminal.type("exit 7\r")
        terminal.wait_for(r"shell on web1: exit code 7")
        terminal.wait_for(lambda text: len(text.splitlines()[0].rstrip()) > 80)  # drawn for the size that it has now
        terminal.type("jV")
        terminal.wait_for(r"c clear")
        terminal.type(":q\r")
        assert terminal.wait_exit() == 0
        assert terminal.insane() == []


@pytest.fixture
def slow_ssh(tmp_path: Path) -> dict[str, str]:
    """An ssh that connects for ever."""
    program = tmp_path / "ssh"
    program.write_text(SLEEPS)
    program.chmod(0o755)
    return {"PATH": f"{tmp_path}:/usr/bin:/bin"}


PLAY = [sys.executable, "-m", "tests.ui.play"]


@pytest.mark.pty
def test_ctrl_c_is_its_own_ctrl_z_leaves_nothing_behind_and_a_signal_to_us_ends_both(slow_ssh: dict[str, str]) -> None:
    with Terminal(PLAY, env=slow_ssh) as terminal:
        terminal.wait_for(r"✗ STALE")
        terminal.type("s")
        terminal.wait_for(_has_the_terminal)
        terminal.type("\x03")
        terminal.wait_for(_is_back)
        terminal.type("s")
        terminal.wait_for(_has_the_terminal)
        terminal.type("\x1a")
        terminal.type("\x03")
        terminal.wait_for(_is_back)
        terminal.type("s")
        terminal.wait_for(_has_the_terminal)
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_exit() == 143
        assert terminal.insane() == []


@pytest.mark.pty
@pytest.mark.parametrize("typed", ["s\r", "ls -l\r", "is this on?\r", "the test", ":shell\rls\r", "\x1b[200~ssh web1\r\x1b[201~"])
def test_in_a_paste_or_a_burst_it_opens_no_shell_that_would_get_the_rest(typed: str, tmp_path: Path) -> None:
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\ntouch $0.ran\necho waiting\nread line\n")
    program.chmod(0o755)
    with Terminal(PLAY, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}) as terminal:
        terminal.wait_for(r"✗ STALE")
        terminal.type(typed)
        terminal.read_on(0.7)
        assert not (tmp_path / "ssh.ran").exists(), terminal.text
        if "\x1b" not in typed and ":" not in typed:
            terminal.wait_for(r"shell: it came with other keys|is no key here")
        for key in ("\x1b", "g", "s"):
            terminal.type(key)
            terminal.read_on(0.7)
        terminal.wait_until((tmp_path / "ssh.ran").exists)
        terminal.type("\r")
        terminal.wait_for(r"shell on web1: exit code 0")
        terminal.type(":q\r")
        assert terminal.wait_exit() == 0


@pytest.mark.pty
def test_what_ssh_says_of_its_own_failure_stays_until_it_was_read(tmp_path: Path) -> None:
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\necho REMOTE HOST IDENTIFICATION HAS CHANGED >&2\nexit 255\n")
    program.chmod(0o755)
    with Terminal(PLAY, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}) as terminal:
        terminal.wait_for(r"✗ STALE")
        terminal.type("s")
        text = terminal.wait_for(r"ssh ended with 255")
        assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in text
        terminal.read_on(0.5)
        assert "shell on web1" not in terminal.text
        terminal.type("\r")
        terminal.wait_for(lambda text: "shell on web1: exit code 255" in text and "STALE" in text and "REMOTE" not in text)
        terminal.type("s")
        terminal.wait_for(r"ssh ended with 255")
        terminal.type("\x03")
        terminal.wait_for(lambda text: "shell on web1: exit code 255" in text and "STALE" in text)
        terminal.type("s")
        terminal.wait_for(r"ssh ended with 255")
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_exit() == 143
        assert terminal.insane() == []


@pytest.mark.pty
def test_without_an_ssh_it_says_so_and_the_screen_is_back(tmp_path: Path) -> None:
    with Terminal(PLAY, env={"PATH": str(tmp_path)}) as terminal:
        terminal.wait_for(r"✗ STALE")
        terminal.type("s")
        terminal.wait_for(r"ssh cannot be started: No such file or directory")
        terminal.wait_for(r"✗ STALE")
        terminal.type(":q\r")
        assert terminal.wait_exit() == 0
        assert terminal.insane() == []


def _has_the_terminal(text: str) -> bool:
    return "waiting" in text and "STALE" not in text


def _is_back(text: str) -> bool:
    return "shell on web1: exit code 9" in text and "STALE" in text and "waiting" not in text
