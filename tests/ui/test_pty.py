"""The dashboard in a real pseudo-terminal: raw bytes, colours, and how it leaves the terminal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.builders.hostile import EVIL
from tests.terminal import Terminal

pytestmark = pytest.mark.pty

PLAY = [sys.executable, "-m", "tests.ui.play"]
OWN_TITLE = re.compile(rb"\x1b\]0;(?!pwned)[^\x07]*\x07")


@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids=["80x24", "200x60"])
def test_what_servers_say_never_reaches_the_terminal_raw(size: tuple[int, int]) -> None:
    size_env = {"COLUMNS": str(size[0]), "LINES": str(size[1])}
    with Terminal([sys.executable, "-m", "tests.builders.hostile"], columns=size[0], rows=size[1], env=size_env) as terminal:
        terminal.wait_for(r"STALE")
        for keys, shown in (
            ("jjjt", r"web4"),
            ("t\t", r"timeline"),
            ("g\tg", r"web1"),
            ("\r", r"Verdict, and why"),
            ("2", r"Files against"),
            ("3", r"Bytecode"),
            ("4", r"Workers"),
            ("5", r"Pool and"),
            ("6", r"Log"),
            ("L", r"following"),
            ("we/x", r"\d of \d+|no match"),
            ("\x1b", lambda text: "no match" not in text and "following" in text),
            ("\x1b", r"6 Log"),
            ("f", r"Cancel"),
            ("\x1b", lambda text: "╭" not in text),
            ("?", r"keys · / finds · esc closes"),
            ("\x1b", lambda text: "╭" not in text),
        ):
            terminal.type(keys)
            terminal.wait_for(shown)
        terminal.type("q")
        assert terminal.wait_exit() == 0
        raw = terminal.raw
    assert b"[/x][bold]e" in raw, "the text itself is shown, markup and all"
    assert b"pwned\x07" not in raw
    assert b"\x1b]0;pwned" not in raw
    assert b"v\x1b[31mi" not in raw
    for char in (char for char in EVIL if not char.isprintable() and char not in "\x1b\r\n\x07"):
        assert char.encode() not in raw.replace(b"\x00" if char != "\x00" else b"", b""), repr(char)


def test_no_color_sends_no_colour_and_stale_is_still_said_loudest() -> None:
    with Terminal(PLAY, env={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for(r"✗ STALE 24 min")
        terminal.type("q")
        terminal.wait_exit()
        sgr = [part for codes in re.findall(rb"\x1b\[([0-9;:]*)m", terminal.raw) for part in re.split(rb"[;:]", codes) if part]
        reverse = re.search(rb"\x1b\[[0-9;]*\b7\b[0-9;]*m[^\x1b]*STALE", terminal.raw)
    assert not [code for code in sgr if 30 <= int(code) <= 38 or 40 <= int(code) <= 48 or 90 <= int(code) <= 107]
    assert reverse is not None


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGQUIT, 131)])
def test_a_signal_leaves_a_sane_terminal(number: signal.Signals, code: int) -> None:
    with Terminal(PLAY) as terminal:
        terminal.wait_for(r"✗ STALE")
        terminal.signal(number)
        assert terminal.wait_exit() == code
        assert terminal.insane() == []


def test_ctrl_c_leaves_and_says_130() -> None:
    with Terminal(PLAY) as terminal:
        terminal.wait_for(r"✗ STALE")
        terminal.type("\x03")
        assert terminal.wait_exit() == 130
        assert terminal.insane() == []


def test_a_word_typed_behind_the_slash_as_one_burst_is_searched_for_and_acts_on_nothing() -> None:
    with Terminal(PLAY) as terminal:
        terminal.wait_for(r"✗ STALE")
        terminal.type("\r")
        terminal.wait_for(r"Verdict, and why")
        terminal.type("/opcache")
        text = terminal.wait_for(r"opcache +1 of \d+")
        assert "╭" not in text, "no plan was opened by the c in it"
        assert "FROZEN" not in text
        assert "no runbook" not in text
        terminal.type("\r")
        terminal.wait_for(r"/opcache  1 of \d+ +n next")
        terminal.type("n")
        terminal.wait_for(r"/opcache  2 of \d+ +n next")
        terminal.type("\x1b")
        terminal.wait_for(lambda text: "n next" not in text)
        terminal.type("q")
        assert terminal.wait_exit() == 0
        assert terminal.insane() == []


def test_a_crash_leaves_one_line_and_a_sane_terminal() -> None:
    crash = (
        "import tests.ui.play as p, stalewatch.dashboard.screens.fleet_actions as f\ndef no(*a): raise RuntimeError('on purpose [/x]')\n"
    )
    crash += "f.FleetActions._kinds = no\np.main()"
    with Terminal([sys.executable, "-c", crash]) as terminal:
        terminal.wait_for(r"✗ STALE")
        terminal.type("e")
        assert terminal.wait_exit() == 1
        assert terminal.insane() == []
        last = terminal.raw.decode("utf-8", "replace").rsplit("\x1b[?1049l", 1)[-1]
    assert "stalewatch: the dashboard crashed: RuntimeError: on purpose [/x]" in " ".join(last.split())
    assert "Traceback" not in last


def test_ctrl_l_shows_it_whole_again_after_somebody_else_wrote_into_the_terminal() -> None:
    with Terminal(PLAY) as terminal:
        for keys, shown in (("", r"✗ STALE"), ("f", "tab, enter: run"), ("?", r"keys · / finds · esc closes")):
            terminal.type(keys)
            terminal.wait_for(shown)
            terminal.read_on(0.3)
            whole = terminal.text.splitlines()
            terminal.scribble("\x1b[24;1H\n\n\n\x1b[2;1HBroadcast message from root@web1\r\nThe system is going down for reboot NOW!")
            assert terminal.text.splitlines()[0] != whole[0], "and it scrolled"
            terminal.type("\x0c")
            terminal.wait_for(lambda text, whole=whole, shown=shown: text.splitlines()[1:22] == whole[1:22] and re.search(shown, text))
            if keys:
                terminal.type("\x1b")
                terminal.wait_for(lambda text: "╭" not in text)
        terminal.type("q")
        assert terminal.wait_exit() == 0


def test_ctrl_z_suspends_with_a_sane_terminal_and_comes_back() -> None:
    with Terminal(PLAY) as terminal:
        terminal.wait_for(r"✗ STALE")
        terminal.type("\x1a")
        terminal.wait_until(lambda: _state(terminal.process.pid) == "T" and not terminal.insane())
        before = len(terminal.raw)
        terminal.signal(signal.SIGCONT)
        terminal.wait_until(lambda: b"STALE" in terminal.raw[before:])
        terminal.type("q")
        assert terminal.wait_exit() == 0


def _state(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def test_the_modules_drag_in_neither_asyncssh_nor_the_transport() -> None:
    code = (
        "import sys, stalewatch.dashboard.app; "
        "sys.exit(any(name.split('.')[0] == 'asyncssh' or name.startswith('stalewatch.transport') for name in sys.modules))"
    )
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0


def test_a_terminal_that_takes_nothing_for_a_while_loses_nothing() -> None:
    """A hundred repaints are more than the terminal and the queue before it hold; keys typed meanwhile still count."""
    with Terminal(PLAY) as terminal:
        terminal.wait_for(r"✗ STALE")
        terminal.type("T" * 100 + "p")
        terminal.wait_for("FROZEN")
        assert re.search(r"✗ STALE 24 min", terminal.text)
        terminal.type("q")
        assert terminal.wait_exit() == 0
        assert terminal.insane() == []


def clogged(terminal: Terminal) -> None:
    """Have it paint more than the terminal and the queue before it hold, and take nothing, until it does nothing but wait."""
    terminal.wait_for(r"✗ STALE")
    terminal.type("T" * 100)
    used, now = 0.0, 1.0
    while now - used > 0.02:
        time.sleep(1.0)
        used, now = now, terminal.cpu()


@pytest.mark.parametrize("how", ["its window is closed", "it is told to end"])
def test_it_ends_also_while_its_terminal_takes_nothing(how: str) -> None:
    """What watches servers must not live on unseen because somebody's connection hung before it was cut."""
    with Terminal(PLAY) as terminal:
        clogged(terminal)
        if how == "its window is closed":
            terminal.hang_up()
            assert terminal.process.wait(20) == 129
        else:
            terminal.signal(signal.SIGTERM)
            assert terminal.process.wait(20) == 143
            terminal.wait_until(lambda: not [what for what in terminal.insane() if what.startswith("mode")])


