"""What every screen shares: the View, which panes it shows and in what order, and what keys would act on. Knows nothing of Textual."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stalewatch.dashboard import order
from stalewatch.dashboard.actions import ActionContext
from stalewatch.dashboard.fleet_state import FleetState
from stalewatch.dashboard.render import report_parts
from stalewatch.dashboard.render.header_lines import Heading, Replayed
from stalewatch.dashboard.render.pane_lines import RenderOptions, verdict_of
from stalewatch.dashboard.render.times import Zone
from stalewatch.dashboard.timeline_model import TimelineModel
from stalewatch.dashboard.view import Frozen, View
from stalewatch.model.memo import Memo
from stalewatch.model.replace import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stalewatch.dashboard.engine_port import EnginePort, Playback
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.engine.board import Pane, State
    from stalewatch.model.inventory import AppKey


class Model:
    """Changed by the app's thread only. *now* is epoch seconds, *monotonic* for waiting times.

    *fleet*: what the engine told; *timeline*: what lanes and list show of it. *tabular*: whether the fleet is shown as a table.
    """

    def __init__(
        self,
        engine: EnginePort,
        title: str,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        playback: Playback | None = None,
    ) -> None:
        self.engine = engine
        self.title = title
        self.playback = playback
        self.now, self.monotonic = now, monotonic
        self.view = View()
        self.fleet = FleetState(engine)
        self.timeline = TimelineModel(self)
        self.last_key: float | None = None
        self.tabular = False
        self._panes: Memo[list[Pane]] = Memo()
        self._has_groups: Memo[bool] = Memo()

    # ------------------------------------------------------------------------------------------------------------- what is shown

    @property
    def shown(self) -> State:
        """The live state, or the frozen one."""
        return self.view.frozen.state if self.view.frozen else self.fleet.latest

    def freeze(self) -> None:
        """Freeze the screen, or continue live."""
        frozen = None if self.view.frozen else Frozen(self.fleet.latest, self.now(), self.monotonic(), self.fleet.stale_spans)
        self.view = replace(self.view, frozen=frozen)

    def clock(self) -> Clock:
        """The clock to draw with; in the servers' zones it is in that of the selected one."""
        clock = self.view.clock(self.now())
        chosen = self.selected() if self.view.zone is Zone.SERVER else None
        host = chosen.report.host if chosen is not None and chosen.report is not None else None
        return clock.there(host.utc_offset, 0.0) if host is not None else clock

    def may_move(self) -> bool:
        """Whether the order may change by itself now."""
        return self.last_key is None or self.monotonic() - self.last_key >= order.QUIET

    def reorder(self, force: bool = False) -> None:
        """Put the worst first, or whatever the chosen column says, if that may be done now."""
        if force or self.may_move():
            self.fleet.reorder(self.shown.panes, self.view.sorting)

    @property
    def grouped(self) -> bool:
        """Whether servers stand group by group: as chosen, else in the table where there are groups (a filter changes nothing about it)."""
        if self.view.grouped is not None:
            return self.view.grouped
        panes = self.shown.panes
        return self.tabular and self._has_groups.get(lambda: order.has_groups(panes), (panes,))

    def panes(self) -> Sequence[Pane]:
        """What the filter lets through, in order; made once per state, order and filter."""
        shown, keys, words, grouped = self.shown, self.fleet.order, self.view.filter, self.grouped

        def make() -> list[Pane]:
            known = {pane.key: pane for pane in shown.panes}
            panes = [known[key] for key in order.keep(keys, shown.panes)]
            kept = [pane for pane in panes if order.matches(pane, words)] if words else panes
            return order.by_group(kept) if grouped else kept

        return self._panes.get(make, (shown, keys), (words, grouped))

    def selected(self) -> Pane | None:
        """The pane under the cursor: the worst until somebody chose one."""
        panes = self.panes()
        return next((pane for pane in panes if pane.key == self.view.selected), panes[0] if panes else None)

    def pane(self, key: AppKey) -> Pane | None:
        return next((pane for pane in self.shown.panes if pane.key == key), None)

    def heir(self, key: AppKey) -> AppKey:
        """*key*, or that of the first app that was found on its server meanwhile, in whose place it stood while we connected."""
        heirs = (pane.key for pane in self.shown.panes if pane.server == key[0])
        return key if self.pane(key) is not None else next(heirs, key)

    def render_options(self, panes: Sequence[Pane], focused: int) -> list[RenderOptions]:
        """How *panes* are drawn now; *focused*: the place of the one that has the keys (-1: none)."""
        monotonic = self.view.frozen.monotonic if self.view.frozen else self.monotonic()
        clock, marked, threshold = self.clock().coarse, self.view.marked, self.engine.fleet.thresholds.hit_rate
        made: dict[tuple[bool, bool, bool], RenderOptions] = {}
        alarms = self.fleet.alarms
        options: list[RenderOptions] = []
        for at, pane in enumerate(panes):
            kind = (bool(pane.step or pane.error), at == focused, bool(marked) and pane.key in marked)
            if kind not in made:
                made[kind] = RenderOptions(clock, monotonic if kind[0] else 0.0, kind[1], kind[2], threshold)
            options.append(made[kind] if pane.key not in alarms else made[kind]._replace(alarm=alarms[pane.key]))
        return options

    def with_log(self, pane: Pane, options: RenderOptions) -> RenderOptions:
        """*options* with what the logs of *pane* say."""
        return options._replace(log=self.timeline.log_of(pane, report_parts.clock_of(pane.report, options.clock).here))

    def heading(self) -> Heading:
        frozen = self.monotonic() - self.view.frozen.monotonic if self.view.frozen else None
        replay = Replayed.of(self.playback, self.clock()) if self.playback is not None else None
        read_only = self.engine.read_only and replay is None
        return Heading(self.title or self._groups(), self.shown.panes, read_only, frozen, self.fleet.alarms, *self._marks(), replay)

    def _marks(self) -> tuple[int, int]:
        """How many panes are marked, and how many of them the filter hides."""
        marked = self.view.marked
        hidden = len(marked - {pane.key for pane in self.panes()}) if marked and self.view.filter else 0
        return len(marked), hidden

    def _groups(self) -> str:
        groups = dict.fromkeys(pane.group for pane in self.shown.panes if pane.group)
        production = any(pane.production for pane in self.shown.panes)
        return " · ".join([*list(groups)[:3], *(["prod"] if production else [])])

    # ------------------------------------------------------------------------------------------------------------- what keys act on

    def targets(self, key: AppKey | None = None) -> list[Pane]:
        """The marked panes, else the focused one; *key*: that one only. What the filter hides is not acted on: nobody sees that it is
        marked."""
        live = self.fleet.latest.panes
        if key is not None:
            return [pane for pane in live if pane.key == key]
        shown = {pane.key for pane in self.panes()} if self.view.marked else set()
        marked = [pane for pane in live if pane.key in self.view.marked & shown]
        chosen = self.selected()
        return marked or ([chosen] if chosen else [])

    def context(self, screen: str, key: AppKey | None = None) -> ActionContext:
        panes = self.targets(key)
        return ActionContext(
            screen=screen,
            read_only=self.engine.read_only,
            replay=self.playback is not None,
            kept=bool(panes) and all(pane.read_only for pane in panes),
            verdicts=tuple(verdict_of(pane) for pane in panes),
            seen=any(pane.report is not None and pane.report.snapshot is not None for pane in panes),
            running=self.fleet.running(),
            marked=len(self.view.marked),
            frozen=self.view.frozen is not None,
            filtered=bool(self.view.filter),
            sorted_by=self.view.sorting.short,
        )
