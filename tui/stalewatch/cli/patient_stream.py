"""Output that never keeps the program waiting: a runbook must end its step while nobody takes what is written (Ctrl-S, a full disk)."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class PatientStream:
    """Writes in a thread of its own, in order, with *write*. The first OSError is kept as *trouble*; what comes after it goes nowhere."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.trouble: OSError | None = None
        self._write = write
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True, name="output")
        self._thread.start()

    def put(self, data: bytes) -> None:
        """Write *data* as soon as it can be written. Returns at once."""
        self._waiting.put(data)

    def close(self, limit: float | None) -> bool:
        """Whether all that was put is written, or lost in *trouble*, within *limit* seconds (None: however long that takes)."""
        self._waiting.put(None)
        self._thread.join(limit)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (data := self._waiting.get()) is not None:
            if self.trouble is None:
                try:
                    self._write(data)
                except OSError as error:
                    self.trouble = error
