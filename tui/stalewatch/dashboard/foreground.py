"""Runs a program in the terminal's foreground, as a shell does: its keys and signals are its own, and the terminal comes back."""

from __future__ import annotations

import os
import signal
import termios
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def run(argv: list[str], terminal: int, begun: Callable[[int], None]) -> int:
    """Wait until *argv* has ended; its exit code, or minus the signal that ended it. *begun* is told its process group.

    ctrl+c goes to it alone. Where it is stopped it is continued: nobody could bring it back. The modes of the terminal are afterwards
    what they were, whatever it did to them. Raises OSError where it cannot be started.
    """
    with _kept(terminal):
        child = os.posix_spawnp(argv[0], argv, os.environ, setpgroup=0, setsigdef=[signal.SIGPIPE])
        begun(child)
        _give(terminal, child)
        while True:
            _, status = os.waitpid(child, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                return os.waitstatus_to_exitcode(status)
            _give(terminal, child)


@contextmanager
def _kept(terminal: int) -> Iterator[None]:
    modes = termios.tcgetattr(terminal)
    try:
        yield
    finally:
        with _undisturbed(), suppress(OSError, termios.error):  # a terminal that has gone needs nothing
            os.tcsetpgrp(terminal, os.getpgrp())
            termios.tcsetattr(terminal, termios.TCSADRAIN, modes)


def _give(terminal: int, group: int) -> None:
    """The terminal to *group*, which goes on if it stopped for want of it."""
    with _undisturbed(), suppress(OSError):
        os.tcsetpgrp(terminal, group)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGCONT)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A background process that gives the terminal away is stopped, unless it blocks the signal."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