def test_what_a_terminal_that_has_gone_no_longer_takes_does_not_change_the_exit_code() -> None:
    code = "import sys\nfrom stalewatch.dashboard.shutdown import Shutdown\n"
    code += "for stream in (sys.stdout, sys.stderr):\n    stream.buffer.write(b'left')\nShutdown(None).over()\nsys.exit(129)"
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with open("/dev/full", "wb") as full:
        assert subprocess.run([sys.executable, "-c", code], stdout=full, stderr=full, env=buffered, check=False).returncode == 129


def test_killed_without_a_chance_the_terminal_is_put_right_all_the_same() -> None:
    code = "import subprocess, sys\nchild = subprocess.Popen(sys.argv[2:])\nopen(sys.argv[1], 'w').write(str(child.pid))\n"
    code += "child.wait()\nsys.stdin.read()"
    with tempfile.TemporaryDirectory() as folder:
        noted = Path(folder) / "pid"
        with Terminal([sys.executable, "-c", code, str(noted), *PLAY]) as terminal:
            terminal.wait_for(r"✗ STALE")
            program = int(noted.read_text())
            terminal.wait_until(Path(f"/proc/{program}/task/{program}/children").read_text)
            os.kill(program, signal.SIGKILL)
            terminal.wait_until(lambda: b"stalewatch was killed" in terminal.raw)
            assert [what for what in terminal.insane() if what.startswith("mode")] == []
