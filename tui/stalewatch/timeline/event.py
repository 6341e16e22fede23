"""What a timeline is made of."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from stalewatch.model.replace import replace
from stalewatch.model.text import SafeText


class EventKind(StrEnum):
    """What a lane draws. The sign of each is in :mod:`stalewatch.dashboard.widgets`."""

    DEPLOY = "deploy"
    CACHE = "cache"
    RELOAD = "reload"
    DOWN = "down"
    WORKERS = "workers"
    RESTART = "restart"
    ERROR = "error"
    REASSURE = "reassure"
    VERDICT = "verdict"
    ACTION = "action"
    LINK = "link"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened on *server* at *at* (that server's clock, epoch seconds).

    *source*: who says so (``git``, ``fpm``, ``opcache``, ``config``, ``laravel.log``, ``operator``, …). Repeats are one event: *until* is
    the last time, *count* how often. *key* identifies the event: the same key again replaces it, and history read twice is one event.
    *master*: the pid of the FPM master that it happened to, which several apps may share (None: it is the app's own, or not known).
    """

    at: float
    server: str
    app: SafeText
    kind: EventKind
    source: str
    what: SafeText
    key: str
    until: float | None = None
    count: int = 1
    master: int | None = None


def combine(known: Event, again: Event) -> Event:
    """*again* in the place of *known* (same key): repeats of a log line add up; what is told twice for the same time does not.

    A board calls this when an event with a known key comes; for all kinds but log lines the newer one simply replaces.
    """
    if known.kind not in (EventKind.ERROR, EventKind.REASSURE):
        return again
    first, last = (known, again) if known.at <= again.at else (again, known)
    ends = (known.until or known.at, again.until or again.at)
    apart = last.at > (first.until or first.at)
    count = known.count + again.count if apart else max(known.count, again.count)
    until = max(ends)
    return replace(again, at=first.at, until=until if until > first.at else None, count=count)
