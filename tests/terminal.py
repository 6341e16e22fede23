"""The real program in a pseudo-terminal that the test owns: its screen as text (pyte), its raw bytes, how it leaves the terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING

import pyte

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STALEWATCH = [sys.executable, "-m", "stalewatch"]
# Sequences with a private prefix that pyte 0.8 would draw as text, and questions that a modern terminal answers.
_UNDRAWABLE = re.compile(rb"\x1b\[[<>=][0-9;:]*[ -/]*[@-~]|\x1b\[\??[0-9;]*\$p|\x1b\[\?[0-9;]*[uSm]|\x1b[PX^_].*?\x1b\\", re.S)
_CPUCLOCK_SCHED = 2
_AT_ONCE = 1 << 18
RUNS = r"(?<!tab, )enter: run"
"""What the dialog of a plan says when Enter runs it."""
_MODES = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")


class Terminal:
    """A child on a pseudo-terminal. Use as a context manager: at the end the child is killed if it still runs."""

    def __init__(self, argv: Sequence[str], *, columns: int = 80, rows: int = 24, env: dict[str, str] | None = None) -> None:
        self.raw = b""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._master, child = os.openpty()
        self.resize(columns, rows)
        self.modes_before = termios.tcgetattr(child)
        surroundings = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}  # xdist sets them
        surroundings |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **(env or {})}
        self.process = subprocess.Popen(
            argv, stdin=child, stdout=child, stderr=child, env=surroundings, start_new_session=True, preexec_fn=_controlling_terminal
        )
        self._child = child

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        if self._master >= 0:
            os.close(self._child)
            os.close(self._master)

    @property
    def text(self) -> str:
        """The screen now, a line per row."""
        return "\n".join(self._screen.display)

    def scribble(self, text: str) -> None:
        """Somebody else writes into the terminal, as ``wall`` and kernels do; the program is told nothing."""
        self._stream.feed(text.encode())

    def reversed(self, word: str) -> bool:
        """Whether *word* stands on the screen in reverse video, as what has the focus does."""
        for row, line in enumerate(self._screen.display):
            if (at := line.find(word)) >= 0 and all(self._screen.buffer[row][at + offset].reverse for offset in range(len(word))):
                return True
        return False

    def type(self, keys: str) -> None:
        """Send *keys* as typed."""
        os.write(self._master, keys.encode())

    def type_by_hand(self, keys: str) -> None:
        """Send *keys* one by one, at the pace of a quick typist."""
        for key in keys:
            self.type(key)
            self.read_on(0.05)

    def read_on(self, seconds: float) -> None:
        """Take what it sends for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._read(deadline)

    def confirm(self, word: str = "") -> None:
        """Run the plan that is shown, as a person does who reads it: type *word* where it asks for one, go to *Run*, press it."""
        if word:
            self.wait_for("tab, then type")
            self.type("\t")
            self.wait_for(lambda _: not self.reversed("Cancel"))
            self.type_by_hand(f"{word}\r")
        else:
            self.wait_for("tab, enter: run")
            self.type("\t")
        self.wait_for(RUNS)
        self.type("\r")

    def cpu(self) -> float:
        """CPU seconds that all threads of the program used so far, by the scheduler's own clock."""
        return time.clock_gettime((~self.process.pid << 3) | _CPUCLOCK_SCHED)

    def threads(self) -> int:
        """How many threads the program has now."""
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def resize(self, columns: int, rows: int) -> None:
        """A new size, as a terminal emulator would tell it."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)

    def signal(self, number: int) -> None:
        """Send a signal to the program only."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal, as a window that is closed or a connection that is cut does."""
        os.close(self._child)
        os.close(self._master)
        self._master = self._child = -1

    def wait_for(self, what: str | Callable[[str], object], timeout: float = 30.0) -> str:
        """Read until the screen shows *what* (a regular expression, or a predicate of its text); the screen's text."""
        shown = (lambda text: re.search(what, text)) if isinstance(what, str) else what
        deadline = time.monotonic() + timeout
        while not shown(self.text):
            if time.monotonic() > deadline or not self._read(deadline):
                raise AssertionError(f"never shown: {what!r}; exit {self.process.poll()}; the screen is\n{self.text}")
        return self.text

    def wait_until(self, done: Callable[[], object], timeout: float = 30.0) -> None:
        """Keep reading (a program that can't write stands still) until *done*."""
        deadline = time.monotonic() + timeout
        while not done():
            if time.monotonic() > deadline:
                raise AssertionError(f"did not happen; the screen is\n{self.text}")
            self._read(min(deadline, time.monotonic() + 0.1))

    def wait_exit(self, timeout: float = 20.0) -> int:
        """Read until the program ends; its exit code (128 + signal if one killed it)."""
        deadline = time.monotonic() + timeout
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"still running; the screen is\n{self.text}")
            self._read(min(deadline, time.monotonic() + 0.1))
        while self._read(time.monotonic() + 0.05):
            pass
        code = self.process.returncode
        return code if code >= 0 else 128 - code

    def insane(self) -> list[str]:
        """What of the terminal is not as it was: line discipline, and private modes left on."""
        wrong = [] if termios.tcgetattr(self._child)[:4] == self.modes_before[:4] else ["line discipline"]
        on: dict[bytes, bool] = {b"25": True}
        for numbers, verb in _MODES.findall(self.raw):
            on.update(dict.fromkeys(numbers.split(b";"), verb == b"h"))
        wanted = {b"25": True}
        watched = (b"25", b"1000", b"1002", b"1003", b"1006", b"1015", b"1004", b"1049", b"2004")
        return wrong + [f"mode {number.decode()}" for number in watched if on.get(number, False) != wanted.get(number, False)]

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        data = b""
        with contextlib.suppress(OSError):
            # A pseudo-terminal gives 4 kB at most: what is there is taken whole before anybody looks at the screen.
            while len(data) < _AT_ONCE and select.select([self._master], [], [], 0)[0] and (part := os.read(self._master, 65536)):
                data += part
        self.raw += data
        self._stream.feed(_UNDRAWABLE.sub(b"", data))
        return bool(data)


def _controlling_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
