"""The log of one server: newest line last, live, searched and limited by patterns."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from stalewatch.dashboard import actions
from stalewatch.dashboard.actions import BY_ID, key_of
from stalewatch.dashboard.log_book import logs_of, place_of
from stalewatch.dashboard.render import report_parts
from stalewatch.dashboard.render.lines import clamp
from stalewatch.dashboard.render.log_head import alarm_rows, head_lines, unread_rows
from stalewatch.dashboard.render.searching import pattern_of
from stalewatch.dashboard.screens.base import LiveScreen
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.dashboard.widgets.log_view import LogView
from stalewatch.dashboard.widgets.only_bar import OnlyBar
from stalewatch.model.replace import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

    from stalewatch.dashboard.log_book import LogEntry
    from stalewatch.dashboard.model import Model
    from stalewatch.dashboard.render.lines import Line
    from stalewatch.model.inventory import AppKey
    from stalewatch.timeline import Event

HEAD_MOST = 3
"""The head has the screen's height by this at most: the lines are what one came for."""


class LogHead(LinesView):
    """What stands above the lines."""

    def __init__(self) -> None:
        super().__init__(id="log-head")
        self._rows: Sequence[Line] = ()

    def show(self, rows: Sequence[Line]) -> None:
        self._rows = rows
        self.styles.height = len(rows)
        self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:
        return self._rows


class LogScreen(LiveScreen):
    """*event*: the line that it tells of is lit. *copy* puts text into the clipboard and says so."""

    kind = actions.LOG
    DEFAULT_CSS = "LogScreen #log { height: 1fr; } LogScreen #log-head { height: 1; }"

    def __init__(self, model: Model, key: AppKey, copy: Callable[[str, str], str], event: Event | None = None) -> None:
        super().__init__(model)
        self._key, self._copy, self._event = key, copy, event
        self._head, self._view = LogHead(), LogView()
        self._only = OnlyBar(self._limit)
        self._pattern = ""
        self._entries: Sequence[LogEntry] = ()

    @property
    def key(self) -> AppKey:
        return self._key

    @property
    def searched(self) -> LogView:
        return self._view

    def compose(self) -> ComposeResult:
        yield self.header
        yield self._head
        yield self._view
        yield self._only
        yield self.search_bar
        yield self.footer

    # ------------------------------------------------------------------------------------------------------------------ drawing

    def redraw(self) -> None:
        self._key = self.model.heir(self._key)
        super().redraw()
        pane = self.model.pane(self._key)
        if pane is None:
            return
        clock = report_parts.clock_of(pane.report, self.model.clock())
        if not (self.model.view.frozen and self._entries):
            self._entries = self.model.fleet.logs.entries(pane)
        self._view.show(self._entries, clock)
        if self._event is not None and self._view.size.height:
            event, self._event = self._event, None
            self._jump(event)
        self._tell()
        self.search_bar.tell()

    def _tell(self) -> None:
        """The head; what can wait gives way to lines."""
        pane, width = self.model.pane(self._key), self.size.width
        if pane is None:
            return
        clock = report_parts.clock_of(pane.report, self.model.clock())
        summary = self.model.timeline.log_of(pane, clock.here)
        rows = head_lines(pane, self._view.shown._replace(only=self._pattern, cut=self.model.fleet.logs.is_cut(pane)), width)
        logs = logs_of(pane)
        more = [*alarm_rows(summary, self.model.timeline.events_of(pane), logs, clock, width), *unread_rows(logs, width)]
        self._head.show([*rows, *clamp(more, max(1, self.size.height // HEAD_MOST - len(rows)), width)])

    def on_log_view_turned(self) -> None:
        self._tell()

    # ---------------------------------------------------------------------------------------------------------------------- keys

    def takes_key(self, key: str) -> bool:
        if key in BY_ID["only"].keys:
            self.say("")
            self._only.open()
            return True
        return super().takes_key(key)

    def methods(self) -> Mapping[str, Callable[[], None]]:
        move = self._view.move
        return {
            "up": partial(move, -1),
            "down": partial(move, 1),
            "page_up": lambda: move(-self._page),
            "page_down": lambda: move(self._page),
            "half_page_up": lambda: move(-self._page // 2),
            "half_page_down": lambda: move(self._page // 2),
            "line_up": partial(move, -1),
            "line_down": partial(move, 1),
            "first": partial(move, -(10**9)),
            "last": self._follow,
            "left": partial(self._neighbour, -1),
            "right": partial(self._neighbour, 1),
            "next_finding": partial(self._alarm, 1),
            "previous_finding": partial(self._alarm, -1),
            "search": self.search_bar.open,
            "follow": self._toggle_follow,
            "only": self._only.open,
            "wrap": self._wrap,
            "traces": self._traces,
            "copy": self._copy_lines,
            "back": self._back,
        }

    @property
    def _page(self) -> int:
        return max(1, self._view.size.height - 2)

    def _follow(self) -> None:
        self._view.follow()
        self._tell()

    def _toggle_follow(self) -> None:
        if self._view.follows:
            self._view.stop()
        else:
            self._follow()

    def _alarm(self, step: int) -> None:
        if not self._view.next_alarm(step):
            self.say("no line of this log is an alarm")

    def _wrap(self) -> None:
        self._view.wrapped = not self._view.wrapped
        self._view.reshaped()
        self._tell()

    def _traces(self) -> None:
        self._view.unfolded = not self._view.unfolded
        self._view.reshaped()
        self.say("traces are unfolded" if self._view.unfolded else "traces are folded under their line")

    def _limit(self, typed: str) -> None:
        self._pattern, self._view.only = typed, pattern_of(typed)
        self._view.redraw()
        self._tell()

    def _copy_lines(self) -> None:
        """The line that is lit with its trace, else those in sight."""
        said = self._view.lit.line if self._view.lit is not None else None
        words = [said.text, *said.trace] if said is not None else [row.text.strip() for row in self._view.in_sight()]
        self.say(self._copy("\n".join(["```", *words, "```", ""]), "the line" if said is not None else "the lines in sight"))

    def _back(self) -> None:
        if self._pattern:
            self._only.clear()
        else:
            self.app.pop_screen()

    def _neighbour(self, step: int) -> None:
        keys = [pane.key for pane in self.model.panes()]
        if self._key in keys:
            self._key = keys[(keys.index(self._key) + step) % len(keys)]
            self.model.view = replace(self.model.view, selected=self._key)
            self._view.marked, self._entries = -1, ()
            self._view.follow()
            self.redraw()

    def _jump(self, event: Event) -> None:
        """Light the line that *event* tells of."""
        pane = self.model.pane(self._key)
        found = place_of(event, self.model.fleet.logs.entries(pane)) if pane is not None else None
        if found is None:
            self.say(f"no line of {event.source} is left of what was read")
            return
        entry, exact = found
        self._view.go(entry.number)
        if not exact:
            self.say(f"that line is not in what was read any more: this is the next one of {event.source} ({key_of('back')} goes back)")
