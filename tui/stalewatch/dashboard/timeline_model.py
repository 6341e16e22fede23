"""What the lanes and the list of events show: the span of time, the lanes, the events that fit the filter, the cursor."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, Protocol

from stalewatch.dashboard.render.fitting import Fit, fitted
from stalewatch.dashboard.render.lanes import Lane, by_server, lasting
from stalewatch.dashboard.render.log_lines import summarise
from stalewatch.dashboard.render.sorting import SKEW
from stalewatch.dashboard.render.times import Zone
from stalewatch.dashboard.view import KINDS
from stalewatch.model.memo import Memo, Memos
from stalewatch.timeline import EventKind, as_runbooks, doubted_since, healed_spans, joined, told_once
from stalewatch.timeline.stale_spans import OPEN, Spans, ran_old_code, told_as_events

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stalewatch.dashboard.fleet_state import FleetState
    from stalewatch.dashboard.render.log_lines import LogSummary
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.dashboard.view import View
    from stalewatch.engine.board import Pane, State
    from stalewatch.timeline import Event

NONE: list[Event] = []
LISTED = 300
"""Events in the list: what is older is reached by panning, and the list says so."""


class ModelPort(Protocol):
    """What the timeline reads of the Model."""

    fleet: FleetState
    view: View
    now: Callable[[], float]

    @property
    def shown(self) -> State: ...

    def clock(self) -> Clock: ...

    def panes(self) -> Sequence[Pane]: ...

    def selected(self) -> Pane | None: ...


class Joined(NamedTuple):
    """*single*: events with repeats as one; *events*: with each runbook as one, too; the same by server; *longest*: seconds that one of a
    server lasts at most; *parts*: what each runbook did, by the key of its event."""

    single: Sequence[Event]
    events: Sequence[Event]
    by_server: dict[str, list[Event]]
    longest: dict[str, float]
    parts: Mapping[str, tuple[Event, ...]]


class Listed(NamedTuple):
    """*events*, newest first, and how many *older* ones there are beyond them."""

    events: Sequence[Event]
    older: int


class TimelineModel:
    """Reads the Model and changes nothing. Each value is made once per what it is made of."""

    def __init__(self, model: ModelPort) -> None:
        self._model = model
        self._fit: Fit | None = None
        self._fitted: Memo[Fit] = Memo()
        self._by_server: Memo[dict[str, list[Event]]] = Memo()
        self._joined: Memo[Joined] = Memo()
        self._told_spans: Memo[Sequence[Event]] = Memo()
        self._servers: Memo[frozenset[str]] = Memo()
        self._kept: Memo[list[Event]] = Memo()
        self._list: Memo[Listed] = Memo()
        self._lanes: Memo[dict[str, Lane]] = Memo()
        self._ordered: Memo[list[Lane]] = Memo()
        self._probable: Memos[Spans] = Memos()
        self._clocks: Memo[dict[str, Clock]] = Memo()

    # ------------------------------------------------------------------------------------------------------------- lanes

    def span(self) -> int:
        """Seconds that the lanes show: as chosen, else those of the incident, or of the last deploy and what followed."""
        model = self._model
        if model.view.span is not None:
            return model.view.span
        now = model.view.clock(model.now()).now
        told = (model.shown.restored, len(model.fleet.looked_since))
        if self._fit is None or not model.view.frozen:
            rows = self._rows()
            self._fit = self._fitted.get(lambda: fitted(list(rows.values()), now, self._fit, told), (rows,), told)
        return self._fit.span(now)

    def fit_again(self) -> None:
        """Choose the span as if the lanes were seen for the first time."""
        self._fit, self._fitted = None, Memo()

    def lanes(self) -> list[Lane]:
        """One lane per server, in the order of the panes."""
        chosen = self._model.selected()
        name = chosen.server if chosen else ""
        rows, panes = self._rows(), self._model.panes()

        def make() -> list[Lane]:
            servers = dict.fromkeys(pane.server for pane in panes)
            return [rows[server]._replace(selected=True) if server == name else rows[server] for server in servers]

        return self._ordered.get(make, (rows, panes), name)

    def _rows(self) -> dict[str, Lane]:
        """The lanes of all servers, also of those that the filter hides."""
        model = self._model
        panes, spans = model.shown.panes, self._spans()
        look = (model.view.zone, model.view.relative)
        return self._lanes.get(lambda: self._make_lanes(panes, spans), (model.shown.events, panes, spans), look)

    def _spans(self) -> Mapping[str, Spans]:
        frozen = self._model.view.frozen
        return frozen.stale_spans if frozen else self._model.fleet.stale_spans

    def _make_lanes(self, panes: Sequence[Pane], spans: Mapping[str, Spans]) -> dict[str, Lane]:
        all_events = self._all()
        made: dict[str, Lane] = {}
        for pane in panes:
            before = made.get(pane.server)
            probable = (*before.probable, *self._healed(pane)) if before else self._healed(pane)
            events, longest = all_events.by_server.get(pane.server, []), all_events.longest.get(pane.server, 0.0)
            stale = spans.get(pane.server, ())
            over = self._over(pane.server, stale) if stale else ()
            made[pane.server] = Lane(pane.server, events, stale, probable, skew_of(pane), longest, over=over)
        return made

    def _over(self, server: str, spans: Spans) -> tuple[tuple[float, str], ...]:
        """What the lane of *server* says behind each span that is over."""
        clock = self.clocks().get(server, self._model.clock().coarse)
        whens = [("" if clock.relative else f"{clock.hm(begin)}–{clock.hm(end)}", begin, end) for begin, end in spans if end != OPEN]
        return tuple((end, ran_old_code(end - begin, when)) for when, begin, end in whens)

    def _healed(self, pane: Pane) -> Spans:
        """When old code probably ran there: before we looked, and what could only be suspected since."""
        fleet = self._model.fleet
        since = fleet.looked_since.get(pane.key)
        if pane.report is None or since is None:
            return ()
        report, events, doubts = pane.report, self._of_server(pane), fleet.doubted.get(pane.key, frozenset())

        def make() -> Spans:
            healed, doubted = healed_spans(report, events, since, doubts), doubted_since(report)
            return healed if doubted is None else (*healed, (doubted, OPEN))

        return self._probable.get(pane.key, make, (report, events), (since, doubts))

    def clocks(self) -> dict[str, Clock]:
        """The clocks of the servers that have another one than the Model's: in their own zone, or because theirs is off."""
        clock, panes = self._model.clock().coarse, self._model.shown.panes
        return self._clocks.get(lambda: _other_clocks(clock, panes), (panes,), clock)

    # ------------------------------------------------------------------------------------------------------------- events

    def _of_server(self, pane: Pane) -> list[Event]:
        """The events of its server as they came, oldest first."""
        events = self._model.shown.events
        return self._by_server.get(lambda: by_server(events), (events,)).get(pane.server, NONE)

    def _all(self) -> Joined:
        events, old_code = self._model.shown.events, self._old_code()
        return self._joined.get(lambda: _join(_in_order(events, old_code)), (events, old_code))

    def _old_code(self) -> Sequence[Event]:
        """What is told of old code that no longer runs."""
        over = tuple((server, *span) for server, spans in self._spans().items() for span in spans if span[1] != OPEN)
        apps = {pane.server: str(pane.app) for pane in self._model.shown.panes} if over else {}
        return self._told_spans.get(lambda: told_as_events(over, apps), equal=over)

    def log_of(self, pane: Pane, now: float) -> LogSummary | None:
        """What the logs of *pane* say lately; *now* by its server's clock."""
        return summarise(self._of_server(pane), str(pane.app), now)

    def events(self) -> Sequence[Event]:
        """What the list shows, newest first."""
        return self._listed().events

    def events_of(self, pane: Pane) -> list[Event]:
        """Those of one app on one server, newest first."""
        return [event for event in reversed(self._all().single) if (event.server, event.app) == pane.key]

    def older(self) -> int:
        """How many events there are beyond those that are listed."""
        return self._listed().older

    def _listed(self) -> Listed:
        model = self._model
        end = model.clock().coarse.now - model.view.pan if model.view.pan else float("inf")
        panes = model.panes()
        servers = self._servers.get(lambda: frozenset(pane.server for pane in panes), (panes,))
        wanted = (servers, model.view.kinds, end, model.view.unfolded)
        return self._list.get(lambda: self._make_list(*wanted), (self._all().single,), wanted)

    def _make_list(self, servers: frozenset[str], kinds: str, end: float, unfolded: frozenset[str]) -> Listed:
        listed = KINDS[kinds]
        events = self._all().events if EventKind.ACTION in listed else self._all().single

        def keep() -> list[Event]:
            return told_once([event for event in events if event.kind in listed and event.server in servers])

        kept = self._kept.get(keep, (events,), (servers, kinds))
        upto = bisect_right(kept, end, key=lambda event: event.at)
        return Listed(self._with_parts(kept[max(0, upto - LISTED) : upto][::-1], unfolded), max(0, upto - LISTED))

    def runbook(self) -> str:
        """The key of the runbook that the cursor is on, or on a part of which it is ("": neither)."""
        cursor, parts = self.cursor(), self.parts()
        if cursor is None or cursor.key in parts:
            return cursor.key if cursor is not None else ""
        return next((key for key in self._model.view.unfolded if cursor in parts.get(key, ())), "")

    def _with_parts(self, newest_first: list[Event], unfolded: frozenset[str]) -> list[Event]:
        """Under each runbook that is *unfolded* what it did, in the order of doing."""
        if not unfolded:
            return newest_first
        parts = self.parts()
        return [row for event in newest_first for row in (event, *(parts.get(event.key, ()) if event.key in unfolded else ()))]

    def parts(self) -> Mapping[str, tuple[Event, ...]]:
        """What each runbook did, by the key of its event."""
        return self._all().parts

    def cursor(self) -> Event | None:
        """The event that is read out, while the timeline has the keys."""
        view = self._model.view
        if not view.on_timeline:
            return None
        listed = self.events()
        return next((event for event in listed if event.key == view.cursor), listed[0] if listed else None)


def _in_order(events: Sequence[Event], more: Sequence[Event]) -> Sequence[Event]:
    """*events* (sorted by time) with *more*, of which there are seldom any."""
    return sorted((*events, *more), key=lambda event: event.at) if more else events


def _join(events: Sequence[Event]) -> Joined:
    single = joined(events)
    told = as_runbooks(single)
    servers = by_server(told.events)
    return Joined(single, told.events, servers, {server: lasting(those) for server, those in servers.items()}, told.parts)


def _other_clocks(clock: Clock, panes: Sequence[Pane]) -> dict[str, Clock]:
    found: dict[str, Clock] = {}
    for pane in panes:
        host = pane.report.host if pane.report is not None else None
        skew = skew_of(pane)
        if host is not None and (skew or (clock.zone is Zone.SERVER and host.utc_offset != clock.offset)):
            found[pane.server] = clock.there(host.utc_offset, skew)
    return found


def skew_of(pane: Pane) -> float:
    """Whole seconds that its server's clock is ahead of this machine's; 0 where it is off too little to matter."""
    offset = pane.report.snapshot.clock_offset if pane.report is not None and pane.report.snapshot is not None else None
    return float(round(offset)) if offset is not None and abs(offset) >= SKEW else 0.0
