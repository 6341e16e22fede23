"""What every screen shares: the latest State, the View, the order, and what keys would act on. Knows nothing of Textual."""

from __future__ import annotations

import time
from bisect import bisect_right
from typing import TYPE_CHECKING

from stalewatch.dashboard import order
from stalewatch.dashboard.actions import Context
from stalewatch.dashboard.render import facts
from stalewatch.dashboard.render.header_lines import Heading
from stalewatch.dashboard.render.lanes import Lane, by_server, lasting
from stalewatch.dashboard.render.log_lines import summarise
from stalewatch.dashboard.render.pane_lines import RenderOptions, verdict_of
from stalewatch.dashboard.render.time_window import fitting
from stalewatch.dashboard.render.times import Zone
from stalewatch.dashboard.stale_spans import OPEN, Spans, stale_spans
from stalewatch.dashboard.view import KINDS, Frozen, View
from stalewatch.engine.board import Pane, State
from stalewatch.model.replace import replace
from stalewatch.timeline import doubted_since, healed_spans, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    from stalewatch.dashboard.engine_port import EnginePort
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.inventory import AppKey
    from stalewatch.runbook.plan import Plan, Status
    from stalewatch.timeline import Event

LISTED = 300
"""Events in the list: what is older is reached by panning, and the list says so."""
SKEW = 2.0
"""Seconds by which a server's clock must be off to matter in the lanes."""


