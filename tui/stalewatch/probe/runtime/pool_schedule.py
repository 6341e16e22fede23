"""Which verb a pool is asked next: as much as is due and as its workers can afford. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stalewatch.model.snapshot import Opcache
    from stalewatch.probe.runtime.answer import Answer

LIST_INTERVAL = 30.0
MIN_SCRIPTS_INTERVAL = 10.0
DUTY = 200.0
"""A request that took *t* seconds of a worker is not repeated within DUTY × t: at most half a percent of one worker."""
_NEVER = float("-inf")


class PoolSchedule:
    """When the scripts of one pool were listed and compared last, and what that cost. Times in monotonic seconds."""

    def __init__(self) -> None:
        self._compared = self._listed = _NEVER
        self._compare_cost = self._list_cost = 0.0
        self._scripts = self._since = -1
        self._replaced = False
        self.moved = False

    def saw(self, *, moved: bool, replaced: bool = False) -> None:
        """What the next request is to show. *moved*: a file has changed; *replaced*: another directory is in the place of one."""
        self.moved, self._replaced = self.moved or moved, self._replaced or replaced

    @property
    def news(self) -> bool:
        """Whether there is something that no request shows that was asked before."""
        return self.moved or self._replaced

    def verb(self, now: float, opcache: Opcache | None, *, full: bool) -> str:
        """What to ask now, at once: ``scripts`` (all of them), ``compare`` or ``status``. *opcache*: as it was answered last."""
        moved, replaced = self.moved, self._replaced
        self.moved = self._replaced = False
        if full:
            return "scripts"
        since_listed = now - self._listed
        other = opcache is not None and opcache.cached_scripts != self._scripts
        restarted = opcache is not None and opcache.since != self._since
        due = since_listed >= LIST_INTERVAL or restarted or replaced or (other and since_listed >= MIN_SCRIPTS_INTERVAL)
        if due and since_listed >= DUTY * self._list_cost:
            return "scripts"
        return "compare" if moved or now - self._compared >= DUTY * self._compare_cost else "status"

    def answered(self, verb: str, answer: Answer, now: float) -> None:
        """*verb* was answered at *now*."""
        seconds = max(answer.ms, 0.0) / 1000.0
        if verb == "scripts":
            self._listed, self._list_cost = now, seconds
            self._scripts = answer.opcache.cached_scripts
            self._since = max(answer.opcache.start_time, answer.opcache.last_restart_time)
        if verb == "compare":
            self._compare_cost = seconds
        if verb in ("compare", "scripts"):
            self._compared = now

    def again(self) -> None:
        """The cache was changed by us: everything is due."""
        self._compared = self._listed = _NEVER
