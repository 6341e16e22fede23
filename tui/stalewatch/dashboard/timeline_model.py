"""What the lanes and the list of events show: the span of time, the lanes, the events that fit the filter, the cursor."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, Protocol

from stalewatch.dashboard.render.lanes import Lane, by_server, lasting
from stalewatch.dashboard.render.log_lines import summarise
from stalewatch.dashboard.render.sorting import SKEW
from stalewatch.dashboard.render.time_window import fitting
from stalewatch.dashboard.render.times import Zone
from stalewatch.dashboard.view import KINDS
from stalewatch.model.memo import Memo
from stalewatch.timeline import doubted_since, healed_spans, joined, told_once
from stalewatch.timeline.stale_spans import OPEN, Spans

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stalewatch.dashboard.fleet_state import FleetState
    from stalewatch.dashboard.render.log_lines import LogSummary
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.dashboard.view import View
    from stalewatch.engine.board import Pane, State
    from stalewatch.timeline import Event

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
    """Events with repeats as one; the same by server; *longest*: seconds that one of a server lasts at most."""

    events: Sequence[Event]
    by_server: dict[str, list[Event]]
    longest: dict[str, float]


class Listed(NamedTuple):
    """*events*, newest first, and how many *older* ones there are beyond them."""

    events: Sequence[Event]
    older: int


class TimelineModel:
    """Reads the Model and changes nothing. Each value is made once per what it is made of."""

    def __init__(self, model: ModelPort) -> None:
        self._model = model
        self._span = 0
        self._fitted: Memo[int] = Memo()
        self._by_server: Memo[dict[str, list[Event]]] = Memo()
        self._joined: Memo[Joined] = Memo()
        self._servers: Memo[frozenset[str]] = Memo()
        self._kept: Memo[list[Event]] = Memo()
        self._list: Memo[Listed] = Memo()
        self._lanes: Memo[dict[str, Lane]] = Memo()
        self._clocks: Memo[dict[str, Clock]] = Memo()

    # ------------------------------------------------------------------------------------------------------------- lanes

    def span(self) -> int:
        """Seconds that the lanes show; chosen once when history is there, then kept."""
        model = self._model
        if model.view.span is not None:
            return model.view.span
        events = model.shown.events
        self._span = max(self._span, self._fitted.get(lambda: fitting(events, model.view.clock(model.now()).now), (events,)))
        return self._span

    def lanes(self) -> list[Lane]:
        """One lane per server, in the order of the panes."""
        model = self._model
        chosen = model.selected()
        name = chosen.server if chosen else ""
        panes = model.panes()
        spans = model.view.frozen.stale_spans if model.view.frozen else model.fleet.stale_spans
        rows = self._lanes.get(lambda: self._make_lanes(panes, spans), (model.shown.events, panes, spans))
        return [row._replace(selected=True) if row.name == name else row for row in rows.values()]

    def _make_lanes(self, panes: Sequence[Pane], spans: Mapping[str, Spans]) -> dict[str, Lane]:
        all_events = self._all()
        made: dict[str, Lane] = {}
        for pane in panes:
            before = made.get(pane.server)
            probable = (*before.probable, *self._healed(pane)) if before else self._healed(pane)
            events, longest = all_events.by_server.get(pane.server, []), all_events.longest.get(pane.server, 0.0)
            made[pane.server] = Lane(pane.server, events, spans.get(pane.server, ()), probable, skew_of(pane), longest)
        return made

    def _healed(self, pane: Pane) -> Spans:
        """When old code probably ran there: before we looked, and what could only be suspected since."""
        fleet = self._model.fleet
        since = fleet.looked_since.get(pane.key)
        if pane.report is None or since is None:
            return ()
        healed = healed_spans(pane.report, self._of_server(pane), since, fleet.doubted.get(pane.key, ()))
        doubted = doubted_since(pane.report)
        return healed if doubted is None else (*healed, (doubted, OPEN))

    def clocks(self) -> dict[str, Clock]:
        """The clocks of the servers that have another one than the Model's: in their own zone, or because theirs is off."""
        clock, panes = self._model.clock().coarse, self._model.shown.panes
        return self._clocks.get(lambda: _other_clocks(clock, panes), (panes,), clock)

    # ------------------------------------------------------------------------------------------------------------- events

    def _of_server(self, pane: Pane) -> list[Event]:
        """The events of its server as they came, oldest first."""
        events = self._model.shown.events
        return self._by_server.get(lambda: by_server(events), (events,)).get(pane.server, [])

    def _all(self) -> Joined:
        events = self._model.shown.events
        return self._joined.get(lambda: _join(events), (events,))

    def log_of(self, pane: Pane, now: float) -> LogSummary | None:
        """What the logs of *pane* say lately; *now* by its server's clock."""
        return summarise(self._of_server(pane), str(pane.app), now)

    def events(self) -> Sequence[Event]:
        """What the list shows, newest first."""
        return self._listed().events

    def events_of(self, pane: Pane) -> list[Event]:
        """Those of one app on one server, newest first."""
        return [event for event in reversed(self._all().by_server.get(pane.server, [])) if event.app == pane.app]

    def older(self) -> int:
        """How many events there are beyond those that are listed."""
        return self._listed().older

    def _listed(self) -> Listed:
        model = self._model
        end = model.clock().coarse.now - model.view.pan if model.view.pan else float("inf")
        panes = model.panes()
        servers = self._servers.get(lambda: frozenset(pane.server for pane in panes), (panes,))
        wanted = (servers, model.view.kinds, end)
        return self._list.get(lambda: self._make_list(*wanted), (model.shown.events,), wanted)

    def _make_list(self, servers: frozenset[str], kinds: str, end: float) -> Listed:
        events = self._all().events

        def keep() -> list[Event]:
            listed = KINDS[kinds]
            return told_once([event for event in events if event.kind in listed and event.server in servers])

        kept = self._kept.get(keep, (events,), (servers, kinds))
        upto = bisect_right(kept, end, key=lambda event: event.at)
        return Listed(kept[max(0, upto - LISTED) : upto][::-1], max(0, upto - LISTED))

    def cursor(self) -> Event | None:
        """The event that is read out, while the timeline has the keys."""
        view = self._model.view
        if not view.on_timeline:
            return None
        listed = self.events()
        return next((event for event in listed if event.key == view.cursor), listed[0] if listed else None)


def _join(events: Sequence[Event]) -> Joined:
    all_events = joined(events)
    servers = by_server(all_events)
    return Joined(all_events, servers, {server: lasting(those) for server, those in servers.items()})


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
