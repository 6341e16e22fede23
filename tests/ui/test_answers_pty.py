"""Every dialog in a real pseudo-terminal: bursts, pastes and a stopped program run nothing, a person who reads does."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.terminal import RUNS, STALEWATCH, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.pty

READ = "tab, enter: run"
"""What a plan says once it was shown long enough to be run."""
PLAY = [sys.executable, "-m", "tests.ui.play"]
TEXT = "if the table is bare, fetch it first\tand\ribid.\tbecause\r\rfish is rare\t\t\rcab\r" * 40


class Demo:
    """``stalewatch demo`` with stale servers, and its audit log."""

    def __init__(self, terminal: Terminal, log: Path) -> None:
        self.terminal = terminal
        self._log = log

    @property
    def ran(self) -> bool:
        return self._log.exists() and bool(self._log.read_text())

    def nothing_ran(self, after: str) -> None:
        """Also not a while later. Whatever is open is closed."""
        self.terminal.read_on(1.0)
        assert not self.ran, (after, self._log.read_text())
        assert "▸ running" not in self.terminal.text, after
        self.terminal.type("\x1b")
        self.terminal.wait_for(lambda text: "Cancel" not in text)
        self.terminal.read_on(0.2)  # a key right behind it would be read as alt and that key

    def goes_to(self, where: str) -> None:
        """*where* is ``fleet``, ``plan`` (its plan is open) or ``run`` (and *Run* has the focus)."""
        if where != "fleet":
            self.opens_the_plan()
        if where == "run":
            self.terminal.type("\t")
            self.terminal.wait_for(RUNS)

    def a_person_does(self) -> None:
        """Open the plan, read it, run it."""
        self.opens_the_plan()
        self.terminal.confirm()
        self.terminal.wait_until(lambda: self.ran)

    def opens_the_plan(self) -> None:
        """``f`` on the first server, the stale one (a paste may have gone to another), again until it is heard: behind keys that a
        slow machine still reads it belongs to them."""
        for _ in range(20):
            if "Cancel" not in self.terminal.text:
                self.terminal.type("gf")
            with contextlib.suppress(AssertionError):
                self.terminal.wait_for(READ, 1.0)
                return
        raise AssertionError(f"no plan was opened; the screen is\n{self.terminal.text}")


@contextlib.contextmanager
def demo(tmp_path: Path) -> Iterator[Demo]:
    env = {"XDG_STATE_HOME": str(tmp_path), "TMPDIR": "/tmp"}
    with Terminal([*STALEWATCH, "demo"], columns=120, rows=40, env=env) as terminal:
        terminal.wait_for(lambda text: "STALE" in text and "2 fresh" in text, 40)
        yield Demo(terminal, tmp_path / "stalewatch" / "audit.log")
        terminal.signal(signal.SIGTERM)
        terminal.wait_exit()


def leave(terminal: Terminal) -> None:
    """``q``, again until it is heard: what is typed before a stopped program has its terminal again is thrown away."""
    for _ in range(20):
        terminal.type("q")
        terminal.read_on(1.0)
        if terminal.process.poll() is not None:
            return


def test_keys_in_one_burst_run_nothing(tmp_path: Path) -> None:
    with demo(tmp_path) as shown:
        for keys in ("r\r", "f\r", "c\r", "b\r", "f\t\r", "r\t\r\r", "ffff\t\r"):
            shown.terminal.type(keys)
            shown.terminal.wait_for("Cancel")
            shown.nothing_ran(keys)
        shown.a_person_does()


def test_a_held_key_runs_nothing(tmp_path: Path) -> None:
    with demo(tmp_path) as shown:
        for _ in range(40):
            shown.terminal.type("f")
            shown.terminal.read_on(0.03)
        shown.terminal.type("\t\r")
        shown.nothing_ran("f, held")
        shown.a_person_does()


@pytest.mark.parametrize("where", ["fleet", "plan", "run"])
def test_a_paste_runs_nothing(tmp_path: Path, where: str) -> None:
    with demo(tmp_path) as shown:
        for text in ("f\t\r", "\t\r", "\x1b[200~f\t\r\x1b[201~", TEXT):
            shown.goes_to(where)
            shown.terminal.type(text)
            shown.nothing_ran(text)
        shown.a_person_does()


@pytest.mark.parametrize("where", ["fleet", "plan", "run"])
def test_keys_typed_while_the_program_was_stopped_run_nothing(tmp_path: Path, where: str) -> None:
    with demo(tmp_path) as shown:
        shown.goes_to(where)
        shown.terminal.signal(signal.SIGSTOP)
        for key in ("f\t\r", "\t\r", "\r")[("fleet", "plan", "run").index(where)]:
            shown.terminal.read_on(0.6)
            shown.terminal.type(key)
        shown.terminal.signal(signal.SIGCONT)
        if where != "fleet":  # there the terminal is flushed as it is given back, unless a key was read before: both are right
            shown.terminal.wait_for("Cancel")
        shown.nothing_ran(where)
        shown.a_person_does()


def test_a_program_that_was_stopped_from_outside_still_ends_and_leaves_the_terminal_as_it_was() -> None:
    """Textual starts threads of its own when it continues; beside those that were there one would never end."""
    with Terminal(PLAY) as terminal:
        terminal.wait_for(r"✗ STALE")
        for _ in range(5):
            terminal.signal(signal.SIGSTOP)
            terminal.read_on(0.1)
            terminal.signal(signal.SIGCONT)
            terminal.read_on(0.3)
        leave(terminal)
        assert terminal.wait_exit() == 0
        assert terminal.insane() == []


@pytest.mark.parametrize("pause", [0.001, 0.01, 0.05])
def test_continued_again_while_it_is_still_continuing_it_hears_keys_all_the_same(pause: float) -> None:
    """A slow machine is not done with one SIGCONT when the next one comes: one thread reads the keys afterwards, not none, not two."""
    with Terminal(PLAY) as terminal:
        terminal.wait_for(r"✗ STALE")
        terminal.read_on(1.0)
        before = terminal.threads()
        for _ in range(round(1.5 / (pause + 0.005))):
            terminal.signal(signal.SIGCONT)
            terminal.read_on(pause)
        terminal.wait_until(lambda: terminal.threads() == before)
        terminal.read_on(0.5)
        assert terminal.threads() == before
        leave(terminal)
        assert terminal.wait_exit() == 0
        assert terminal.insane() == []


def test_suspended_and_continued_in_one_breath_it_hears_keys_all_the_same() -> None:
    with Terminal(PLAY) as terminal:
        terminal.wait_for(r"✗ STALE")
        for _ in range(60):
            terminal.signal(signal.SIGTSTP)
            terminal.read_on(0.01)
            terminal.signal(signal.SIGCONT)
            terminal.read_on(0.01)
        for _ in range(20):  # a stop may still be under way
            terminal.read_on(0.1)
            terminal.signal(signal.SIGCONT)
        leave(terminal)
        assert terminal.wait_exit() == 0
        assert terminal.insane() == []


def test_keys_typed_while_the_terminal_took_nothing_run_nothing() -> None:
    """The plan is painted as far as the program knows, and nobody has seen it."""
    with Terminal(PLAY) as terminal:
        terminal.wait_for(r"✗ STALE")
        terminal.type("T" * 100)
        time.sleep(1.0)
        for key in ("f", "\t", "\r"):
            terminal.type(key)
            time.sleep(0.6)
        terminal.wait_for("Cancel")
        terminal.read_on(1.5)
        assert "▸ running" not in terminal.text
        terminal.type("\x1b")
        terminal.wait_for(lambda text: "Cancel" not in text)
        terminal.type("f")
        terminal.confirm()
        terminal.wait_for("▸ running")


def test_leaving_is_asked_with_the_same_care() -> None:
    with Terminal(PLAY) as terminal:
        terminal.wait_for(r"✗ STALE")
        terminal.type("f")
        terminal.confirm()
        terminal.wait_for("▸ running")
        terminal.type("\x1b")
        terminal.wait_for(lambda text: "▸ running" not in text)
        terminal.type("q\t\r")
        terminal.wait_for("Quit anyway")
        terminal.read_on(1.5)
        assert terminal.process.poll() is None
        assert terminal.reversed("Stay")
        terminal.type("\t")
        terminal.wait_for(lambda _: terminal.reversed("Quit"))
        while terminal.process.poll() is None:
            terminal.read_on(0.5)
            if terminal.process.poll() is None:
                terminal.type("\r")
            terminal.read_on(0.5)
        assert terminal.wait_exit() == 0
