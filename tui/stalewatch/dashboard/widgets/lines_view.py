"""The one widget that shows lines: compares before it repaints, keeps its rows as Strips, sends only what changed."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from stalewatch.dashboard.render.lines import BLANK, Line, fill
from stalewatch.dashboard.widgets.content import strip
from stalewatch.dashboard.widgets.theme import palette

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from stalewatch.dashboard.render.lines import Span


class LinesView(ScrollView, can_focus=False):
    """Subclasses hold values and override :meth:`build`; whoever sets values calls :meth:`redraw`."""

    DEFAULT_CSS = """
    LinesView { overflow-x: hidden; overflow-y: hidden; scrollbar-size-vertical: 1; background: $background;
        scrollbar-background: $panel; scrollbar-background-hover: $panel; scrollbar-color: $secondary; }
    LinesView.-scrolls { overflow-y: auto; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = ()
        self._strips: dict[int, Strip] = {}
        self._drawn: tuple[str, int] = ("", 0)

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The rows for a widget of *width* × *height* cells (more rows than *height*: it scrolls). Nothing, where it has no values yet."""
        return ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown now."""
        return self._lines

    def redraw(self) -> None:
        """Build again and repaint only the rows that differ."""
        width, height = self.room
        if width <= 0 or height <= 0:
            return
        before, after = self._lines, tuple(self.build(width, height))
        if after == before:
            return
        self._lines = after
        changed = [y for y in range(max(len(before), len(after))) if _at(before, y) != _at(after, y)]
        for y in changed:
            self._strips.pop(y, None)
        if len(before) != len(after):
            self.virtual_size = Size(width, len(after))
        top, bottom = self.scroll_offset.y, self.scroll_offset.y + self.size.height
        regions = [changed_cells(_at(before, y), _at(after, y), y - top, self.size.width) for y in changed if top <= y < bottom]
        if regions:
            self.refresh(*regions)

    @property
    def room(self) -> tuple[int, int]:
        """Cells to draw in: without the scrollbar's column where one may come."""
        bar = 1 if self.has_class("-scrolls") else 0
        return self.size.width - bar, self.size.height

    def show_row(self, y: int) -> None:
        """Scroll just as far as needed for row *y* to be seen.

        By force: rows that have only just come have no scrollbar yet, without which nothing scrolls.
        """
        top = self.scroll_offset.y
        if y < top:
            self.scroll_to(y=y, animate=False, force=True)
        elif y >= top + self.size.height:
            self.scroll_to(y=y - self.size.height + 1, animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        theme, width = self.app.theme, self.size.width
        if (theme, width) != self._drawn:
            self._strips.clear()
            self._drawn = (theme, width)
        row = y + self.scroll_offset.y
        made = self._strips.get(row)
        if made is None:
            made = strip(_at(self._lines, row), palette(theme), width)
            self._strips[row] = made
        return made

    def on_resize(self, event: events.Resize) -> None:
        self._strips.clear()
        self._lines = ()
        self.redraw()
        self.refresh()


def _at(rows: tuple[Line, ...], y: int) -> Line:
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
