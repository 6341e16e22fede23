"""The timeline as widgets: lanes above, the list of events below."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message

from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render.lanes import NARROW, PART, CursorLine, Lane, Shading, axis, event_line, event_widths, lane, legend
from stalewatch.dashboard.render.lines import BLANK, Line, Span, beside, line
from stalewatch.dashboard.render.names import Shared
from stalewatch.dashboard.render.time_window import window
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.model import figures
from stalewatch.model.memo import Memo, Memos

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping, Sequence

    from textual import events

    from stalewatch.dashboard.render.searching import Match
    from stalewatch.dashboard.render.time_window import TimeWindow
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.timeline import Event


CELL_BYTES = 4
"""What a cell of a lane costs on the line, about: Textual sends a changed row as a whole."""
IDLE_BYTES = 100
"""Bytes per second that lanes may cost where nothing happens and only time goes on."""


class Scope(NamedTuple):
    """Which time is shown: *span* and *pan* in seconds; *focused*: the keys move here; *cursor*: the event that is read out.

    *clocks*: of the servers that have another clock than *clock*: in their own zones, or because they are off. *older*: how many events
    there are beyond those that are listed. *frozen*: time stands still, and the right edge is not now. *parts*: of runbooks, by key.
    *shared*: what the names of the servers have in common.
    """

    clock: Clock
    span: int
    pan: float
    focused: bool = False
    cursor: Event | None = None
    kinds: str = "all"
    clocks: Mapping[str, Clock] = {}
    older: int = 0
    frozen: bool = False
    parts: Mapping[str, tuple[Event, ...]] = {}
    unfolded: frozenset[str] = frozenset()
    shared: Shared = Shared()

    def fold_of(self, event: Event) -> str:
        """What is said of the parts of *event* in the list: how many, or that it is one."""
        if event.key in self.parts:
            return "[-]" if event.key in self.unfolded else f"[+{len(self.parts[event.key])}]"
        return PART if any(event in self.parts.get(key, ()) for key in self.unfolded) else ""

    def at(self, other: Scope) -> Scope:
        """The same at the time of *other*."""
        return self._replace(clock=other.clock, clocks=other.clocks)

    def clock_of(self, server: str) -> Clock:
        """The clock of *server*."""
        return self.clocks.get(server, self.clock)


class LanesView(LinesView):
    """One row per server on one axis of time."""

    def __init__(self) -> None:
        super().__init__(id="lanes")
        self._rows: Sequence[Lane] = ()
        self._top = 0
        self._scope: Scope | None = None
        self._now = 0.0
        self._drawn_window: TimeWindow | None = None
        self._made: Memos[Line] = Memos()
        self._axis: Memo[Line] = Memo()
        self._longest: Memo[int] = Memo()

    def show(self, rows: Sequence[Lane], scope: Scope, now: float) -> None:
        """*now*: epoch seconds by this machine's clock, up to which the lanes are drawn."""
        if self._scope is None or (rows, scope) != (self._rows, self._scope.at(scope)):
            self._now = now
        self._rows, self._scope = rows, scope
        self._go_on(now)
        self.redraw()

    def pass_time(self, now: float) -> None:
        """Go on to *now*. While that is in the same cell nothing is drawn; many wide lanes go on in larger steps."""
        self._go_on(now)
        if self._scope is not None and self._window(self._scope, self.room[0]) != self._drawn_window:
            self.redraw()

    def _go_on(self, now: float) -> None:
        width, height = self.room
        step = min(height, len(self._rows) + 1) * width * CELL_BYTES / IDLE_BYTES
        if not 0 <= now - self._now < step:
            self._now = now

    def build(self, width: int, height: int) -> Sequence[Line]:
        if self._scope is None:
            return ()
        scope, label = self._scope, self._label(width)
        view = self._drawn_window = self._window(scope, width)
        shown = self._near(height - 1)
        mark = _cursor_line(scope, view)
        column = mark.column if mark is not None else None
        more = self._more(width) if len(shown) < len(self._rows) else ""
        look = (view, scope.clock, label, scope.focused, scope.frozen)
        return [
            self._axis.get(lambda: axis(*look, mark=mark, more=more), equal=(look, mark, more)),
            *(self._lane(row, view, label, scope.cursor, column) for row in shown),
        ]

    def _window(self, scope: Scope, width: int) -> TimeWindow:
        return window(self._now, scope.span, scope.pan, width - self._label(width) - 1)

    def _label(self, width: int) -> int:
        """Cells of the names: a quarter of a narrow screen at most, a sixth of a wide one."""
        rows = self._rows
        names = self._longest.get(lambda: max((len(row.label) + 4 for row in rows), default=0), (rows,))
        many = len(" timeline  ") + len(self._more(width)) if len(self._rows) >= self.room[1] else 0
        return min(max(11, many, min(20, width // 4), width // 6), max(11, names, many))

    def _more(self, width: int) -> str:
        """How many lanes there is room for, of how many."""
        shown, many = self.room[1] - 1, len(self._rows)
        return f"{shown} of {many}" if width >= NARROW else f"{shown}/{many}"

    def _lane(self, row: Lane, window: TimeWindow, label: int, cursor: Event | None, mark: int | None) -> Line:
        """The lane of *row*, made again only where it changed, the window moved or the cursor did."""
        own = cursor if cursor is not None and cursor.server == row.name else None
        shared = self._scope.shared if self._scope is not None else Shared()
        look = (row[2:], window, label, own, mark, shared)
        return self._made.get((row.name, row.selected), lambda: lane(row, window, label, own, mark, shared), (row.events,), look)

    def _near(self, room: int) -> Sequence[Lane]:
        """As many lanes as there is room for, the selected one among them; they move no further than they must."""
        at = next((number for number, row in enumerate(self._rows) if row.selected), 0)
        self._top = max(0, min(max(self._top, at - room + 1), at, len(self._rows) - room))
        return self._rows[self._top : self._top + room]


def _cursor_line(scope: Scope, view: TimeWindow) -> CursorLine | None:
    """Where the event under the cursor is, by this machine's clock, as all lanes are drawn; written by its own server's."""
    if scope.cursor is None:
        return None
    clock = scope.clock_of(scope.cursor.server)
    column = view.column(scope.cursor.at - clock.skew)
    return CursorLine(column, clock.ago(scope.cursor.at) if clock.relative else clock.hms(scope.cursor.at)) if column is not None else None


class EventsView(LinesView):
    """The list under the lanes, newest first."""

    heads = 1
    flows = False

    class Picked(Message):
        """An event was clicked."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def __init__(self, unfold: Callable[[frozenset[str] | None], None] = lambda _keys: None) -> None:
        """*unfold*: told which runbooks have hits in what they did, while something is searched for; None: no more."""
        super().__init__(id="events", classes="-scrolls")
        self._unfold = unfold
        self._hits: frozenset[str] = frozenset()
        self._events: Sequence[Event] = ()
        self._scope: Scope | None = None
        self._shading = Shading()
        self._widths: Memo[Mapping[str, int]] = Memo()
        self._made: Memos[Line] = Memos()

    def show(self, shown: Sequence[Event], scope: Scope, shading: Shading) -> None:
        """*shown*: newest first."""
        if shown is self._events and (scope, shading) == (self._scope, self._shading) and self.lines:
            return
        if self._pattern is not None and (self._scope is None or scope.parts is not self._scope.parts):
            self.call_later(self._follow)
        self._events, self._scope, self._shading = shown, scope, shading
        self.redraw()
        if scope.focused and scope.cursor in shown:
            at = 1 + shown.index(scope.cursor)
            self.show_row(at + 1 if scope.older and at == len(shown) else at)

    def scroll_line(self, step: int) -> bool:
        """Scroll by a line; whether the cursor would be out of sight, and must come along."""
        before = self.scroll_offset.y
        self.scroll_to(y=before + step, animate=False)
        if self._scope is None or self._scope.cursor not in self._events or self.scroll_offset.y == before:
            return False
        at = 1 + self._events.index(self._scope.cursor) - self.scroll_offset.y
        return not 0 <= at < self.size.height

    def build(self, width: int, height: int) -> Sequence[Line]:
        if self._scope is None:
            return ()
        scope = self._scope
        head = self._head(scope.kinds, width)
        if not self._events:
            return [head, line(Span("  no events yet", "muted")) if height > 1 else BLANK]
        dated = scope.clock if scope.clock.relative else (scope.clock.tz, scope.clock.here // 3600)
        widths = self._widths.get(lambda: event_widths(self._events, scope.clock_of, width), (self._events,), (dated, scope.clocks, width))
        shown = (dated, width, *widths.values())
        rows = [head, *(self._line(event, scope, widths, width, shown) for event in self._events)]
        if scope.older:
            more = f"  and {figures.whole(scope.older)} older: {key_of('earlier')} moves back in time, {key_of('kinds')} lists fewer kinds"
            rows.append(line(Span(more, "muted")))
        return rows

    def _head(self, listed: str, width: int) -> Line:
        """The legend of what the lanes show, and which events are listed."""
        many = len(self._events)
        if self._scope is not None and self._scope.older:
            words = f"{listed} · newest {many} of {figures.whole(many + self._scope.older)} "
        else:
            words = f"{figures.count(many, 'event')} " if listed == "all events" and width < NARROW else f"{listed} · {many} "
        drawn = {event.kind for event in self._events}
        return beside(Line((Span(" "), *legend(width - len(words) - 3, self._shading, drawn).spans)), line(Span(words, "muted")), width)

    def _line(self, event: Event, scope: Scope, widths: Mapping[str, int], width: int, shown: tuple[object, ...]) -> Line:
        """The row of *event*, made again only where it changed or looks different: most rows stay what they were."""
        selected, clock = scope.focused and event == scope.cursor, scope.clock_of(event.server)
        fold = scope.fold_of(event)
        look = (*shown, selected, clock.offset, clock.skew, fold, scope.shared)
        return self._made.get(event.key, lambda: event_line(event, clock, widths, width, selected, fold, scope.shared), (event,), look)

    def search(self, pattern: re.Pattern[str] | None, row: int = 0) -> None:
        """A runbook with a hit is unfolded meanwhile. At its end the one that is read stays so."""
        self._hits = self._runbooks_with(pattern) if pattern is not None else frozenset()
        self._unfold(self._hits if pattern is not None else None)
        super().search(pattern, row)

    def _follow(self) -> None:
        """A runbook that came, or went on, while its words are lit is unfolded like those before it."""
        if self._pattern is not None and (hits := self._runbooks_with(self._pattern)) - self._hits:
            self._hits |= hits
            self._unfold(self._hits)

    def drop_search(self, top: int) -> None:
        self._unfold(frozenset())
        super().drop_search(top)

    def _runbooks_with(self, pattern: re.Pattern[str]) -> frozenset[str]:
        """Those that are listed and have a hit in a row that is shown under them."""
        scope = self._scope
        if scope is None:
            return frozenset()
        widths = event_widths(self._events, scope.clock_of, self.room[0])
        return frozenset(
            event.key
            for event in self._events
            for part in scope.parts.get(event.key, ())
            if pattern.search(event_line(part, scope.clock_of(part.server), widths, self.room[0], False, PART, scope.shared).text)
        )

    def show_match(self, match: Match) -> None:
        """The cursor goes there."""
        super().show_match(match)
        self._pick(match.row - 1)

    def on_click(self, event: events.Click) -> None:
        self._pick(event.y + self.scroll_offset.y - 1)

    def _pick(self, row: int) -> None:
        if 0 <= row < len(self._events):
            self.post_message(self.Picked(row))
