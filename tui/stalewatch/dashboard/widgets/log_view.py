"""The lines of a server's logs, newest last: follows their end until somebody scrolls up. Only rows in sight are ever made."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from textual.geometry import Size
from textual.message import Message

from stalewatch.dashboard.render.lines import BLANK
from stalewatch.dashboard.render.log_head import LogShown
from stalewatch.dashboard.render.log_rows import LogLook, LogRows, matching, names_width
from stalewatch.dashboard.render.searching import Tally
from stalewatch.dashboard.widgets.lines_view import LinesView, changed_cells

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from textual import events

    from stalewatch.dashboard.log_book import LogEntry
    from stalewatch.dashboard.render.lines import Line
    from stalewatch.dashboard.render.times import Clock


class LogView(LinesView):
    """*only*: lines that do not match are left out. *marked*: the number of the line that is lit. Whoever sets one calls :meth:`redraw`."""

    class Turned(Message):
        """It follows the end, or does not any more."""

    def __init__(self) -> None:
        super().__init__(id="log", classes="-scrolls")
        self._every: Sequence[LogEntry] = ()
        self._entries: Sequence[LogEntry] = ()
        self._chosen_by: tuple[object, ...] = ()
        self._clock: Clock | None = None
        self._rows: LogRows | None = None
        self._heights: tuple[object, dict[int, int]] = (None, {})
        self._hits: list[int] = []
        self._last_seen = -1
        self._followed = False
        self.only: re.Pattern[str] | None = None
        self.follows, self.wrapped, self.unfolded = True, False, False
        self.marked = -1

    @property
    def shown(self) -> LogShown:
        """What it shows now."""
        later = 0 if self.follows else sum(entry.number > self._last_seen for entry in self._entries)
        return LogShown(self.follows, self.wrapped, len(self._entries), len(self._every), later)

    # ------------------------------------------------------------------------------------------------------------------ drawing

    def show(self, entries: Sequence[LogEntry], clock: Clock) -> None:
        """*entries*: oldest first."""
        self._every, self._clock = entries, clock
        self.redraw()

    def redraw(self) -> None:
        width, height = self.room
        if width <= 0 or height <= 0 or self._clock is None:
            return
        before, top = self.in_sight(), self.scroll_offset.y
        first, within = self._at_row(top)
        self._choose(self._clock)
        self._make(self._clock, width)
        to = self._place(first, within, top)
        if to != top:
            self.scroll_to(y=to, animate=False, force=True, immediate=True)
            self.refresh()
            return
        for y, (old, new) in enumerate(zip_longest(before, self.in_sight(), fillvalue=BLANK)):
            if old != new:
                self.refresh(changed_cells(old, new, y, self.size.width))

    def _make(self, clock: Clock, width: int) -> None:
        look = LogLook(clock, width, self.wrapped, self.unfolded, names_width(self._every), self.marked, self._pattern)
        drawn = (width, self.wrapped, self.unfolded, look.names, clock.zone, clock.offset, self._pattern)
        if drawn != self._heights[0] or len(self._heights[1]) > 2 * len(self._every) + 1000:
            self._heights = (drawn, {})
        self._lines = self._rows = LogRows(self._entries, look, self._heights[1])
        self._strips.clear()
        size = Size(width, len(self._rows))
        if size != self.virtual_size:
            self.virtual_size = size

    def _choose(self, clock: Clock) -> None:
        """What is shown, and what matches; made again only where something else is asked for or there is another line."""
        by = (self._every, self.only, self._pattern, clock.zone)
        if len(self._chosen_by) == len(by) and all(one is other for one, other in zip(by, self._chosen_by, strict=True)):
            return
        self._chosen_by = by
        self._entries = matching(self._every, self.only, clock)
        self._hits = [entry.number for entry in matching(self._entries, self._pattern, clock)] if self._pattern is not None else []

    def in_sight(self) -> list[Line]:
        """The rows on the screen."""
        top = self.scroll_offset.y
        return list(self._rows[top : top + self.size.height]) if self._rows is not None else []

    def _at_row(self, y: int) -> tuple[int, int]:
        """The number of the line at row *y*, and how many of its rows are above that; -1: no line is there."""
        if self._rows is None or not 0 <= y < len(self._rows):
            return -1, 0
        at = self._rows.entry_at(y)
        return self._entries[at].number, y - self._rows.start_of(at)

    def _place(self, first: int, within: int, top: int) -> int:
        """The row to be at the top: the end where it follows, else the same line as before."""
        if self._rows is None:
            return 0
        end = max(0, len(self._rows) - self.size.height)
        at = self._place_of(first) if not self.follows else None
        return end if self.follows else min(end, top if at is None else self._rows.start_of(at) + within)

    def _place_of(self, number: int) -> int | None:
        return next((at for at, entry in enumerate(self._entries) if entry.number == number), None)

    # ------------------------------------------------------------------------------------------------------------------- moving

    def move(self, rows: int) -> None:
        """Scroll down by *rows*; up where they are negative, which ends following."""
        if rows < 0:
            self.stop()
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False, force=True)

    def follow(self) -> None:
        """Go to the end, and stay there."""
        self.follows = True
        self.redraw()

    def stop(self) -> None:
        """Stay where it is while lines come."""
        if self.follows:
            self.follows = False
            self._last_seen = max((entry.number for entry in self._every), default=-1)
            self.post_message(self.Turned())

    def go(self, number: int) -> None:
        """Light the line *number* and bring it into sight."""
        self.marked = number
        self.redraw()
        at = self._place_of(number)
        if at is None or self._rows is None:
            return
        row, top, height = self._rows.start_of(at), self.scroll_offset.y, self.size.height
        if not top <= row < top + height or at < len(self._entries) - 1:
            self.stop()
        if not top <= row < top + height:
            self.scroll_to(y=max(0, row - height // 2), animate=False, force=True, immediate=True)

    def reshaped(self) -> None:
        """Lines have other heights now; the one that is lit stays in sight."""
        self.redraw()
        if not self.follows and self.lit is not None:
            self.go(self.marked)

    def on_click(self, event: events.Click) -> None:
        """The line that was clicked is lit: it can be copied."""
        number, _ = self._at_row(event.y + self.scroll_offset.y)
        if number >= 0:
            self.go(number)

    def on_mouse_scroll_up(self) -> None:
        self.stop()

    def on_scroll_to(self) -> None:
        self.stop()

    # ------------------------------------------------------------------------------------------------------------------- search

    def search(self, pattern: re.Pattern[str] | None, row: int = 0) -> None:
        self._followed = self.follows if self._pattern is None else self._followed
        self._pattern, self.marked = pattern, -1
        self.redraw()
        if self._hits:
            first, _ = self._at_row(row)
            below = [entry.number for entry in self._entries[self._place_of(first) or 0 :]]
            hits = set(self._hits)
            self.go(next((number for number in below if number in hits), self._hits[0]))

    def drop_search(self, top: int) -> None:
        if self._followed:
            self.search(None)
            self.follow()
            self.post_message(self.Turned())
        else:
            super().drop_search(top)

    def next_match(self, step: int) -> bool:
        if not self._hits:
            return False
        number, around = following(self._hits, [entry.number for entry in self._entries], self.marked, step)
        self.go(number)
        return around

    @property
    def tally(self) -> Tally:
        return Tally(self._hits.index(self.marked) if self.marked in self._hits else None, len(self._hits))

    def next_alarm(self, step: int) -> bool:
        """Light the next line that is an alarm, or the one before; whether there is one."""
        alarms = [entry.number for entry in self._entries if entry.line.alarm]
        if alarms:
            self.go(following(alarms, [entry.number for entry in self._entries], self.marked, step)[0])
        return bool(alarms)

    @property
    def lit(self) -> LogEntry | None:
        """The line that is lit."""
        at = self._place_of(self.marked)
        return None if at is None else self._entries[at]


def following(wanted: Sequence[int], order: Sequence[int], here: int, step: int) -> tuple[int, bool]:
    """The next of *wanted* behind *here* in *order* (before it where *step* is -1), and whether that was past the end; from nowhere the
    newest one."""
    if here not in order:
        return wanted[-1], False
    places = {number: at for at, number in enumerate(order)}
    at = places[here]
    rest = [number for number in wanted if places[number] * step > at * step]
    if rest:
        return (rest[0] if step > 0 else rest[-1]), False
    return (wanted[0] if step > 0 else wanted[-1]), True
