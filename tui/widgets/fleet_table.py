"""The dense table: one row per pane, one sign per layer. Rows are built for what is in sight only."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message

from tui.report import Layer
from tui.widgets import facts
from tui.widgets.header import counts
from tui.widgets.lines import Line, Span, columns, crop, fill, line, text_crop
from tui.widgets.lines_view import LinesView
from tui.widgets.names import app_name, group_of
from tui.widgets.pane_lines import headline
from tui.widgets.signs import CURSOR, MARK, sign
from tui.widgets.spark import sparkline
from tui.widgets.times import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual import events

    from tui.board import Pane
    from tui.widgets.pane_lines import Look

LAYER_HEADS = {
    Layer.RELEASE: "rel",
    Layer.PACKAGES: "pkg",
    Layer.CONFIG: "cfg",
    Layer.ROUTES: "rou",
    Layer.EVENTS: "evt",
    Layer.VIEWS: "vie",
    Layer.OPCACHE: "opc",
    Layer.FPM: "fpm",
    Layer.WORKERS: "que",
}


VERDICT, COMMIT, RATE = 20, 8, 6


class Shape(NamedTuple):
    """Cells of each column; 0 is not there. *cell*: of one layer in *layers*."""

    name: int
    commit: int
    cell: int
    rate: int

    @property
    def layers(self) -> int:
        return self.cell * len(LAYER_HEADS) - 1

    @property
    def widths(self) -> tuple[int, ...]:
        return tuple(filter(None, (self.name, VERDICT, self.commit, self.layers, self.rate)))


def shape_of(width: int) -> Shape:
    """What fits: all of it; shorter names of layers; or the name, the verdict and one letter a layer only."""
    layers = len(LAYER_HEADS)
    if (rest := width - VERDICT - COMMIT - 4 * layers - 2) >= 24:
        name = min(30, rest * 3 // 5)
        return Shape(name, COMMIT, 4, min(30, rest - name - 1))
    if (rest := width - VERDICT - COMMIT - 3 * layers - RATE - 3) >= 12:
        return Shape(rest, COMMIT, 3, RATE)
    return Shape(width - VERDICT - 2 * layers - 1, 0, 2, 0)


def head(width: int, where: str = "") -> Line:
    """The names of the columns; *where*: which rows are in sight."""
    shape = shape_of(width)
    layers = " ".join(word[: shape.cell - 1] for word in LAYER_HEADS.values())
    names = ("  server", where or "verdict", *(["commit"] if shape.commit else []), layers)
    rate = ["hit rate" if shape.rate > RATE else "hit %"] if shape.rate else []
    row = columns([line(name) for name in (*names, *rate)], shape.widths)
    return Line(tuple(Span(span.text, "head") for span in fill(row, width).spans), "head")


def row(pane: Pane, look: Look, width: int, twin: bool = False) -> Line:
    """One pane in one row; *twin*: its server has other apps too."""
    shape = shape_of(width)
    name = text_crop(_name(pane, shape.name - 2, twin), shape.name - 2)
    known = facts.host(pane.report) if pane.report else None
    cells = [
        line(
            Span(CURSOR if look.focused else " ", "accent"),
            Span(MARK if look.marked else " ", "mark"),
            Span(name, "strong" if look.focused else "text"),
        ),
        line(headline(pane, look.clock)),
        *([line(Span(str(known.release.commit)[: COMMIT - 1] if known else "", "muted"))] if shape.commit else []),
        _layers(pane, shape),
        *([_rate(pane, look, shape.rate)] if shape.rate else []),
    ]
    made = fill(columns(cells, shape.widths), width)
    return made.over("cursor") if look.focused else made


def _name(pane: Pane, room: int, twin: bool) -> str:
    full = f"{pane.server} {app_name(pane.app)}" if pane.app else pane.server
    return full if twin or len(full) <= room else pane.server


def _layers(pane: Pane, shape: Shape) -> Line:
    if pane.report is None or (pane.error is not None and pane.report.snapshot is None):
        words = str(pane.error.message) if pane.error else f"connecting: {pane.step or 'waiting'}"
        return line(Span(text_crop(words, shape.layers), "muted"))
    before, after = " " * ((shape.cell - 1) // 3), " " * (shape.cell - 1 - (shape.cell - 1) // 3)
    spans: list[Span] = []
    for layer in LAYER_HEADS:
        spans += [Span(before), sign(pane.report.layers[layer]) if layer in pane.report.layers else Span("?", "unknown-mark"), Span(after)]
    return crop(Line(tuple(span for span in spans[:-1] if span.text)), shape.layers)


def _rate(pane: Pane, look: Look, room: int) -> Line:
    if pane.report is None or pane.report.hit_rate is None:
        return line("")
    low = pane.report.hit_rate < look.threshold
    words = percent(pane.report.hit_rate, 0)
    spark = sparkline(pane.report.hit_rates, room - max(5, len(words)) - 3)
    mark = (" !" if room > RATE else "!") if low else ""
    if spark:
        words, mark, spark = f"{words:>5}", f"{mark:<2}", f" {spark}"
    return line(Span(words, "warning" if low else "text"), Span(mark, "warning"), Span(spark, "spark"))


class FleetTable(LinesView):
    """Row 0 is the head and stays; the rest scrolls by itself to keep the selected row in sight."""

    class Chosen(Message):
        """A row was clicked (*open*: twice)."""

        def __init__(self, key: tuple[str, str], open: bool) -> None:
            super().__init__()
            self.key = key
            self.open = open

    def __init__(self) -> None:
        super().__init__(id="table")
        self._panes: Sequence[Pane] = ()
        self._looks: Sequence[Look] = ()
        self._rows: list[int | Line] = []
        self._apps: Counter[str] = Counter()
        self._grouped = False
        self._top = 0
        self._made: dict[tuple[str, str], tuple[Pane, tuple[Look, int, bool], Line]] = {}

    def show(self, panes: Sequence[Pane], looks: Sequence[Look], selected: int, grouped: bool) -> None:
        """*grouped*: where a group begins, a row says which and how it stands."""
        self._looks = looks
        if panes is not self._panes or grouped != self._grouped:
            self._panes, self._grouped = panes, grouped
            self._rows = list(_rows(panes, grouped))
            self._apps = Counter(pane.server for pane in panes)
        at = self._rows.index(selected) if selected in self._rows else 0
        room = max(1, self.size.height - 1)
        above = at - 1 if at and isinstance(self._rows[at - 1], Line) else at
        self._top = max(0, min(max(self._top, at - room + 1), above, len(self._rows) - room))
        self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:
        shown = self._rows[self._top : self._top + height - 1]
        numbers = [row for row in shown if isinstance(row, int)]
        cut = len(shown) < len(self._rows) and numbers
        rows = [self._row(row, width) if isinstance(row, int) else fill(row, width) for row in shown]
        return [head(width, f"{numbers[0] + 1}–{numbers[-1] + 1} of {len(self._panes)}" if cut else ""), *rows]

    def _row(self, at: int, width: int) -> Line:
        """The row of a pane, made anew only where something it shows is another."""
        pane, look = self._panes[at], self._looks[at]
        shown = (look, width, self._apps[pane.server] > 1)
        known = self._made.get(pane.key)
        if known is None or known[0] is not pane or known[1] != shown:
            known = (pane, shown, row(pane, *shown))
            self._made[pane.key] = known
        return known[2]

    def on_click(self, event: events.Click) -> None:
        at = self._top + event.y - 1
        if event.y >= 1 and at < len(self._rows) and isinstance(chosen := self._rows[at], int):
            self.post_message(self.Chosen(self._panes[chosen].key, event.chain > 1))


def _rows(panes: Sequence[Pane], grouped: bool) -> Iterator[int | Line]:
    """Places of *panes*, and before each group its head."""
    before = None
    for at, pane in enumerate(panes):
        if grouped and group_of(pane) != before:
            before = group_of(pane)
            yield Line(
                (Span(f" {' · '.join(filter(None, before))}  ", "strong"), *counts([one for one in panes if group_of(one) == before]).spans)
            )
        yield at
