"""Whether anybody but us asks a pool: its own count of accepted connections against our requests. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from stalewatch.model.snapshot import PoolStatus


class Visits:
    """What two answers in a row tell of the time between them."""

    def __init__(self) -> None:
        self._before: tuple[float, int, int] | None = None
        self._only_ours = False
        self._workers: frozenset[int] = frozenset()

    def take(self, status: PoolStatus | None, sent: int, peers: int) -> None:
        """The *status* in an answer, our requests until then, and how many others look at this server as we do: each may have asked as
        often. A pool that does not tell is taken to be visited."""
        if status is None:
            self._before, self._only_ours = None, False
            return
        if self._before is not None and self._before[0] == status.started:
            ours = sent - self._before[2]
            self._only_ours = status.accepted - self._before[1] <= ours + peers * (ours + 1)
        else:
            self._only_ours = False
        self._before = (status.started, status.accepted, sent)
        self._workers = frozenset(worker.pid for worker in status.workers)

    def only_ours(self, workers: AbstractSet[int]) -> bool:
        """Whether *workers* (pids) serve nobody but us: nobody else asked, and none has come since."""
        return self._only_ours and workers <= self._workers
