"""What is one event although it is told more than once: the same line of a log over and over; what happened to the master of several
apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.timeline.event import Event, EventKind
from stalewatch.timeline.snapshot_events import SAME

if TYPE_CHECKING:
    from collections.abc import Sequence

QUIET = 300.0
"""Seconds without a line after which the next one is another event."""
_LINES = (EventKind.ERROR, EventKind.REASSURE)


def joined(events: Sequence[Event]) -> tuple[Event, ...]:
    """*events* (sorted by time) with repeats that follow each other as one: begin of the first, end of the last, all counted.

    It keeps the key of the first one, so that a cursor stays on it while more come. The result is sorted by time too.
    """
    told: list[Event] = []
    last: dict[str, int] = {}
    for event in events:
        if event.kind not in _LINES:
            told.append(event)
            continue
        series = _series(event.key)
        at = last.get(series)
        if at is not None and event.at - (told[at].until or told[at].at) <= QUIET:
            first = told[at]
            until = max(first.until or first.at, event.until or event.at)
            told[at] = replace(first, until=until if until > first.at else None, count=first.count + event.count)
        else:
            last[series] = len(told)
            told.append(event)
    return tuple(told)


def told_once(events: Sequence[Event]) -> list[Event]:
    """*events* (sorted by time) of all apps, without those that another app of the same FPM master has told already."""
    told: dict[tuple[object, ...], float] = {}
    found = []
    for event in events:
        if event.master is not None:
            same = (event.server, event.master, event.kind, event.source, event.what)
            before, told[same] = told.get(same), event.at
            if before is not None and event.at - before <= SAME:
                continue
        found.append(event)
    return found


def _series(key: str) -> str:
    """*key* of a line of a log without the quarter of an hour in it: ``log:error:laravel.log:no call #:1956|web1|/srv/app``."""
    head, _, tail = key.rpartition("|")
    head, _, server = head.rpartition("|")
    return f"{head.rpartition(':')[0]}|{server}|{tail}"
