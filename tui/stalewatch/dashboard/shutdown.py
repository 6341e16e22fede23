"""Quitting, signals, suspending. The terminal is left sane whatever happens."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from functools import partial
from typing import TYPE_CHECKING

from stalewatch.dashboard.screens.quit_question import QuitScreen
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType

    from stalewatch.dashboard.screens.app_port import AppPort

    Handler = Callable[[int, FrameType | None], object] | int | None

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


class Shutdown:
    """*abandoned*: what must still be done where the app cannot end, because its terminal accepts nothing."""

    def __init__(self, app: AppPort, abandoned: Callable[[], None] | None = None) -> None:
        self._app = app
        self._abandoned = abandoned
        self._last: threading.Timer | None = None
        self._stops: Handler = None
        self._continues: Handler = None
        self._suspended = False
        self._loop: asyncio.AbstractEventLoop

    def methods(self) -> Mapping[str, Callable[[], None]]:
        return {
            "quit": self.leave,
            "interrupt": lambda: self.leave(130),
            "suspend": self._app.action_suspend_process,
            "palette": self._app.open_palette,
        }

    def listen(self) -> None:
        """A signal ends the app by its own exit, which restores the terminal; after a suspension everything is painted again."""
        self._app.app_resume_signal.subscribe(self._app, lambda _: self._app.paint_all())
        self._loop = loop = asyncio.get_running_loop()
        for number, code in SIGNALS.items():
            try:
                loop.add_signal_handler(number, self._end, code)
                signal.signal(number, partial(self._signalled, code))
            except (RuntimeError, ValueError):  # not the main thread: a test's
                return
        if not self._app.is_headless:
            self._stops = signal.signal(signal.SIGTSTP, self._stopped)
            self._continues = signal.signal(signal.SIGCONT, self._continued)

    def _signalled(self, code: int, _number: int, _frame: FrameType | None) -> None:
        """Runs beside the loop's own handler, also while the loop is blocked: Textual waits for a terminal that accepts no bytes."""
        if self._last is None:
            self._last = threading.Timer(TERMINAL_LIMIT, self._give_up, (code,))
            self._last.daemon = True
            self._last.start()

    def _stopped(self, number: int, frame: FrameType | None) -> None:
        """Textual gives the terminal back, and stops the process."""
        self._suspended = True
        if callable(self._stops):
            self._stops(number, frame)

    def _continued(self, number: int, frame: FrameType | None) -> None:
        """In the signal itself, not in the loop: keys that piled up in the terminal meanwhile would come first.

        After a plain SIGSTOP nobody gave the terminal back, and Textual would start a second pair of threads beside the first, which
        then never ends: it is given back first.
        """
        if not self._suspended and self._app._driver is not None:
            self._app._driver.suspend_application_mode()
        self._suspended = False
        if callable(self._continues):
            self._continues(number, frame)
        if not self._loop.is_closed():
            self._app.unsee()
            self._loop.call_soon_threadsafe(self._app.paint_all)

    def over(self) -> None:
        """The app has ended."""
        if self._last is not None:
            self._last.cancel()
        if self._continues is not None:
            signal.signal(signal.SIGTSTP, self._stops)
            signal.signal(signal.SIGCONT, self._continues)

    def _give_up(self, code: int) -> None:
        """The guard restores the terminal as soon as it accepts bytes."""
        if self._abandoned is not None:
            self._abandoned()
        os._exit(code)

    def leave(self, code: int = 0) -> None:
        """Quit; ask first while a runbook runs."""
        if self._app.model.fleet.running():
            self._app.push_screen(QuitScreen(), lambda quits: self._end(code) if quits else None)
        else:
            self._end(code)

    def _end(self, code: int) -> None:
        self._app.exit(code, return_code=code)
