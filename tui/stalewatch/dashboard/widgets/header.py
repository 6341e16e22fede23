"""The first line: what is watched, its verdicts, that it is live, and the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal

from stalewatch.dashboard.render.heading import Heading, Pulse, header_line
from stalewatch.dashboard.render.lines import cut
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.model.replace import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from stalewatch.dashboard.render.lines import Line
    from stalewatch.dashboard.render.times import Clock


WORDS = 16
"""Cells before the dot of the pulse in which its words change: ``every 2 s``, ``! late 15 s``."""


class HeaderPart(LinesView):
    """Some cells of a row that was made elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self._row: Line | None = None

    def show(self, row: Line) -> None:
        self._row = row
        self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:
        return [self._row] if self._row is not None else ()


class HeaderView(Horizontal):
    """One row in three widgets, because Textual sends a changed row from its widget's first cell on: what changes with data, the words of
    the pulse, and what changes each second. The dot of the pulse is sent with the second that changed beside it: a few bytes a look, and
    no frame of its own. The row is cut where it may: while words grow, no widget does, which would send everything again."""

    DEFAULT_CSS = """
    HeaderView { height: 1; }
    HeaderView > HeaderPart { width: 1fr; height: 1; }
    """

    def __init__(self) -> None:
        super().__init__(id="header")
        self.data, self.words, self.ticking = HeaderPart(), HeaderPart(), HeaderPart()
        self._heading: Heading | None = None
        self._clock: Clock | None = None
        self._interval = 0.0
        self._pulse: Pulse | None = None
        self._looked_at: float | None = None
        self._full = False

    def compose(self) -> ComposeResult:
        yield from (self.data, self.words, self.ticking)

    def show(self, heading: Heading) -> None:
        if heading != self._heading:
            self._heading = heading
            self._draw()

    def tick(self, clock: Clock, interval: float, looked_at: float | None, now: float) -> None:
        """*looked_at*: when a look last ended, and *now* (monotonic). *interval* 0: nothing looks."""
        shown = replace(clock, now=float(int(clock.now)))
        if (shown, interval) == (self._clock, self._interval):
            return
        self._clock, self._interval = shown, interval
        if looked_at != self._looked_at:
            self._looked_at, self._full = looked_at, not self._full
        silent_for = None if looked_at is None else max(0.0, now - looked_at)
        self._pulse = Pulse(interval, silent_for, self._full) if interval else None
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width = self.size.width or self.app.size.width
        if self._heading is None or self._clock is None or width <= 0:
            return
        row, ticking = header_line(self._heading, self._clock, self._pulse, width)
        words = min(WORDS, width - ticking)
        self.words.styles.width, self.ticking.styles.width = words, ticking
        rest, last = cut(row, width - ticking)
        for part, cells in zip((self.data, self.words, self.ticking), (*cut(rest, width - ticking - words), last), strict=True):
            part.show(cells)
