"""From when on lanes show what matters: the incident, else the last deploy and what followed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render.time_window import DAY, HOUR, MINUTE, MOVES, SPANS
from stalewatch.timeline import EventKind
from stalewatch.timeline.stale_spans import OPEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stalewatch.dashboard.render.lanes import Lane

_RENEWS = (EventKind.RELOAD, EventKind.RESTART, EventKind.CACHE, EventKind.ACTION)
_TELLING = (EventKind.DEPLOY, EventKind.RELOAD, EventKind.DOWN, EventKind.RESTART, EventKind.ERROR, EventKind.ACTION)
ROLLING = 15 * MINUTE
"""Seconds between two servers' deploys, at most, that are one deploy which goes from server to server."""
ROOM = 1.1
"""How much longer the window is than what it must show."""


class Fit(NamedTuple):
    """*begin*: what the window begins before (epoch seconds by this machine's clock; None: nothing happened). *troubled*: the servers of
    the incident as of now. *told*: how much history there was to choose from."""

    begin: float | None
    troubled: frozenset[str]
    told: object = None

    def span(self, now: float) -> int:
        """Seconds to show: it grows step by step as the incident goes on, so that its begin stays in the picture."""
        if self.begin is None or now - self.begin > DAY:
            return HOUR
        needed = (now - self.begin) * ROOM + MOVES
        return next((span for span in SPANS if span >= needed), SPANS[-1])


def fitted(rows: Sequence[Lane], now: float, known: Fit | None = None, told: object = None) -> Fit:
    """The fit of *rows*. It is that of *known* until an incident begins or ends, another server has trouble, or more history is *told*."""
    troubled = frozenset(row.name for row in rows if any(True for _ in _troubles(row)))
    if known is not None and known.told == told and troubled <= known.troubled and bool(troubled) == bool(known.troubled):
        return known._replace(troubled=troubled)
    return Fit(_begin(rows, now), troubled, told)


def _troubles(row: Lane) -> Iterator[float]:
    """Since when *row* runs old code, proven or probably, and since when its FPM is down (server's clock)."""
    yield from (begin for spans in (row.stale, row.probable) for begin, end in spans if end == OPEN)
    last = next((event for event in reversed(row.events) if event.kind in (EventKind.DOWN, EventKind.RELOAD)), None)
    if last is not None and last.kind is EventKind.DOWN:
        yield last.at


def _begin(rows: Sequence[Lane], now: float) -> float | None:
    begins = [_good_before(row, at, now + row.skew) - row.skew for row in rows for at in _troubles(row)]
    return min(begins) if begins else _latest_story(rows, now)


def _good_before(row: Lane, change: float, now: float) -> float:
    """The last time before *change* when something was loaded or cached again: the last good state. One so long ago that the incident
    would be small beside it does not count."""
    good = next((event.at for event in reversed(row.events) if event.kind in _RENEWS and event.at < change), change)
    return good if change - good <= max(HOUR, 3 * (now - change)) else change


def _latest_story(rows: Sequence[Lane], now: float) -> float | None:
    """Nothing is wrong: the last deploy, with the old code that ran after it; without a deploy, whatever happened last."""
    deploys = sorted(at for row in rows for at in _times(row, now, (EventKind.DEPLOY,)))
    if not deploys:
        return max((at for row in rows for at in _times(row, now, _TELLING)), default=None)
    begin = deploys[-1]
    for at in reversed(deploys):
        if begin - at > ROLLING:
            break
        begin = at
    ran_old = [
        _good_before(row, since, now + row.skew) - row.skew
        for row in rows
        for since, until in (*row.stale, *row.probable)
        if until - row.skew >= begin and since - row.skew >= now - DAY
    ]
    return min(begin, *ran_old) if ran_old else begin


def _times(row: Lane, now: float, kinds: Iterable[EventKind]) -> Iterator[float]:
    """When events of *kinds* were in the last day, by this machine's clock."""
    return (event.at - row.skew for event in row.events if event.kind in kinds and now - DAY <= event.at - row.skew <= now)
