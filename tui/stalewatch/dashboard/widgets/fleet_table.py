"""The dense table: one row per pane, one sign per layer. Rows are built for what is in sight only."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from textual.message import Message

from stalewatch.dashboard.render import report_parts
from stalewatch.dashboard.render.heading import counts
from stalewatch.dashboard.render.lines import Line, Span, columns, crop, fill, line, text_crop
from stalewatch.dashboard.render.names import group_of, name_of, server_spans
from stalewatch.dashboard.render.pane_lines import headline
from stalewatch.dashboard.render.signs import CURSOR, MARK, badge_in, layer_sign
from stalewatch.dashboard.render.sorting import LIVE, WORST, By, seen_at
from stalewatch.dashboard.render.spark import sparkline
from stalewatch.dashboard.render.table_head import COMMIT, LAYER_HEADS, RATE, VERDICT, Sight, column_at, head, shape_of
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.dashboard.widgets.server_clicked import ServerClicked
from stalewatch.model import figures
from stalewatch.model.memo import Memos
from stalewatch.model.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from textual import events

    from stalewatch.dashboard.render.pane_lines import RenderOptions
    from stalewatch.dashboard.render.sorting import Sorting
    from stalewatch.dashboard.render.table_head import Shape
    from stalewatch.engine.board import Pane
    from stalewatch.model.inventory import AppKey


def row(pane: Pane, options: RenderOptions, width: int, twin: bool = False, by: By = By.RATE) -> Line:
    """One pane in one row; *twin*: its server has other apps too; *by*: what orders, and may be shown for it."""
    shape = shape_of(width)
    name = _name(pane, shape.name - 2, twin)
    known = pane.report.host if pane.report else None
    cells = [
        line(
            Span(CURSOR if options.focused else " ", "accent"),
            Span(MARK if options.marked else " ", "mark"),
            *server_spans(name, options.shared, shape.name - 2, "strong" if options.focused else "text"),
        ),
        line(badge_in(headline(pane, options), VERDICT)),
    ]
    if words := _instead(pane):
        rest = width - shape.name - VERDICT - 2
        begin = shape.commit + 1 if shape.commit and pane.error is None else 0
        made = columns([*cells, line(" " * begin, Span(text_crop(words, rest - begin), "muted"))], (shape.name, VERDICT, rest))
    else:
        cells += [
            *([line(Span(str(known.release.commit)[: COMMIT - 1] if known else "", "muted"))] if shape.commit else []),
            _layers(pane, shape),
            *([_last(pane, options, shape.rate, by)] if shape.rate else []),
        ]
        made = columns(cells, shape.widths)
    made = fill(made, width)
    return made.over("cursor") if options.focused else made


def _name(pane: Pane, room: int, twin: bool) -> str:
    full = f"{pane.server} {name_of(pane)}" if pane.app else pane.server
    return full if twin or len(full) <= room else pane.server


def _instead(pane: Pane) -> str:
    """What stands in the place of all that is not known of a server that was never seen; "" it was."""
    if pane.report is not None and (pane.error is None or pane.report.snapshot is not None):
        return ""
    return str(pane.error.message) if pane.error else f"connecting: {pane.step or 'waiting'}"


def _layers(pane: Pane, shape: Shape) -> Line:
    assert pane.report is not None
    before, after = " " * ((shape.cell - 1) // 3), " " * (shape.cell - 1 - (shape.cell - 1) // 3)
    spans: list[Span] = []
    for layer in LAYER_HEADS:
        spans += [Span(before), layer_sign(layer, pane.report.layers.get(layer, Verdict.UNKNOWN)), Span(after)]
    return crop(Line(tuple(span for span in spans[:-1] if span.text)), shape.layers)


def _last(pane: Pane, options: RenderOptions, room: int, by: By) -> Line:
    """The hit rate, or the age of the deploy or of the data."""
    if by not in (By.DEPLOY, By.AGE) or pane.report is None:
        return _rate(pane, options, room)
    deploy = report_parts.last_deploy(pane.report)
    at = seen_at(pane.report) if by is By.AGE else deploy.at if deploy else None
    if at is None:
        return line("")
    here = report_parts.clock_of(pane.report, options.clock)
    words = "live" if by is By.AGE and here.here - at < LIVE else here.since(at)
    return line(words if len(words) <= room else " ".join(words.split(" ")[:2]))


def _rate(pane: Pane, options: RenderOptions, room: int) -> Line:
    if pane.report is None or pane.report.hit_rate is None:
        return line("")
    low = pane.report.hit_rate < options.threshold
    words = figures.percent(pane.report.hit_rate, 0)
    spark = sparkline(pane.report.hit_rates, room - max(5, len(words)) - 3)
    mark = (" !" if room > RATE else "!") if low else ""
    if spark:
        words, mark, spark = f"{words:>5}", f"{mark:<2}", f" {spark}"
    return line(Span(words, "warning" if low else "text"), Span(mark, "warning"), Span(spark, "spark"))


class FleetTable(LinesView):
    """Row 0 is the head and stays; the rest scrolls by itself to keep the selected row in sight."""

    class Ordered(Message):
        """The head of a column was clicked."""

        def __init__(self, by: By) -> None:
            super().__init__()
            self.by = by

    class Wheeled(Message):
        """The mouse wheel was turned over the rows: *step* is 1 downwards, else -1."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self) -> None:
        super().__init__(id="table")
        self._panes: Sequence[Pane] = ()
        self._options: Sequence[RenderOptions] = ()
        self._rows: list[int | Line] = []
        self._apps: Counter[str] = Counter()
        self._grouped = False
        self._at = self._top = 0
        self._sorting = WORST
        self._made: Memos[Line] = Memos()

    def show(self, panes: Sequence[Pane], options: Sequence[RenderOptions], selected: int, grouped: bool, sorting: Sorting) -> None:
        """*grouped*: a row before each group names it and counts its verdicts."""
        self._options, self._sorting = options, sorting
        if panes is not self._panes or grouped != self._grouped:
            self._panes, self._grouped = panes, grouped
            alarmed = {pane.key for pane, option in zip(panes, options, strict=True) if option.alarm is not None}
            self._rows = list(_rows(panes, alarmed, grouped))
            self._apps = Counter(pane.server for pane in panes)
        self._at = self._rows.index(selected) if selected in self._rows else 0
        self.redraw()

    def scroll_line(self, step: int) -> bool:
        """Scroll by a line; whether the selected row would be out of sight, and must come along."""
        top = max(0, min(self._top + step, len(self._rows) - self._room))
        if top == self._top:
            return False
        self._top = top
        if top > self._above or self._at >= top + self._room:
            return True
        self.redraw()
        return False

    @property
    def _room(self) -> int:
        return max(1, self.size.height - 1)

    @property
    def _above(self) -> int:
        """The row that is seen with the selected one: the head of its group, if it is the first there."""
        return self._at - 1 if self._at and isinstance(self._rows[self._at - 1], Line) else self._at

    def build(self, width: int, height: int) -> Sequence[Line]:
        room = max(1, height - 1)
        self._top = max(0, min(max(self._top, self._at - room + 1), self._above, len(self._rows) - room))
        shown = self._rows[self._top : self._top + room]
        numbers = [row for row in shown if isinstance(row, int)]
        cut = len(shown) < len(self._rows) and numbers
        rows = [self._row(row, width) if isinstance(row, int) else fill(row, width) for row in shown]
        sight = Sight(numbers[0] + 1, numbers[-1] + 1, len(self._panes)) if cut else None
        return [head(width, sight, self._sorting), *rows]

    def _row(self, at: int, width: int) -> Line:
        """The row of a pane, made again only where something it shows changed; with the cursor and without are kept both."""
        pane, options = self._panes[at], self._options[at]
        shown = (options, width, self._apps[pane.server] > 1, self._sorting.by)
        return self._made.get((pane.key, options.focused), lambda: row(pane, *shown), (pane,), shown)

    def on_mouse_scroll_up(self) -> None:
        self.post_message(self.Wheeled(-1))

    def on_mouse_scroll_down(self) -> None:
        self.post_message(self.Wheeled(1))

    def on_click(self, event: events.Click) -> None:
        if event.y == 0 and (by := column_at(event.x, self.size.width, self._sorting)) is not None:
            self.post_message(self.Ordered(by))
            return
        at = self._top + event.y - 1
        if event.y >= 1 and at < len(self._rows) and isinstance(chosen := self._rows[at], int):
            self.post_message(ServerClicked(self._panes[chosen].key, event.chain > 1))


def _rows(panes: Sequence[Pane], alarms: Collection[AppKey], grouped: bool) -> Iterator[int | Line]:
    """Places of *panes*, and before each group its head."""
    before = None
    for at, pane in enumerate(panes):
        if grouped and group_of(pane) != before:
            before = group_of(pane)
            tally = counts([one for one in panes if group_of(one) == before], alarms)
            yield Line((Span(f" {' · '.join(filter(None, before))}  ", "strong"), *tally.spans))
        yield at
