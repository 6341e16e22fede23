"""The latest of everything, between the engine's thread and whoever shows it. The engine writes, the screens read; values only.

``on_change`` is called (from the engine's thread) when something changed, once until :meth:`Board.consume` was called: newest value wins.
It is called once more when what had changed was only figures, and then something happened (:attr:`Board.significant_change`).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.inventory import AppKey
from stalewatch.model.report import Report
from stalewatch.model.snapshot import Unseen
from stalewatch.model.text import SafeText
from stalewatch.runbook.plan import Progress
from stalewatch.timeline import Event, combine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_EVENTS = 20_000


class Pane(msgspec.Struct, frozen=True, kw_only=True):
    """What one pane shows. *report* None: not looked at yet. *step*: which step of connecting is under way, since *step_since*
    (``time.monotonic()``); *error*: why there is no link now; *retry_at*: when it is tried again (monotonic; None: not by itself);
    *received_at*: when *report* came (monotonic). *progress*: the runbook that runs here, oldest first."""

    server: str
    app: SafeText
    group: str = ""
    production: bool = False
    read_only: bool = False
    report: Report | None = None
    step: str = ""
    step_since: float = 0.0
    error: Unseen | None = None
    retry_at: float | None = None
    received_at: float | None = None
    progress: tuple[Progress, ...] = ()

    @property
    def key(self) -> AppKey:
        return (self.server, self.app)


class State(msgspec.Struct, frozen=True):
    """One consistent look at the board. *version* grows with every change; events are sorted by time. *restored*: how often another
    moment took the place of everything. *again*: how many looks told nothing new, which is no change."""

    version: int
    panes: tuple[Pane, ...]
    events: tuple[Event, ...]
    restored: int = 0
    again: int = 0


class Board:
    """Thread-safe. A pane keeps the place in which it was first put: order is the screens' business."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._panes: dict[AppKey, Pane] = {}
        self._events: dict[str, Event] = {}
        self._sorted: tuple[Event, ...] | None = ()
        self._version = 0
        self._restored = self._again = 0
        self._looked_at: float | None = None
        self._notified = False
        self._significant = False
        self._on_change: Callable[[], None] | None = None

    def listen(self, on_change: Callable[[], None]) -> None:
        """Set who is notified; called at once if there is something already."""
        with self._lock:
            self._on_change = on_change
            notify = self._version > 0
            self._notified = self._significant = notify
        if notify:
            on_change()

    def put(self, pane: Pane, *, replaces: AppKey | None = None) -> None:
        """Put *pane*; *replaces*: the key of the place holder it takes the place of (an app that was discovered)."""
        with self._lock:
            before = self._panes.get(pane.key)
            if before == pane:
                return
            if replaces is not None and replaces != pane.key and replaces in self._panes:
                kept = [pane if key == replaces else old for key, old in self._panes.items()]
                self._panes = {old.key: old for old in kept}
            else:
                self._panes[pane.key] = pane
            self._version += 1
            self._note_look(pane)
        self._notify(significant=before is None or is_significant(before, pane))

    def put_again(self, pane: Pane) -> None:
        """A look told nothing new of *pane*: whoever takes the board next gets the newest, and nobody is told."""
        with self._lock:
            self._panes[pane.key] = pane
            self._again += 1
            self._note_look(pane)

    @property
    def again(self) -> int:
        """How many looks told nothing new."""
        return self._again

    @property
    def looked_at(self) -> float | None:
        """When a look last ended (monotonic)."""
        return self._looked_at

    @property
    def significant_change(self) -> bool:
        """Whether something happened since the last :meth:`consume`: a verdict, a finding, a step, an event. Else only figures moved."""
        return self._significant

    def add(self, events: Iterable[Event]) -> None:
        """Add events; one with a known key replaces the old one, repeats of a log line add up. The oldest go beyond MAX_EVENTS."""
        changed = False
        with self._lock:
            for new in events:
                event = combine(self._events[new.key], new) if new.key in self._events else new
                if self._events.get(event.key) != event:
                    self._events[event.key] = event
                    changed = True
            if changed:
                if len(self._events) > MAX_EVENTS:
                    newest = sorted(self._events.values(), key=lambda event: event.at)[-MAX_EVENTS:]
                    self._events = {event.key: event for event in newest}
                self._sorted = None
                self._version += 1
        if changed:
            self._notify(significant=True)

    def restore(self, shown: State) -> None:
        """Show another moment: what was *shown* then, in the place of everything."""
        with self._lock:
            self._panes = {pane.key: pane for pane in shown.panes}
            self._looked_at = max((pane.received_at for pane in shown.panes if pane.received_at is not None), default=None)
            self._events = {event.key: event for event in shown.events}
            self._sorted = None
            self._version += 1
            self._restored += 1
        self._notify(significant=True)

    def consume(self) -> State:
        """The latest; the next change notifies again."""
        with self._lock:
            self._notified = self._significant = False
            return self._state()

    def snapshot(self) -> State:
        """The latest, without consuming it: whoever listens is still notified."""
        with self._lock:
            return self._state()

    def _state(self) -> State:
        if self._sorted is None:
            self._sorted = tuple(sorted(self._events.values(), key=lambda event: (event.at, event.key)))
        return State(self._version, tuple(self._panes.values()), self._sorted, self._restored, self._again)

    def _note_look(self, pane: Pane) -> None:
        if pane.received_at is not None and (self._looked_at is None or pane.received_at > self._looked_at):
            self._looked_at = pane.received_at

    def _notify(self, *, significant: bool) -> None:
        with self._lock:
            notify = not self._notified or (significant and not self._significant)
            self._notified, self._significant = True, self._significant or significant
            on_change = self._on_change
        if notify and on_change is not None:
            on_change()


def is_significant(before: Pane, after: Pane) -> bool:
    """Whether *after* says something that a person waits for, and not only other figures."""
    return _says(before) != _says(after)


def _says(pane: Pane) -> tuple[object, ...]:
    report = pane.report
    if report is None:
        return (pane.step, pane.error, pane.retry_at, pane.progress)
    findings = [(finding.code, finding.subject, finding.verdict) for finding in report.findings]
    return (pane.step, pane.error, pane.retry_at, pane.progress, report.verdict, report.layers, report.errors, findings)
