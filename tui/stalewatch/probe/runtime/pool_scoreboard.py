"""The scoreboard of one pool, look after look: by its status page, else by PHP where that harms nobody
(``docs/facts.md#fpm-scoreboard``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.model import reasons
from stalewatch.model.replace import replace
from stalewatch.model.runtime import PoolStatus
from stalewatch.model.unseen import Unseen
from stalewatch.probe.runtime import answer as answers
from stalewatch.probe.runtime.fpm_status import from_mapping

if TYPE_CHECKING:
    from stalewatch.probe.health.connection import HealthConnection
    from stalewatch.probe.runtime.answer import Answer
    from stalewatch.probe.runtime.pool_connection import PoolConnection

SELDOM = 60.0
"""Seconds after which PHP of a pool that others visit is asked again: each call is a risk, however small, that grows with the visits."""
VISITED = 0.2
"""Requests of others a second."""
AGAIN = 10.0
"""Seconds after which a pool is asked again that had to wait for its workers, in vain."""
KEPT = 90.0
"""Seconds for which what was seen is told, with when that was, where nothing newer can be."""
PAGE_AGAIN = 60.0
"""Seconds after which a status page is asked for again that the pool does not have, whatever its configuration says."""
_GRANT = "set pm.status_path"
_WHY = {
    "starting": "a worker of its master was starting",
    "busy": "its other workers were at work",
    "many": "it may have too many workers to see that all of them wait",
    "hidden": "PHP cannot see there whether its other workers wait (/proc, by open_basedir, a chroot or hidepid)",
}


class _Seen(NamedTuple):
    """*at*: by our clock; *told_at*: by the server's; *cache*: since when OPcache is there; *sent*: our requests until then."""

    status: PoolStatus
    at: float
    told_at: float
    cache: int
    sent: int


class PoolScoreboard:
    """One pool's, as long as the link."""

    def __init__(self, connection: PoolConnection | HealthConnection, address: str) -> None:
        self._connection = connection
        self._address = address
        self._last: _Seen | None = None
        self._due = float("-inf")
        self._page_due = float("-inf")
        self._why: Unseen = answers.NO_SCOREBOARD
        self._page: PoolStatus | Unseen | None = None

    @property
    def expected(self) -> bool:
        """Whether the page that is asked for next will probably come, as the last one did."""
        return isinstance(self._page, PoolStatus)

    async def look_at_page(self, now: float, ahead: tuple[str, bytes] | None = None) -> None:
        """Before the request, because that takes the place of what a worker ran last, and the page shows the others'. *ahead*: the
        request (verb and body), where it is known already."""
        self._page = None
        if self._by_page(now):
            self._page = await self._connection.status_page(self._address, ahead)
            if isinstance(self._page, Unseen) and self._page.code == reasons.FPM_STATUS_UNREADABLE.code:
                self._page, self._page_due = None, now + PAGE_AGAIN

    def asked(self, now: float, *, full: bool, needed: bool) -> dict[str, object]:
        """What the request says of it: whether PHP may tell, and when the workers of its page came. *needed*: something else in the answer
        rests on it."""
        may = needed or (self._page is None and (full or now >= self._due))
        most = self._connection.pool.max_children if self._connection.pool is not None else None
        noted = [(worker.pid, int(worker.started)) for worker in self._page.workers] if isinstance(self._page, PoolStatus) else None
        return {"status": may} | ({"slots": most} if most else {}) | ({"noted": noted} if noted is not None else {})

    def told(self, answer: Answer, now: float) -> PoolStatus | Unseen:
        """What is seen of it after *answer*."""
        if isinstance(self._page, PoolStatus):
            return self._seen(self._page, answer, now)
        if self._page is not None:
            return self._held(self._page, answer, now)
        status = from_mapping(answer.status) if answer.status is not None else None
        if isinstance(status, PoolStatus):
            return self._seen(status, answer, now)
        if answer.unasked != "asked":
            self._why = _unasked(answer.unasked)
            self._due = now + AGAIN if answer.unasked in ("starting", "busy") else now
        return self._held(self._why, answer, now)

    def _by_page(self, now: float) -> bool:
        pool = self._connection.pool
        return pool is not None and bool(pool.status_path) and now >= self._page_due

    def _seen(self, status: PoolStatus, answer: Answer, now: float) -> PoolStatus:
        before, sent = self._last, self._connection.sent
        self._due = now
        if before is not None and before.status.started == status.started:
            others = status.accepted - before.status.accepted - (sent - before.sent)
            self._due += SELDOM if others > VISITED * (now - before.at) else 0.0
        self._last = _Seen(status, now, answer.now, answer.opcache.start_time, sent)
        return status

    def _held(self, why: Unseen, answer: Answer, now: float) -> PoolStatus | Unseen:
        """What was seen a while ago, where the pool was not started since; else *why* it is not."""
        last = self._last
        if last is None or now - last.at > KEPT or last.cache != answer.opcache.start_time:
            return why
        return replace(last.status, seen_at=last.told_at)


def _unasked(why: str) -> Unseen:
    if why not in _WHY:
        return answers.NO_SCOREBOARD
    return reasons.FPM_STATUS_UNASKED.unseen(f"the pool has no status page, and {_WHY[why]} when it was to be asked", _GRANT)
