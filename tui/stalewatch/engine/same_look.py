"""Whether a look told anything new. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.model.runtime import PoolStatus, PoolWorker
from stalewatch.model.snapshot import FpmFacts, HostFacts, Opcache, RuntimeFacts
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from stalewatch.model.report import Report
    from stalewatch.model.unseen import Unseen


_OURS = safe("ours")
CLOCK = 0.5
"""Seconds between two measurements of a server's clock that are the way of the answer, not the clock."""


def says_the_same(before: Report, after: Report) -> bool:
    """Whether *after* tells what *before* did: all is equal but the moments at which it was looked, and what our own requests moved. What
    moves with every look where anybody uses the application is compared first."""
    was, now = before.snapshot, after.snapshot
    return (
        was is not None
        and now is not None
        and _runtime(was.runtime, now.runtime, _status_path(was.host))
        and _host(was.host, now.host)
        and _clock(was.clock_offset, now.clock_offset)
        and replace(now, observed_at=was.observed_at, host=was.host, runtime=was.runtime, clock_offset=was.clock_offset) == was
        and replace(after, observed_at=before.observed_at, snapshot=was) == before
    )


def _clock(was: float | None, now: float | None) -> bool:
    return was == now or (was is not None and now is not None and abs(now - was) < CLOCK)


def _runtime(was: RuntimeFacts | Unseen, now: RuntimeFacts | Unseen, status_path: str) -> bool:
    if was is now or not isinstance(was, RuntimeFacts) or not isinstance(now, RuntimeFacts):
        return was is now or was == now
    return _by_others(now, was, status_path) == _by_others(was, now, status_path)


def _by_others(facts: RuntimeFacts, other: RuntimeFacts, status_path: str) -> RuntimeFacts:
    """*facts* without what our own requests move, and without what only one of both was asked for."""
    opcache, beside, status = facts.opcache, other.seen_opcache, facts.status
    if isinstance(opcache, Opcache) and beside is not None:
        opcache = replace(
            opcache,
            misses=opcache.misses - facts.own_requests,
            compared_at=0.0,
            preloaded=opcache.preloaded if beside.preloaded is not None else None,
            moved=opcache.moved if beside.moved is not None else None,
        )
    if isinstance(status, PoolStatus):
        # Whom else a worker served between two looks is in OPcache's hits; FPM counts its workers once a second, and ours with them.
        workers = (
            PoolWorker(pid=each.pid, started=each.started, state=_OURS) if each.ours(status_path) else each for each in status.workers
        )
        status = replace(status, accepted=0, active=0, idle=0, total=0, workers=tuple(workers))
    return replace(facts, asked_at=0.0, own_requests=0, opcache=opcache, status=status)


def _status_path(host: HostFacts | Unseen) -> str:
    fpm = host.fpm if isinstance(host, HostFacts) else None
    return str(fpm.pool.status_path) if isinstance(fpm, FpmFacts) and fpm.pool is not None else ""


def _host(was: HostFacts | Unseen, now: HostFacts | Unseen) -> bool:
    if was is now or not isinstance(was, HostFacts) or not isinstance(now, HostFacts):
        return was is now or was == now
    return replace(now, now=was.now, slow_at=was.slow_at) == was
