"""The one widget that shows lines: compares before it repaints, keeps its rows as Strips, sends only what changed."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView

from stalewatch.dashboard.render.cells import cell_len
from stalewatch.dashboard.render.lines import BLANK, Line, fill
from stalewatch.dashboard.render.searching import Tally, first_from, lit_rows, matches_in
from stalewatch.dashboard.widgets.content import strip
from stalewatch.dashboard.widgets.theme import palette

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from textual import events
    from textual.color import Color
    from textual.filter import LineFilter
    from textual.strip import Strip

    from stalewatch.dashboard.render.lines import Span
    from stalewatch.dashboard.render.searching import Match
    from stalewatch.dashboard.widgets.theme import Palette


class PaintedIn(NamedTuple):
    """What all rows of one painting have in common; asked of Textual for each row, it would be half of what a row costs. *filters*: what
    Textual does to each row before it is sent."""

    palette: Palette
    width: int
    filters: tuple[LineFilter, ...] = ()


class LinesView(ScrollView, can_focus=False):
    """Subclasses hold values and override :meth:`build`; whoever sets values calls :meth:`redraw`."""

    DEFAULT_CSS = """
    LinesView { overflow-x: hidden; overflow-y: hidden; scrollbar-size-vertical: 1; background: $background;
        scrollbar-background: $panel; scrollbar-background-hover: $panel; scrollbar-color: $secondary; }
    LinesView.-scrolls { overflow-y: auto; }
    """

    heads: ClassVar[int] = 0
    """Rows at the top that are not searched."""
    flows: ClassVar[bool] = True
    """Whether its texts are broken into rows, so that what is searched for may be; in a list each row is a thing of its own."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: Sequence[Line] = ()
        self._strips: dict[int, Strip] = {}
        self._look = PaintedIn(palette(""), 0)
        self._ground: Color | None = None
        self._top_row = 0
        self._pattern: re.Pattern[str] | None = None
        self._matches: Sequence[Match] = ()
        self._here: int | None = None

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The rows for a widget of *width* × *height* cells (more rows than *height*: it scrolls). Nothing, where it has no values yet."""
        return ()

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown now."""
        return self._lines

    def redraw(self) -> None:
        """Build again and repaint only the rows that differ."""
        width, height = self.room
        if width <= 0 or height <= 0:
            return
        before, after = self._lines, self._lit(self.build(width, height))
        if after == before:
            return
        self._lines = after
        changed = [y for y in range(max(len(before), len(after))) if _at(before, y) != _at(after, y)]
        for y in changed:
            self._strips.pop(y, None)
        if len(before) != len(after):
            self.virtual_size = Size(width, len(after))
        top, cells = self.scroll_offset.y, self.size.width  # asked once: Textual looks for both through all that is around
        regions = [changed_cells(_at(before, y), _at(after, y), y - top, cells) for y in changed if top <= y < top + height]
        if regions:
            self.refresh(*regions)

    # ------------------------------------------------------------------------------------------------------------------- search

    def search(self, pattern: re.Pattern[str] | None, row: int = 0) -> None:
        """Light what matches, and go to the first match in *row* or below it, else to the first of all. None: end of the search."""
        self._pattern, self._here = pattern, None
        self.redraw()
        if self._matches:
            self._go(first_from(self._matches, self.place_of(row)) or 0)

    def place_of(self, row: int) -> int:
        """Where *row* of what was shown before the search is now."""
        return row

    def drop_search(self, top: int) -> None:
        """As if nothing had been searched for; *top*: the row at the top before."""
        self.search(None)
        self.scroll_to(y=top, animate=False, force=True)

    def next_match(self, step: int) -> bool:
        """Go to the next match, or back (*step* -1); whether that was past the last or the first one."""
        if not self._matches:
            return False
        to = (-1 if step > 0 else 0) if self._here is None else self._here
        self._go((to + step) % len(self._matches))
        return not 0 <= to + step < len(self._matches)

    @property
    def tally(self) -> Tally:
        """How many matches there are now, and at which one we are."""
        return Tally(self._here, len(self._matches))

    def show_match(self, match: Match) -> None:
        """Bring *match* into sight, in the middle where it was out of it."""
        top, height = self.scroll_offset.y, self.size.height
        if not top <= match.row < top + height:
            self.scroll_to(y=max(0, match.row - height // 2), animate=False, force=True)

    def _go(self, at: int) -> None:
        self._here = at
        self.redraw()
        self.show_match(self._matches[at])

    def _lit(self, rows: Sequence[Line]) -> tuple[Line, ...]:
        """*rows* as they are drawn while something is searched for."""
        if self._pattern is None:
            self._matches = ()
            return tuple(rows)
        width = self.room[0] if self.flows else 0
        self._matches = [match for match in matches_in(self._pattern, (row.text for row in rows), width) if match.row >= self.heads]
        if self._here is not None:
            self._here = min(self._here, len(self._matches) - 1) if self._matches else None
        return lit_rows(rows, self._matches, self._here)

    @property
    def room(self) -> tuple[int, int]:
        """Cells to draw in: without the scrollbar's column where one may come."""
        bar = 1 if self.has_class("-scrolls") else 0
        width, height = self.size
        return width - bar, height

    def show_row(self, y: int) -> None:
        """Scroll just as far as needed for row *y* to be seen.

        By force: rows that have only just come have no scrollbar yet, without which nothing scrolls.
        """
        top = self.scroll_offset.y
        if y < top:
            self.scroll_to(y=y, animate=False, force=True)
        elif y >= top + self.size.height:
            self.scroll_to(y=y - self.size.height + 1, animate=False, force=True)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of *crop*. Each is exactly as wide as the widget, which has no border and no padding, so that Textual has nothing to
        add; only a link under the mouse is left to it."""
        look = PaintedIn(palette(self.app.theme), self.size.width, tuple(self.get_line_filters()))
        if look != self._look:
            self._strips.clear()
            self._look, self._ground = look, None
        self._top_row = self.scroll_offset.y
        if self.hover_style.meta:
            return super().render_lines(crop)
        if self._ground is None:
            self._ground = self.background_colors[1]
        rows = [self._filtered(self.render_line(y), look.filters, self._ground) for y in crop.line_range]
        return rows if crop.column_span == (0, look.width) else [row.crop(*crop.column_span) for row in rows]

    def render_line(self, y: int) -> Strip:
        row = y + self._top_row
        made = self._strips.get(row)
        if made is None:
            made = self._strips[row] = strip(_at(self._lines, row), self._look.palette, self._look.width)
        return made

    @staticmethod
    def _filtered(made: Strip, filters: Sequence[LineFilter], ground: Color) -> Strip:
        """*made* as it is sent; a Strip keeps what became of it."""
        for each in filters:
            made = made.apply_filter(each, ground)
        return made

    def on_resize(self, event: events.Resize) -> None:
        self._strips.clear()
        self._lines = ()
        self.redraw()
        self.refresh()
        if self._here is not None:
            self.show_match(self._matches[self._here])  # the row of the search itself may have come over it


def _at(rows: Sequence[Line], y: int) -> Line:
    return rows[y] if y < len(rows) else BLANK


def changed_cells(before: Line, after: Line, y: int, width: int) -> Region:
    """The cells of row *y* that differ, as one region: a second one in the same row would send what lies between them twice."""
    if before.base != after.base:
        return Region(0, y, width, 1)
    role = after.base or "text"
    old, new = fill(before, width, role=role).spans, fill(after, width, role=role).spans
    left = _alike(old, new)
    right = min(width - left - 1, _alike(old[::-1], new[::-1], backwards=True))
    return Region(left, y, max(1, width - left - right), 1)


def _alike(old: Sequence[Span], new: Sequence[Span], *, backwards: bool = False) -> int:
    """In how many cells *old* and *new* begin alike."""
    cells = 0
    for one, other in zip(old, new, strict=False):
        if one == other:
            cells += cell_len(one.text)
            continue
        if one[1:] != other[1:]:
            return cells
        step = -1 if backwards else 1
        pairs = zip(one.text[::step], other.text[::step], strict=False)
        return cells + sum(cell_len(char) for char, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return cells
