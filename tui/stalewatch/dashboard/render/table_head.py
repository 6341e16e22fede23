"""The head of the dense table: what fits beside each other, what each column is called, and which one orders. Pure."""

from __future__ import annotations

from typing import NamedTuple

from stalewatch.dashboard.render.lines import Line, Span, columns, fill, line, text_crop
from stalewatch.dashboard.render.sorting import WORST, By, Sorting
from stalewatch.model.layers import LAYERS

LAYER_HEADS = {spec.layer: spec.heading for spec in LAYERS}

VERDICT, COMMIT, RATE = 20, 8, 6
"""Cells of columns; of the last one where it is narrow."""
_LAST = {By.RATE: ("hit rate", "hit %"), By.DEPLOY: ("deployed", "depl"), By.AGE: ("data from", "data")}
"""What the last column can show, and what it is called where it is wide, and where it is not."""


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


class Sight(NamedTuple):
    """Which rows are in sight, from 1, where not all of them are."""

    first: int
    last: int
    all: int


def head(width: int, sight: Sight | None = None, sorting: Sorting = WORST) -> Line:
    """The names of the columns, with a sign at the one that orders; *sight*: the rows that are in sight, where some are not."""
    shape = shape_of(width)
    heads = zip(_heads(shape, sorting), shape.widths, strict=True)
    names = [_signed(name, cells, sorting) if by is sorting.by else name for (name, by), cells in heads]
    if sight is not None:
        names[1] = _with_sight(names[1], sight, sorting)
    row = columns([line(name) for name in names], shape.widths)
    return Line(tuple(Span(span.text, "head") for span in fill(row, width).spans), "head")


def _signed(name: str, cells: int, sorting: Sorting) -> str:
    return f"{name} {sorting.sign}" if len(name) + 2 <= cells else f"{name}{sorting.sign}"


def column_at(x: int, width: int, sorting: Sorting) -> By | None:
    """What the column at cell *x* would order by; None: nothing (the layers)."""
    shape = shape_of(width)
    end = 0
    for (_, by), cells in zip(_heads(shape, sorting), shape.widths, strict=True):
        end += cells + 1
        if x < end:
            return by
    return None


def _heads(shape: Shape, sorting: Sorting) -> list[tuple[str, By | None]]:
    """What each column is called, and what it orders by."""
    layers = " ".join(word[: shape.cell - 1] for word in LAYER_HEADS.values())
    heads: list[tuple[str, By | None]] = [("  server", By.NAME), ("verdict", By.WORST), (layers, None)]
    if shape.commit:
        heads.insert(2, ("commit", By.COMMIT))
    if shape.rate:
        last = sorting.by if sorting.by in _LAST else By.RATE
        heads.append((_LAST[last][shape.rate <= RATE], last))
    if sorting.by not in {by for _, by in heads}:  # "since" stands beside the verdict; any other column that is not shown must be named
        heads[1] = ("since" if sorting.by is By.SINCE else f"by {sorting.by.value}", sorting.by)
    return heads


def _with_sight(name: str, sight: Sight, sorting: Sorting) -> str:
    """``verdict ▼ 1–16 of 31``: the sign and the rows always, the name where there is room."""
    rows = f"{sight.first}–{sight.last} of {sight.all}"
    short = f"{sorting.sign} {rows}" if name.endswith(sorting.sign) else rows
    whole = f"{name} {rows}"
    return whole if len(whole) <= VERDICT else text_crop(short, VERDICT)
