"""The timeline as widgets: lanes above, the list of events below."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message

from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render.lanes import NARROW, Lane, Shading, axis, event_line, event_widths, lane, legend
from stalewatch.dashboard.render.lines import BLANK, Line, Span, beside, line
from stalewatch.dashboard.render.time_window import window
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.model import figures
from stalewatch.model.memo import Memo, Memos

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual import events

    from stalewatch.dashboard.render.time_window import TimeWindow
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.timeline import Event


class Scope(NamedTuple):
    """Which time is shown: *span* and *pan* in seconds; *focused*: the keys move here; *cursor*: the event that is read out.

    *clocks*: of the servers that have another clock than *clock*: in their own zones, or because they are off. *older*: how many events
    there are beyond those that are listed. *frozen*: time stands still, and the right edge is not now.
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
        self._made: Memos[Line] = Memos()

    def show(self, rows: Sequence[Lane], scope: Scope) -> None:
        self._rows, self._scope = rows, scope
        self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:
        if self._scope is None:
            return ()
        scope = self._scope
        label = min(20, max([11, *(len(row.label) + 4 for row in self._rows)]))
        view = window(scope.clock.now, scope.span, scope.pan, width - label - 1)
        shown = self._near(height - 1)
        return [
            axis(view, scope.clock, label, scope.focused, scope.frozen),
            *(self._lane(row, view, label, scope.cursor) for row in shown),
        ]

    def _lane(self, row: Lane, window: TimeWindow, label: int, cursor: Event | None) -> Line:
        """The lane of *row*, made again only where it changed or the window moved."""
        return self._made.get(row.name, lambda: lane(row, window, label, cursor), (row.events,), (row[2:], window, label, cursor))

    def _near(self, room: int) -> Sequence[Lane]:
        """As many lanes as there is room for, the selected one among them; they move no further than they must."""
        at = next((number for number, row in enumerate(self._rows) if row.selected), 0)
        self._top = max(0, min(max(self._top, at - room + 1), at, len(self._rows) - room))
        return self._rows[self._top : self._top + room]


class EventsView(LinesView):
    """The list under the lanes, newest first."""

    class Picked(Message):
        """An event was clicked."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        super().__init__(id="events", classes="-scrolls")
        self._events: Sequence[Event] = ()
        self._scope: Scope | None = None
        self._shading = Shading()
        self._widths: Memo[Mapping[str, int]] = Memo()
        self._made: Memos[Line] = Memos()

    def show(self, shown: Sequence[Event], scope: Scope, shading: Shading) -> None:
        """*shown*: newest first."""
        if shown is self._events and (scope, shading) == (self._scope, self._shading) and self.lines:
            return
        self._events, self._scope, self._shading = shown, scope, shading
        self.redraw()
        if scope.focused and scope.cursor in shown:
            at = 1 + shown.index(scope.cursor)
            self.show_row(at + 1 if scope.older and at == len(shown) else at)

    def build(self, width: int, height: int) -> Sequence[Line]:
        if self._scope is None:
            return ()
        scope = self._scope
        head = self._head(scope.kinds, width)
        if not self._events:
            return [head, line(Span("  no events yet", "muted")) if height > 1 else BLANK]
        dated = scope.clock if scope.clock.relative else (scope.clock.tz, scope.clock.here // 3600)
        widths = self._widths.get(lambda: event_widths(self._events, scope.clock_of), (self._events,), (dated, scope.clocks))
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
        look = (*shown, selected, clock.offset, clock.skew)
        return self._made.get(event.key, lambda: event_line(event, clock, widths, width, selected), (event,), look)

    def on_click(self, event: events.Click) -> None:
        row = event.y + self.scroll_offset.y - 1
        if 0 <= row < len(self._events):
            self.post_message(self.Picked(row))