class Model:
    """Changed by the app's thread only. *now* is epoch seconds, *monotonic* for waiting times.

    *tabular*: whether the fleet is shown as a table.
    """

    def __init__(
        self, engine: EnginePort, title: str, now: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.engine = engine
        self.title = title
        self.now, self.monotonic = now, monotonic
        self.view = View()
        self.state = State(0, (), ())
        self.stale_spans: dict[str, Spans] = {}
        self.looked_since: dict[AppKey, float] = {}
        self.doubted: dict[AppKey, frozenset[float]] = {}
        self.last_key: float | None = None
        self.tabular = False
        self.runs: list[tuple[Plan, Future[dict[AppKey, Status]]]] = []
        self._order: list[AppKey] = []
        self._span = 0
        self._fitted: Sequence[Event] | None = None
        self._panes: tuple[tuple[State, list[AppKey], str, bool], list[Pane]] | None = None
        self._events: tuple[Sequence[Event], tuple[frozenset[str], str, float], tuple[Sequence[Event], int]] | None = None
        self._grouped: tuple[Sequence[Event], dict[str, list[Event]]] = ((), {})
        self._joined: tuple[Sequence[Event], Sequence[Event], dict[str, list[Event]], dict[str, float]] = ((), (), {}, {})
        self._kept: tuple[Sequence[Event], tuple[frozenset[str], str], list[Event]] | None = None
        self._lanes: tuple[Sequence[Event], Sequence[Pane], Mapping[str, Spans], dict[str, Lane]] | None = None
        self._clocks: tuple[tuple[object, ...], dict[str, Clock]] | None = None

    def update(self) -> bool:
        """Take the board's newest; whether anything changed."""
        state = self.engine.board.consume()
        if state.version == self.state.version:
            return False
        self.stale_spans = stale_spans(self.stale_spans, state.panes, self.state.panes)
        self.state = state
        if len(self.looked_since) < len(state.panes):
            first = {pane.key: pane.report.observed_at for pane in state.panes if pane.report and pane.report.observed_at is not None}
            self.looked_since = first | self.looked_since
        for pane in state.panes:
            if pane.report is not None and (at := doubted_since(pane.report)) is not None:
                self.doubted[pane.key] = self.doubted.get(pane.key, frozenset()) | {at}
        self._order = order.keep(self._order, state.panes)
        return True

    # ------------------------------------------------------------------------------------------------------------- what is shown

    @property
    def shown(self) -> State:
        """The live state, or the frozen one."""
        return self.view.frozen.state if self.view.frozen else self.state

    def clock(self) -> Clock:
        """The clock to draw with; in the servers' zones it is in that of the selected one."""
        clock = self.view.clock(self.now())
        chosen = self.selected() if self.view.zone is Zone.SERVER else None
        there = chosen.report.host if chosen is not None and chosen.report is not None else None
        return clock.there(there.utc_offset, 0.0) if there is not None else clock

    def clocks(self) -> dict[str, Clock]:
        """The clocks of the servers whose times are told by another one than :meth:`clock`: in their own zone, or because theirs is off."""
        clock, panes = self.clock().coarse, self.shown.panes
        wanted = (clock, panes)
        if self._clocks is None or self._clocks[0] != wanted:
            found: dict[str, Clock] = {}
            for pane in panes:
                there = pane.report.host if pane.report is not None else None
                skew = skew_of(pane)
                if there is not None and (skew or (clock.zone is Zone.SERVER and there.utc_offset != clock.offset)):
                    found[pane.server] = clock.there(there.utc_offset, skew)
            self._clocks = (wanted, found)
        return self._clocks[1]

    def may_move(self) -> bool:
        """Whether the order may change by itself now."""
        return self.last_key is None or self.monotonic() - self.last_key >= order.QUIET

    def reorder(self, force: bool = False) -> None:
        """Put the worst first, or whatever the chosen column says, if that may be done now."""
        if force or self.may_move():
            self._order = order.ordered(self.shown.panes, self.view.sorting)

    @property
    def grouped(self) -> bool:
        """Whether servers stand group by group: as chosen, else in the table where there are groups (a filter changes nothing about it)."""
        return self.view.grouped if self.view.grouped is not None else self.tabular and order.has_groups(self.shown.panes)

    def panes(self) -> Sequence[Pane]:
        """What the filter lets through, in order; made once per state, order and filter."""
        grouped = self.grouped
        wanted = (self.shown, self._order, self.view.filter, grouped)
        if self._panes is None or any(one is not other for one, other in zip(self._panes[0], wanted, strict=True)):
            known = {pane.key: pane for pane in self.shown.panes}
            panes = [known[key] for key in order.keep(self._order, self.shown.panes)]
            kept = [pane for pane in panes if order.matches(pane, self.view.filter)] if self.view.filter else panes
            self._panes = (wanted, order.by_group(kept) if grouped else kept)
        return self._panes[1]

    def selected(self) -> Pane | None:
        """The pane under the cursor: the worst until somebody chose one."""
        panes = self.panes()
        return next((pane for pane in panes if pane.key == self.view.selected), panes[0] if panes else None)

    def pane(self, key: AppKey) -> Pane | None:
        return next((pane for pane in self.shown.panes if pane.key == key), None)

    def render_options(self, panes: Sequence[Pane], focused: int) -> list[RenderOptions]:
        """How *panes* are seen now; *focused*: the place of the one that has the keys (-1: none)."""
        monotonic = self.view.frozen.monotonic if self.view.frozen else self.monotonic()
        clock, marked, threshold = self.clock().coarse, self.view.marked, self.engine.fleet.thresholds.hit_rate
        made: dict[tuple[bool, bool, bool], RenderOptions] = {}
        options: list[RenderOptions] = []
        for at, pane in enumerate(panes):
            kind = (bool(pane.step or pane.error), at == focused, bool(marked) and pane.key in marked)
            if kind not in made:
                made[kind] = RenderOptions(clock, monotonic if kind[0] else 0.0, kind[1], kind[2], threshold)
            options.append(made[kind])
        return options

    def with_log(self, pane: Pane, options: RenderOptions) -> RenderOptions:
        """*options* with what the logs of *pane* say."""
        here = facts.clock_of(pane.report, options.clock).here
        return options._replace(log=summarise(self._by_server().get(pane.server, ()), str(pane.app), here))

    def heading(self) -> Heading:
        frozen = self.monotonic() - self.view.frozen.monotonic if self.view.frozen else None
        return Heading(self.title or self._groups(), self.shown.panes, self.engine.read_only, frozen)

    def _groups(self) -> str:
        groups = dict.fromkeys(pane.group for pane in self.shown.panes if pane.group)
        production = any(pane.production for pane in self.shown.panes)
        return " · ".join([*list(groups)[:3], *(["prod"] if production else [])])

    # ------------------------------------------------------------------------------------------------------------- the timeline

    def span(self) -> int:
        """Seconds that the lanes show; chosen once when history is there, then kept."""
        if self.view.span is not None:
            return self.view.span
        if self._fitted is not self.shown.events:
            self._fitted = self.shown.events
            self._span = max(self._span, fitting(self.shown.events, self.view.clock(self.now()).now))
        return self._span

    def lanes(self) -> list[Lane]:
        """One lane per server, in the order of the panes."""
        chosen = self.selected()
        name = chosen.server if chosen else ""
        spans = self.view.frozen.stale_spans if self.view.frozen else self.stale_spans
        wanted = (self.shown.events, self.panes(), spans)
        if self._lanes is None or self._lanes[0] is not wanted[0] or self._lanes[1] is not wanted[1] or self._lanes[2] is not wanted[2]:
            events, longest = self._told()[2:]
            made: dict[str, Lane] = {}
            for pane in self.panes():
                before = made.get(pane.server)
                probable = (*before.probable, *self._healed(pane)) if before else self._healed(pane)
                told, old = events.get(pane.server, []), spans.get(pane.server, ())
                made[pane.server] = Lane(pane.server, told, old, probable, skew_of(pane), longest.get(pane.server, 0.0))
            self._lanes = (*wanted, made)
        rows = self._lanes[3]
        return [row._replace(selected=True) if row.name == name else row for row in rows.values()]

    def _healed(self, pane: Pane) -> Spans:
        """When old code probably ran there: before we looked, and what could only be suspected since."""
        since = self.looked_since.get(pane.key)
        if pane.report is None or since is None:
            return ()
        told = self._by_server().get(pane.server, ())
        healed = healed_spans(pane.report, told, since, self.doubted.get(pane.key, ()))
        doubted = doubted_since(pane.report)
        return healed if doubted is None else (*healed, (doubted, OPEN))

    def _by_server(self) -> Mapping[str, list[Event]]:
        if self._grouped[0] is not self.shown.events:
            self._grouped = (self.shown.events, by_server(self.shown.events))
        return self._grouped[1]

    def _told(self) -> tuple[Sequence[Event], Sequence[Event], dict[str, list[Event]], dict[str, float]]:
        """The events, the same with repeats as one, these by server, and how long one of a server lasts at most."""
        if self._joined[0] is not self.shown.events:
            told = joined(self.shown.events)
            servers = by_server(told)
            self._joined = (self.shown.events, told, servers, {server: lasting(events) for server, events in servers.items()})
        return self._joined

    def events(self) -> Sequence[Event]:
        """What the list shows, newest first; made once per events, servers and place in time."""
        return self._list()[0]

    def events_of(self, pane: Pane) -> list[Event]:
        """Those of one app on one server, newest first."""
        return [event for event in reversed(self._told()[2].get(pane.server, [])) if event.app == pane.app]

    def older(self) -> int:
        """How many events there are beyond those that are listed."""
        return self._list()[1]

    def _list(self) -> tuple[Sequence[Event], int]:
        end = self.clock().coarse.now - self.view.pan if self.view.pan else float("inf")
        wanted = (frozenset(pane.server for pane in self.panes()), self.view.kinds, end)
        if self._events is None or self._events[0] is not self.shown.events or self._events[1] != wanted:
            self._events = (self.shown.events, wanted, self._listed(*wanted))
        return self._events[2]

    def _listed(self, servers: frozenset[str], kinds: str, end: float) -> tuple[Sequence[Event], int]:
        told = self._told()[1]
        if self._kept is None or self._kept[0] is not told or self._kept[1] != (servers, kinds):
            listed = KINDS[kinds]
            self._kept = (told, (servers, kinds), [event for event in told if event.kind in listed and event.server in servers])
        upto = bisect_right(self._kept[2], end, key=lambda event: event.at)
        return self._kept[2][max(0, upto - LISTED) : upto][::-1], max(0, upto - LISTED)

    def cursor(self) -> Event | None:
        """The event that is read out, while the timeline has the keys."""
        if not self.view.on_timeline:
            return None
        listed = self.events()
        return next((event for event in listed if event.key == self.view.cursor), listed[0] if listed else None)

    # ------------------------------------------------------------------------------------------------------------- what keys act on

    def targets(self, key: AppKey | None = None) -> list[Pane]:
        """The marked panes, else the focused one; *key*: that one only."""
        if key is not None:
            return [pane for pane in self.state.panes if pane.key == key]
        marked = [pane for pane in self.state.panes if pane.key in self.view.marked] if self.view.marked else []
        chosen = self.selected()
        return marked or ([chosen] if chosen else [])

    def running(self) -> bool:
        """Whether a runbook of ours is under way."""
        return any(not future.done() for _, future in self.runs)

    def context(self, screen: str, key: AppKey | None = None) -> Context:
        panes = self.targets(key)
        return Context(
            screen=screen,
            read_only=self.engine.read_only,
            verdicts=tuple(verdict_of(pane) for pane in panes),
            seen=any(pane.report is not None and pane.report.snapshot is not None for pane in panes),
            running=self.running(),
            marked=len(self.view.marked),
            frozen=self.view.frozen is not None,
            filtered=bool(self.view.filter),
            ordered=self.view.sorting.short,
        )

    def freeze(self) -> None:
        """Freeze, or go on."""
        frozen = None if self.view.frozen else Frozen(self.state, self.now(), self.monotonic(), self.stale_spans)
        self.view = replace(self.view, frozen=frozen)


def skew_of(pane: Pane) -> float:
    """Whole seconds that its server's clock is ahead of ours; 0 where it is off too little to matter."""
    offset = pane.report.snapshot.clock_offset if pane.report is not None and pane.report.snapshot is not None else None
    return float(round(offset)) if offset is not None and abs(offset) >= SKEW else 0.0
