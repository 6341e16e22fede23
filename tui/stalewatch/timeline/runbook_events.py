"""What a runbook did is one event: its steps, and the caches and reloads that they caused, are parts of it. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.model.step_names import LOCK, RESULT
from stalewatch.model.text import safe
from stalewatch.timeline.event import Event, EventKind
from stalewatch.timeline.progress import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LOOKS = frozenset({LOCK, "artisan", "disk-free", "rights", "fpm-test", "parse", "verify"})
"""Steps that change nothing. A test compares them with those of the runbook."""
RUNBOOK = "runbook"
"""The source of the event in the place of all."""
PAUSE = 900.0
"""Seconds between two steps of one runbook, at most; as long counts a lock whose end nobody saw."""
AROUND = 1.0
"""Seconds before the first and after the last step in which what it caused may be told of: clocks of files and of FPM are coarse."""
_CAUSED = (EventKind.CACHE, EventKind.RELOAD, EventKind.RESTART, EventKind.WORKERS)


class WithRunbooks(NamedTuple):
    """*events*, sorted by time, with each runbook as one; *parts*: by the key of such a one what it is made of, in the order of doing."""

    events: Sequence[Event]
    parts: Mapping[str, tuple[Event, ...]]


class _Run:
    """One runbook on one app: *steps* as they were told, or the lock of somebody else's and those of its steps that were seen."""

    def __init__(self, first: Event) -> None:
        self.steps = [first]
        self.caused: list[Event] = []

    @property
    def begin(self) -> float:
        return self.steps[0].at

    @property
    def end(self) -> float:
        """Of a lock that is still held: as long as one may be."""
        held = self._lock is not None and self._lock.until is None and self._result is None
        return self.begin + PAUSE if held else max(event.until or event.at for event in self.steps)

    def goes_on_with(self, step: Event) -> bool:
        if self._lock is not None or step.source == LOCK:
            return self.begin - AROUND <= step.at <= self.end + AROUND
        return self._result is None and step.at - self.end <= PAUSE

    @property
    def parts(self) -> tuple[Event, ...]:
        return tuple(sorted((*self.steps, *self.caused), key=lambda event: event.at))

    @property
    def event(self) -> Event:
        """The one in the place of all: ``fix by mara: config:cache, route:cache, invalidate: done``."""
        first, last = self.steps[0], max(event.until or event.at for event in self.parts)
        told = ", ".join(self._acted) or ", ".join(dict.fromkeys(event.source for event in self.caused))
        words = ": ".join(part for part in (f"fix{self._by}", told, self._status) if part)
        return Event(
            at=first.at,
            server=first.server,
            app=first.app,
            kind=EventKind.ACTION,
            source=RUNBOOK,
            what=safe(words, 200),
            key=f"runbook:{first.key}",
            until=last if last > first.at else None,
        )

    @property
    def _lock(self) -> Event | None:
        return next((step for step in self.steps if step.source == LOCK), None)

    @property
    def _result(self) -> Event | None:
        return next((step for step in self.steps if _step(step) == RESULT), None)

    @property
    def _acted(self) -> list[str]:
        """The steps that changed something, in the order of doing."""
        names = dict.fromkeys(_step(step) for step in self.steps if step.source != LOCK)
        return [name for name in names if name not in LOOKS and name != RESULT]

    @property
    def _status(self) -> str:
        """How it ended; how somebody else's did is not seen."""
        if self._result is not None:
            return str(self._result.what).partition(": ")[2].partition(" ")[0]
        return "" if self._lock is not None and self._lock.until is not None else "runs"

    @property
    def _by(self) -> str:
        locks = [str(self._lock.what).partition(" ")[0]] if self._lock is not None else []
        known = [*locks, *(step.source for step in self.steps if step.source not in (OPERATOR, LOCK))]
        return f" by {known[0].partition('@')[0]}" if known else ""


def as_runbooks(events: Sequence[Event]) -> WithRunbooks:
    """*events* (sorted by time) with one event in the place of all that belongs to a runbook; one that is alone stays as it is."""
    runs = _runs(events)
    for run in runs:
        run.caused = _caused(run, events)
    runs = [run for run in runs if len(run.parts) > 1]
    taken = {event.key for run in runs for event in run.parts}
    stars = [run.event for run in runs]
    kept = sorted((*(event for event in events if event.key not in taken), *stars), key=lambda event: event.at)
    return WithRunbooks(kept if runs else events, {star.key: run.parts for star, run in zip(stars, runs, strict=True)})


def _runs(events: Iterable[Event]) -> list[_Run]:
    found: list[_Run] = []
    latest: dict[tuple[str, str], _Run] = {}
    for event in events:
        if event.kind is not EventKind.ACTION:
            continue
        key = (event.server, str(event.app))
        run = latest.get(key)
        if run is not None and run.goes_on_with(event):
            run.steps.append(event)
        else:
            latest[key] = run = _Run(event)
            found.append(run)
    return found


def _caused(run: _Run, events: Sequence[Event]) -> list[Event]:
    """What *run* caused: whoever holds the lock of an app and its FPM is the only one who writes caches and reloads there."""
    app = (run.steps[0].server, run.steps[0].app)
    begin = bisect_left(events, run.begin - AROUND, key=lambda event: event.at)
    end = bisect_right(events, run.end + AROUND, key=lambda event: event.at)
    return [event for event in events[begin:end] if event.kind in _CAUSED and (event.server, event.app) == app]


def _step(event: Event) -> str:
    """``config:cache`` of ``config:cache: done (written …)``."""
    return str(event.what).partition(": ")[0]
