"""The dense table: one row per pane, one sign per layer. Rows are built for what is in sight only."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from textual.message import Message

from tui.report import Layer
from tui.widgets import facts
from tui.widgets.lines import Line, Span, beside, columns, crop, fill, line, text_crop
from tui.widgets.lines_view import LinesView
from tui.widgets.names import app_name
from tui.widgets.pane_lines import headline
from tui.widgets.signs import CURSOR, MARK, sign
from tui.widgets.spark import sparkline
from tui.widgets.times import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

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


SIGNS = 4 * len(LAYER_HEADS) - 1
NARROW = 2 * len(LAYER_HEADS) - 1
VERDICT, COMMIT = 20, 8


def widths(width: int) -> tuple[int, ...]:
    """Cells for name, verdict, commit, layers, and the hit rate where there is room for it.

    Three only where there is little room: name, verdict, one letter a layer.
    """
    rest = width - VERDICT - COMMIT - SIGNS - 3
    if rest < 10:
        return (width - VERDICT - NARROW - 2, VERDICT, NARROW)
    if rest < 24:
        return (rest, VERDICT, COMMIT, SIGNS)
    name = min(30, rest * 3 // 5)
    return (name, VERDICT, COMMIT, SIGNS, min(30, rest - name - 1))


def head(width: int) -> Line:
    """The names of the columns."""
    shape = widths(width)
    names: tuple[str, ...] = ("  server", "verdict", "commit", " ".join(LAYER_HEADS.values()), "hit rate")
    if len(shape) == 3:
        names = ("  server", "verdict", " ".join(word[0] for word in LAYER_HEADS.values()))
    row = columns([line(name) for name in names[: len(shape)]], shape)
    return Line(tuple(Span(span.text, "head") for span in fill(row, width).spans), "head")


def row(pane: Pane, look: Look, width: int, twin: bool = False) -> Line:
    """One pane in one row; *twin*: its server has other apps too."""
    shape = widths(width)
    name = text_crop(_name(pane, shape[0] - 2, twin), shape[0] - 2)
    known = facts.host(pane.report) if pane.report else None
    cells = [
        line(
            Span(CURSOR if look.focused else " ", "accent"),
            Span(MARK if look.marked else " ", "mark"),
            Span(name, "strong" if look.focused else "text"),
        ),
        line(headline(pane, look.clock)),
        line(Span(str(known.release.commit)[: COMMIT - 1] if known else "", "muted")),
        _layers(pane),
        _rate(pane, look, shape[-1]),
    ]
    if len(shape) == 3:
        cells[2:] = [_layers(pane, narrow=True)]
    made = fill(columns(cells[: len(shape)], shape), width)
    return made.over("cursor") if look.focused else made


def _name(pane: Pane, room: int, twin: bool) -> str:
    full = f"{pane.server} {app_name(pane.app)}" if pane.app else pane.server
    return full if twin or len(full) <= room else pane.server


def _layers(pane: Pane, narrow: bool = False) -> Line:
    room, before, after = (NARROW, "", " ") if narrow else (SIGNS, " ", "  ")
    if pane.report is None or (pane.error is not None and pane.report.snapshot is None):
        return line(Span(text_crop(str(pane.error.message) if pane.error else f"connecting: {pane.step or 'waiting'}", room), "muted"))
    spans: list[Span] = []
    for layer in LAYER_HEADS:
        spans += [Span(before), sign(pane.report.layers[layer]) if layer in pane.report.layers else Span("?", "unknown-mark"), Span(after)]
    return crop(Line(tuple(spans[:-1])), room)


def _rate(pane: Pane, look: Look, room: int) -> Line:
    if room < 4 or pane.report is None or pane.report.hit_rate is None:
        return line("")
    low = pane.report.hit_rate < look.threshold
    words = percent(pane.report.hit_rate, 0)
    spark = sparkline(pane.report.hit_rates, room - len(words) - 3)
    return line(Span(spark, "spark"), " " if spark else "", Span(words, "warning" if low else "text"), Span(" !" if low else "", "warning"))


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
        self._top = 0
        self._made: dict[tuple[str, str], tuple[Pane, tuple[Look, int, bool], Line]] = {}

    def show(self, panes: Sequence[Pane], looks: Sequence[Look], selected: int) -> None:
        self._panes, self._looks = panes, looks
        room = max(1, self.size.height - 1)
        self._top = min(max(self._top, selected - room + 1), max(0, selected), max(0, len(panes) - room))
        self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:
        shown = range(self._top, min(len(self._panes), self._top + height - 1))
        apps = Counter(pane.server for pane in self._panes)
        rows = [self._row(self._panes[at], self._looks[at], width, apps[self._panes[at].server] > 1) for at in shown]
        below = len(self._panes) - self._top - len(rows)
        top = head(width)
        if self._top or below:
            top = beside(
                crop(top, width - 16)._replace(base="head"),
                line(Span(f" {self._top + 1}–{self._top + len(rows)} of {len(self._panes)}", "head")),
                width,
            )
        return [top, *rows]

    def _row(self, pane: Pane, look: Look, width: int, twin: bool) -> Line:
        """The row of *pane*, made anew only where something it shows is another."""
        known = self._made.get(pane.key)
        if known is None or known[0] is not pane or known[1] != (look, width, twin):
            known = (pane, (look, width, twin), row(pane, look, width, twin))
            self._made[pane.key] = known
        return known[2]

    def on_click(self, event: events.Click) -> None:
        at = self._top + event.y - 1
        if event.y >= 1 and at < len(self._panes):
            self.post_message(self.Chosen(self._panes[at].key, event.chain > 1))
