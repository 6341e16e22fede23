"""Quitting, signals, suspending. The terminal is left sane whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING

from stalewatch.dashboard.screens.quit_question import QuitScreen
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType
    from typing import TextIO

    from stalewatch.dashboard.render.runbooks import Running
    from stalewatch.dashboard.screens.app_port import AppPort

SIGNALS = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGQUIT: 131}
"""Exit codes by signal, as a shell reports them."""


def crash_line(error: BaseException | None) -> str:
    """What is printed after a crash: one line, and where the rest was logged."""
    logging.getLogger("stalewatch").critical("the dashboard ended", exc_info=error)
    handlers = [handler for name in ("stalewatch", None) for handler in logging.getLogger(name).handlers]
    where = next((handler.baseFilename for handler in handlers if isinstance(handler, logging.FileHandler)), "")
    told = f"; the log is {where}" if where else ""
    return safe(f"stalewatch: the dashboard crashed: {type(error).__name__}: {error}{told}", 500)


TERMINAL_LIMIT = 5.0
"""Seconds that a terminal has to accept what is left after a signal."""


def _flush(stream: TextIO) -> None:
    """What a terminal that has gone doesn't take goes nowhere: the interpreter flushes when it ends, and would make the exit code 120."""
    try:
        stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


class Shutdown:
    """*abandoned*: what must still be done where the app cannot end, because its terminal accepts nothing.

    *guest*: the process group that has the terminal for now (0: none); it ends when we are told to.
    """

    def __init__(self, app: AppPort, abandoned: Callable[[], None] | None = None) -> None:
        self._app = app
        self._abandoned = abandoned
        self._last: threading.Timer | None = None
        self.guest = 0
        self._stopping = False
        self._continuing = False
        self._listens = False
        self._loop: asyncio.AbstractEventLoop

    def methods(self) -> Mapping[str, Callable[[], None]]:
        return {
            "quit": self.leave,
            "interrupt": lambda: self.leave(130),
            "suspend": self._app.action_suspend_process,
            "palette": self._app.open_palette,
        }

    def listen(self) -> None:
        """A signal ends the app by its own exit, which restores the terminal."""
        self._loop = loop = asyncio.get_running_loop()
        for number, code in SIGNALS.items():
            try:
                loop.add_signal_handler(number, self._end, code)
                signal.signal(number, partial(self._signalled, code))
            except (RuntimeError, ValueError):  # not the main thread: a test's
                return
        if not self._app.is_headless:
            signal.signal(signal.SIGTSTP, self._stopped)
            signal.signal(signal.SIGCONT, self._continued)
            self._listens = True

    def _signalled(self, code: int, _number: int, _frame: FrameType | None) -> None:
        """Runs beside the loop's own handler, also while the loop is blocked: Textual waits for a terminal that accepts no bytes."""
        if self.guest:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.guest, signal.SIGHUP)
        if self._last is None:
            self._last = threading.Timer(TERMINAL_LIMIT, self._give_up, (code,))
            self._last.daemon = True
            self._last.start()

    def _stopped(self, _number: int, _frame: FrameType | None) -> None:
        """Nothing of Textual's is done in a signal: what it interrupts may be the same thing, half done, and would stay so for ever."""
        if self._loop.is_closed():
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        self._stopping = True
        self._loop.call_soon_threadsafe(self._stop)

    def _continued(self, _number: int, _frame: FrameType | None) -> None:
        """The same. But keys that piled up in the terminal meanwhile come before: they aren't answers to what nobody has seen."""
        self._stopping = False
        self._continuing = True
        if not self._loop.is_closed():
            self._app.unsee()
            self._loop.call_soon_threadsafe(self._continue)

    def _stop(self) -> None:
        """Give the terminal back and stop, unless it is to continue already; then paint again before anything else is done."""
        if not self._stopping or self._app._exit or self._app._driver is None:
            return
        self._stopping = self._continuing = False
        if self._drives():
            self._app._driver.suspend_application_mode()
        if not self._continuing:
            os.kill(os.getpid(), signal.SIGSTOP)
        self._continuing = True
        self._continue()

    def _continue(self) -> None:
        """Once for all signals that came until now.

        After a plain SIGSTOP nobody gave the terminal back, and Textual would start a second pair of threads beside the first, which
        then never ends: it is given back first.
        """
        if not self._continuing or self._app._exit or self._app._driver is None:
            return
        self._continuing = False
        if self._drives():
            self._app._driver.suspend_application_mode()
        self._app._driver.resume_application_mode()
        self._app.unsee()
        self._app.paint_all()

    def _drives(self) -> bool:
        """Whether Textual has the terminal; in the background it may have come back without it."""
        threads = [getattr(self._app._driver, name, None) for name in ("_key_thread", "_writer_thread")]
        return any(thread is not None and thread.is_alive() for thread in threads)

    def over(self) -> None:
        """The app has ended."""
        for stream in (sys.__stdout__, sys.__stderr__):
            if stream is not None:
                _flush(stream)
        if self._last is not None:
            self._last.cancel()
        if self._listens:
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            signal.signal(signal.SIGCONT, signal.SIG_DFL)

    def _give_up(self, code: int) -> None:
        """The guard restores the terminal as soon as it accepts bytes."""
        if self._abandoned is not None:
            self._abandoned()
        os._exit(code)

    def leave(self, code: int = 0) -> None:
        """Quit; ask first while something runs that ends with it."""
        if not self.leave_unasked(code):
            question = QuitScreen(self._runbooks, self._app.model.recording)
            self._app.push_screen(question, lambda quits: self._end(code) if quits else None)

    def leave_unasked(self, code: int = 0) -> bool:
        """Quit, unless something runs that ends with it: then False."""
        if self._runbooks() or self._app.model.recording:
            return False
        self._end(code)
        return True

    def _runbooks(self) -> list[Running]:
        return [one for one in self._app.model.fleet.under_way() if not one.who]

    def _end(self, code: int) -> None:
        self._app.exit(code, return_code=code)
