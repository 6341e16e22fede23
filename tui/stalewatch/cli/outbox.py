"""Notices on their way to one receiver, in order, from a thread of its own: one that is down or slow never holds up the watching."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from stalewatch.cli.receivers import Refused
from stalewatch.model import figures

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.cli.receivers import Receiver
    from stalewatch.engine.incidents import Notice

MOST = 100
"""Notices that wait for a receiver that is down; the oldest makes room for the next."""
FIRST, LONGEST = 1.0, 60.0
"""Seconds between two tries: the first pause, which doubles up to the longest."""


class Outbox:
    """*broken*: why it takes nothing any more, for good. *tell*: where it is said that a receiver is down, up again, or that a notice is
    lost (a line without its end)."""

    def __init__(self, receiver: Receiver, tell: Callable[[str], None]) -> None:
        self.broken: OSError | None = None
        self._receiver = receiver
        self._tell = tell
        self._waiting: deque[Notice] = deque()
        self._lost = 0
        self._ends_at: float | None = None
        self._moved = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True, name="outbox")
        self._thread.start()

    def put(self, notice: Notice) -> None:
        """Send it as soon as it can be. Returns at once."""
        with self._moved:
            if len(self._waiting) >= MOST:
                self._waiting.popleft()
                self._drop(f"{MOST} notices wait for it, the oldest one is lost")
            self._waiting.append(notice)
            self._moved.notify()

    @property
    def idle(self) -> bool:
        """Whether all that was put has been taken."""
        with self._moved:
            return not self._waiting

    def close(self, limit: float) -> int:
        """Try what waits once more, for at most *limit* seconds; how many notices were lost in all
        (0: it is broken)."""
        with self._moved:
            self._ends_at = time.monotonic() + limit
            self._moved.notify()
        self._thread.join(limit)
        with self._moved:
            if self.broken is not None:
                return 0
            if self._waiting:
                self._tell(f"{self._receiver.shown}: {figures.count(len(self._waiting), 'notice')} not delivered")
            return self._lost + len(self._waiting)

    def _drop(self, why: str) -> None:
        self._lost += 1
        self._tell(f"{self._receiver.shown}: {why}")

    def _run(self) -> None:
        failures = 0
        while (notice := self._next()) is not None:
            try:
                self._receiver.send(notice)
            except Refused as refused:
                failures += 1
                if not self._failed(notice, refused, failures):
                    return
                continue
            except OSError as error:
                self.broken = error
                return
            if failures:
                self._tell(f"{self._receiver.shown}: it takes notices again")
            failures = 0
            self._done(notice)

    def _next(self) -> Notice | None:
        """The oldest that waits; None: there is none, and there will be none."""
        with self._moved:
            while not self._waiting and self._ends_at is None:
                self._moved.wait()
            return self._waiting[0] if self._waiting else None

    def _done(self, notice: Notice) -> None:
        with self._moved:
            if self._waiting and self._waiting[0] is notice:  # it may have been dropped meanwhile
                self._waiting.popleft()

    def _failed(self, notice: Notice, refused: Refused, failures: int) -> bool:
        """Say it, and wait for the next try. Whether there is to be one."""
        if not refused.again:
            self._done(notice)
            with self._moved:
                self._drop(f"{refused.why}, a notice is lost")
            return True
        pause = min(LONGEST, FIRST * 2.0 ** min(failures - 1, 10)) * (0.75 + 0.25 * random.random())
        if failures == 1:
            self._tell(f"{self._receiver.shown}: {refused.why}; notices wait, and it is tried again")
        with self._moved:
            last_try = self._ends_at is not None
            self._moved.wait_for(lambda: self._ends_at is not None, pause)
        return not last_try
