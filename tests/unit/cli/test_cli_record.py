"""``record``: begins with one line, ends with one line, and never with less than what it kept."""

from __future__ import annotations

import re
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from stalewatch.recording.reader import Recording
from tests.terminal import STALEWATCH, Terminal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_it_says_what_it_kept(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "r"
    argv = [*STALEWATCH, "record", str(path), "local", "--interval", "0.2"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, cwd=tmp_path) as ran:
        assert ran.stderr is not None
        assert "recording 1 server to" in ran.stderr.readline()
        ran.send_signal(number)
        said = ran.stderr.read()
        assert ran.wait(20) == 0
    assert re.search(r"r: \d+ looks?, \d+ events?, [\d.]+ \w+ in ", said), said
    recording = Recording(path)
    assert [server.name for server in recording.header.fleet.servers] == ["local"]
    list(recording.entries())
    assert recording.remarks() == ()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("record", "there", "local"), "there is there already; give another name, or --overwrite"),
        (("record", "no/r", "local"), "no/r cannot be written: No such file or directory"),
        (("record", "--overwrite", "/dev/full", "local"), "/dev/full cannot be written: it is not a file"),
        (("replay", "there"), "a replay needs a terminal to draw on: stdin and stdout are not a terminal"),
        (("record",), "missing argument 'FILE'"),
        (("--record", "r", "check", "local"), "--record is for the dashboard, not for check"),
        (("--theme", "dark", "check", "local"), "--theme is for the dashboard, not for check"),
        (("--theme", "drak", "local"), "invalid value for '--theme': 'drak' is not one of 'dark', 'light', 'high-contrast'"),
        (("demo", "--theme", "dark"), "the demo needs a terminal to draw on"),
        (("--theme", "dark", "demo"), "the demo needs a terminal to draw on"),
        (("--record", "r", "local"), "--record keeps what the dashboard shows, and stdin and stdout are not a terminal"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "there").write_text("mine")
    ran = subprocess.run([*STALEWATCH, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert (tmp_path / "there").read_text() == "mine"
    assert not (tmp_path / "r").exists()


def test_what_is_no_recording_is_one_line_on_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("mine\n")
    with Terminal([*STALEWATCH, "replay", str(tmp_path / "there")]) as terminal:
        terminal.wait_for("is not a recording")
        assert terminal.wait_exit() == 2
