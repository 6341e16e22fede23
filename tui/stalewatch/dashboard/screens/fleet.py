"""The first screen: all servers and the timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard import actions
from stalewatch.dashboard.actions import BY_ID
from stalewatch.dashboard.render.banner import banner_lines
from stalewatch.dashboard.render.lanes import Shading
from stalewatch.dashboard.render.names import group_of
from stalewatch.dashboard.render.pane_lines import BORDERS, alarm_lines
from stalewatch.dashboard.render.report_parts import clock_of
from stalewatch.dashboard.render.sorting import Sorting
from stalewatch.dashboard.screens.base import LiveScreen
from stalewatch.dashboard.screens.fleet_actions import FleetActions
from stalewatch.dashboard.screens.sizes import Sizes, Wanted, banner_rows, share
from stalewatch.dashboard.widgets.filter_bar import FilterBar
from stalewatch.dashboard.widgets.fleet_table import FleetTable
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.dashboard.widgets.pane import PaneView
from stalewatch.dashboard.widgets.pane_grid import PaneGrid
from stalewatch.dashboard.widgets.timeline_view import EventsView, LanesView, Scope
from stalewatch.model.memo import Memo
from stalewatch.model.replace import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult
    from textual.geometry import Size
    from textual.widgets import Input

    from stalewatch.dashboard.model import Model
    from stalewatch.dashboard.render.lines import Line
    from stalewatch.dashboard.render.pane_lines import RenderOptions
    from stalewatch.dashboard.view import View
    from stalewatch.dashboard.widgets.server_clicked import ServerClicked
    from stalewatch.engine.board import Pane
    from stalewatch.model.inventory import AppKey


class SummaryView(LinesView):
    """One sentence about the fleet."""

    def __init__(self, model: Model) -> None:
        super().__init__(id="summary")
        self._model = model
        self._made: Memo[list[Line]] = Memo()

    def build(self, width: int, height: int) -> Sequence[Line]:
        return self.told(width, self.app.size.height)

    def told(self, width: int, height: int) -> list[Line]:
        """The rows that it takes on a screen of *width* × *height* cells."""
        panes, alarms, clock = self._model.shown.panes, self._model.fleet.alarms, self._model.clock().coarse
        cause, rows = self._model.worst_cause(), banner_rows(width, height, urgent=bool(alarms))
        shared = self._model.shared()
        return self._made.get(
            lambda: banner_lines(panes, alarms, clock, width, rows, cause, shared), (panes, alarms, *(cause or ())), (clock, width, rows)
        )


class FleetScreen(LiveScreen):
    """Panes or table, lanes, events."""

    kind = actions.FLEET

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._sizes: Sizes | None = None
        self._filter = FilterBar()
        self._summary, self._table, self._strip, self._grid = SummaryView(model), FleetTable(), PaneView(), PaneGrid()
        self._lanes, self._events = LanesView(), EventsView(self._unfold)
        self._unfolded: frozenset[str] | None = None
        self._actions = FleetActions(self)

    def compose(self) -> ComposeResult:
        yield self.header
        yield self._summary
        yield self._table
        yield self._strip
        yield self._grid
        yield self._lanes
        yield self._events
        yield self._filter
        yield self.search_bar
        yield self.footer

    # ------------------------------------------------------------------------------------------------------------------- drawing

    def on_mount(self) -> None:
        """Share the screen out before the first frame, so that nothing jumps in the second."""
        self.model.fleet.update()
        self.model.reorder()
        self._resize(self._share(self.app.size))

    def redraw(self) -> None:
        super().redraw()
        self.model.note_drawn()
        sizes = self._share(self.size)
        self._resize(sizes)
        panes, chosen = self.model.panes(), self.model.selected()
        at = panes.index(chosen) if chosen in panes else -1
        lanes = self.model.timeline.lanes()
        view = self.model.view
        options_of_panes = self.model.render_options(panes, at if sizes.table or not view.on_timeline else -1)
        if sizes.table:
            self._table.show(panes, options_of_panes, at, self.model.grouped, view.sorting)
        self._show_panes(sizes, panes, options_of_panes, at)
        self._summary.redraw()
        if self._filter.is_open:
            self._filter.show(panes, self.model.shown.panes)
        shading = Shading(any(lane.stale for lane in lanes), any(lane.probable for lane in lanes))
        scope = self._scope()
        self._lanes.show(lanes, scope, self._drawn_now())
        self._events.show(self.model.timeline.events(), scope, shading)
        self.search_bar.tell()  # of what is listed now

    def _scope(self) -> Scope:
        view, timeline = self.model.view, self.model.timeline
        return Scope(
            self.model.clock().coarse,
            timeline.span(),
            view.pan,
            focused=view.on_timeline,
            cursor=timeline.cursor(),
            kinds=view.kinds,
            clocks=timeline.clocks(),
            older=timeline.older(),
            frozen=view.frozen is not None,
            shared=self.model.shared(),
            parts=timeline.parts(),
            unfolded=view.unfolded,
        )

    def _share(self, size: Size) -> Sizes:
        """Table or panes by the servers alone; heads of groups then have a row each."""
        view, panes = self.model.view, self.model.panes()
        servers = len({pane.server for pane in panes})
        sentence = len(self._summary.told(size.width, size.height))
        wanted = Wanted(view.dense, self._filter.is_open + self.search_bar.is_open, view.on_timeline, sentence)
        alarms = self.model.fleet.alarms
        if alarms:
            told = [len(alarm_lines(alarms[pane.key], size.width - BORDERS)) for pane in panes if pane.key in alarms]
            wanted = wanted._replace(telling=max(told, default=0) + 2)
        sizes = share(size.width, size.height, len(panes), servers, wanted)
        self.model.tabular = sizes.table > 0
        if not (sizes.table and self.model.grouped):
            return sizes
        heads = len({group_of(pane) for pane in panes})
        return share(size.width, size.height, len(panes) + heads, servers, wanted._replace(dense=True))

    def _resize(self, sizes: Sizes) -> None:
        if sizes == self._sizes:
            return
        self._sizes = sizes
        parts = (
            (self._summary, sizes.summary),
            (self._table, sizes.table),
            (self._strip, sizes.strip),
            (self._grid, sizes.grid),
            (self._lanes, sizes.lanes),
            (self._events, sizes.events),
        )
        for part, rows in parts:
            part.display = rows > 0
            part.styles.height = rows

    def _drawn_now(self) -> float:
        """Up to when lanes are drawn: it stands still while the screen is frozen."""
        return self.model.view.clock(self.model.now()).now

    def tick(self) -> None:
        super().tick()
        self._lanes.pass_time(self._drawn_now())
        if any(pane.step or pane.error for pane in self.model.shown.panes) and self._sizes is not None and not self.model.view.frozen:
            self._count_seconds()

    def _count_seconds(self) -> None:
        """Panes that are connecting say for how long."""
        if self._sizes is None:
            return
        panes, chosen = self.model.panes(), self.model.selected()
        at = panes.index(chosen) if chosen in panes else -1
        self._show_panes(self._sizes, panes, self.model.render_options(panes, -1 if self.model.view.on_timeline else at), at)

    def _show_panes(self, sizes: Sizes, panes: Sequence[Pane], options_of_panes: Sequence[RenderOptions], at: int) -> None:
        """The one pane that there is room for, or all of them."""
        if sizes.strip and at >= 0:
            told = not sizes.table and self._is_told(panes[at])
            options = options_of_panes[at]._replace(focused=not self.model.view.on_timeline, told=told)
            self._strip.show(panes[at], self.model.with_log(panes[at], options))
        elif sizes.grid:
            all_options = [self.model.with_log(pane, options) for pane, options in zip(panes, options_of_panes, strict=True)]
            self._grid.show(panes, all_options, at, sizes.columns, sizes.pane)

    def _is_told(self, pane: Pane) -> bool:
        """Whether the sentence above explains *pane*, with the reason."""
        worst = self.model.worst_cause()
        if worst is None or worst[0].key != pane.key or self.model.fleet.alarms:
            return False
        said = " ".join(" ".join(row.text for row in self._summary.told(self.size.width, self.size.height)).split())
        cause = worst[1]
        typed = "" if cause.keyed else cause.press
        return typed in said and clock_of(pane.report, self.model.clock()).told(cause.why, cause.moments).partition(" (")[0] in said

    # ---------------------------------------------------------------------------------------------------------------------- keys

    @property
    def searched(self) -> EventsView | None:
        return self._events if self.model.view.on_timeline else None

    def takes_key(self, key: str) -> bool:
        if key in BY_ID["filter"].keys and not self.model.view.on_timeline:
            self.open_filter()
            return True
        return super().takes_key(key)

    def methods(self) -> Mapping[str, Callable[[], None]]:
        return self._actions.methods()

    @property
    def sizes(self) -> Sizes | None:
        """Rows of each part, once the screen was shared out."""
        return self._sizes

    def see(self, view: View) -> None:
        """Show *view*."""
        self.model.view = view
        self.redraw()

    def _unfold(self, runbooks: frozenset[str] | None) -> None:
        """List what *runbooks* did, beside those that were unfolded before the search; None: no more, but for the one that is read."""
        view, read = self.model.view, self.model.timeline.runbook()
        before = view.unfolded if self._unfolded is None else self._unfolded
        unfolded = before | runbooks if runbooks is not None else before | ({read} & view.unfolded)
        self._unfolded = before if runbooks is not None else None
        if unfolded != view.unfolded:
            self.see(replace(view, unfolded=unfolded, cursor=read if read in view.unfolded - unfolded else view.cursor))

    def open_filter(self) -> None:
        """Let the person type a filter."""
        self._filter.open()
        self.redraw()

    def scroll_line(self, step: int) -> bool:
        """Scroll what the cursor is in by a line; whether the cursor must come along."""
        if self.model.view.on_timeline:
            return self._events.scroll_line(step)
        if self._sizes is not None and self._sizes.table:
            return self._table.scroll_line(step)
        self._grid.scroll_to(y=self._grid.scroll_offset.y + step, animate=False)
        return False

    def close_filter(self) -> bool:
        """Empty the filter's row and close it; whether it was open."""
        was_open = self._filter.is_open
        self._filter.clear()
        return was_open

    def on_input_changed(self, event: Input.Changed) -> None:
        self.see(replace(self.model.view, filter=event.value))

    def on_input_submitted(self) -> None:
        self._filter.close()
        self.redraw()

    # --------------------------------------------------------------------------------------------------------------------- mouse

    def on_server_clicked(self, event: ServerClicked) -> None:
        self._choose(event.key, event.open)

    def on_fleet_table_wheeled(self, event: FleetTable.Wheeled) -> None:
        """The selected server comes along, as with a key, or nobody would know what the next key acts on."""
        self.model.last_key = self.model.monotonic()
        if self._table.scroll_line(event.step):
            self._actions.move_server("down" if event.step > 0 else "up")

    def on_fleet_table_ordered(self, event: FleetTable.Ordered) -> None:
        now = self.model.view.sorting
        self._actions.sort(now.turned() if now.by is event.by else Sorting(event.by))

    def _choose(self, key: AppKey, opens: bool) -> None:
        self.see(replace(self.model.view, selected=key, on_timeline=False))
        if opens:
            self.app.call_later(self.app.run_action, "act('open')")

    def on_events_view_picked(self, event: EventsView.Picked) -> None:
        listed = self.model.timeline.events()
        if event.row < len(listed):
            self.see(replace(self.model.view, on_timeline=True, cursor=listed[event.row].key))
