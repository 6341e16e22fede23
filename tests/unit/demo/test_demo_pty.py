"""``stalewatch demo`` itself, in a pseudo-terminal, by keys and signals."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyte
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.pty
COLUMNS, ROWS = 160, 46


class Terminal:
    """The program in a terminal of its own."""

    def __init__(self, state: Path) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ |= {"TERM": "xterm-256color", "XDG_STATE_HOME": str(state), "TMPDIR": "/tmp"}
            os.execv(sys.executable, [sys.executable, "-m", "tui", "demo"])
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self.code: int | None = None

    @property
    def text(self) -> str:
        return "\n".join(self._screen.display)

    @property
    def folder(self) -> Path:
        return Path(f"/tmp/stalewatch-demo-{self.pid}")

    def keys(self, *keys: str) -> None:
        for key in keys:
            os.write(self._fd, key.encode())

    def shows(self, condition: Callable[[str], bool], within: float = 40.0) -> bool:
        deadline = time.monotonic() + within
        while not condition(self.text) and time.monotonic() < deadline and self.code is None:
            self._pump(0.1)
        return condition(self.text)

    def ended(self, within: float = 15.0) -> int | None:
        """The exit code (negative: the signal), None when it still runs."""
        deadline = time.monotonic() + within
        while self.code is None and time.monotonic() < deadline:
            self._pump(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def close(self) -> None:
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            self.ended()
        os.close(self._fd)

    def _pump(self, seconds: float) -> None:
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if ready:
            try:
                self._stream.feed(os.read(self._fd, 65536))
            except OSError:  # the other side has closed it
                time.sleep(seconds)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    running = Terminal(tmp_path)
    yield running
    running.close()


def leftovers(terminal: Terminal) -> list[str]:
    found = [str(terminal.folder)] if terminal.folder.exists() else []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if f"{terminal.folder}/".encode() in (entry / "environ").read_bytes():
                    found.append(entry.name)
            except OSError:
                continue
    return found


def clean(terminal: Terminal, within: float = 8.0) -> bool:
    deadline = time.monotonic() + within
    while leftovers(terminal) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not leftovers(terminal)


def test_the_person_at_the_keyboard_ends_the_incident(terminal: Terminal) -> None:
    assert terminal.shows(lambda text: "STALE" in text and "2 fresh" in text), terminal.text
    assert terminal.folder.is_dir()
    terminal.keys("f")
    assert terminal.shows(lambda text: "config:cache" in text and "Cancel" in text), terminal.text
    terminal.keys("\t", "\r")
    assert terminal.shows(lambda text: "verified" in text and "3 fresh" in text), terminal.text
    terminal.keys("\x1b")
    assert terminal.shows(lambda text: "Function routing" in text and "Cancel" not in text), terminal.text
    terminal.keys("q")
    assert terminal.ended() == 0
    assert clean(terminal)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, None), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGKILL, -9)],
)
def test_a_signal_leaves_nothing_behind(terminal: Terminal, number: signal.Signals, code: int | None) -> None:
    assert terminal.shows(lambda text: "STALE" in text), terminal.text
    os.kill(terminal.pid, number)
    ended = terminal.ended()
    assert ended is not None
    assert code in (None, ended)
    assert clean(terminal), leftovers(terminal)
