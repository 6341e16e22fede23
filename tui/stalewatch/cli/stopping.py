"""SIGTERM, SIGHUP and SIGINT while a runbook runs: the first one ends it after the step that runs, the second one leaves at once."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stalewatch.cli.signalled import heeded
from stalewatch.cli.streams import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

LATER = "the step that runs is finished first; once more leaves at once: the step then runs to its end on the server"


class Stopping:
    """*number*: the first signal that came (0: none)."""

    def __init__(self) -> None:
        self.number = 0

    def why(self) -> str:
        """Why no step may be begun any more, in words ("": go on)."""
        return f"stopped by {signal.Signals(self.number).name}" if self.number else ""

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Meanwhile signals are heard; one that is ignored (``nohup``) stays so. The second one cancels the task that is here."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        heard = heeded()

        def hear(number: int) -> None:
            if self.number and task is not None:
                task.cancel()
                return
            self.number = number
            tell(f"stalewatch: {signal.Signals(number).name}: {LATER}\n")

        try:
            for number in heard:
                loop.add_signal_handler(number, hear, number)
        except (RuntimeError, ValueError):  # not the main thread: a test's
            heard = []
        try:
            yield
        finally:
            for number in heard:
                loop.remove_signal_handler(number)
