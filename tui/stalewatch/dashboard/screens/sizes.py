"""How a screen is shared out among its parts. Pure."""

from __future__ import annotations

from typing import NamedTuple

from stalewatch.dashboard.widgets.pane_grid import PANE_HEIGHT, across

LEAST = (50, 12)
"""Columns and rows below which one line says so instead."""
ROOMY = (60, 20)
"""Columns and rows below which there is room for the sentence and one server only."""
SENTENCE = 175
"""Cells of the sentence about the fleet."""

STRIP = (7, 13)
"""Rows of the one pane under a table, at least and at most."""


class Sizes(NamedTuple):
    """Rows of each part; 0 is not shown. *pane*: of one pane in the grid, *columns*: panes side by side."""

    summary: int
    table: int
    strip: int
    grid: int
    pane: int
    columns: int
    lanes: int
    events: int


class Wanted(NamedTuple):
    """What the person asked for: *dense* table or panes (None: by itself), *filtering*: rows of a filter and of a search, *reading*: the
    keys are on the timeline; *sentence*: rows that the sentence about the fleet needs; *telling*: rows of the one pane under a table that
    an alarm needs."""

    dense: bool | None = None
    filtering: int = 0
    reading: bool = False
    sentence: int = 4
    telling: int = 0


def share(width: int, height: int, panes: int, servers: int, wanted: Wanted = Wanted()) -> Sizes:  # noqa: B008  a constant value
    """Panes where all of them fit beside a useful timeline, else the dense table with one pane under it; in a small terminal one pane."""
    summary = min(banner_rows(width, height, urgent=wanted.telling > 0), max(1, wanted.sentence))
    if not is_roomy(width, height):
        return _small(height - 2 - summary - wanted.filtering, summary, servers, wanted)
    free = height - 2 - summary - wanted.filtering
    columns = across(width, max(1, panes))
    rows = -(-max(1, panes) // columns)
    timeline = 1 + min(servers, 4) + 5
    dense = wanted.dense if wanted.dense is not None else rows * PANE_HEIGHT[0] + timeline > free
    if dense:
        return _dense(free, summary, panes, servers, wanted)
    lanes = 1 + max(1, min(servers, max(3, free // 4)))
    pane = min(PANE_HEIGHT[1], max(PANE_HEIGHT[0], (free - lanes - 6) // rows))
    grid = min(rows * pane, max(pane, free - lanes - 6), free - lanes - 2)
    return Sizes(summary, 0, 0, grid, min(pane, grid), columns, lanes, max(2, free - grid - lanes))


def _small(left: int, summary: int, servers: int, wanted: Wanted) -> Sizes:
    """Below the sentence what was asked for: one server, all of them as a table, or the timeline."""
    if wanted.reading:
        lanes = 1 + max(1, min(servers, left // 2 - 1))
        return Sizes(summary, 0, 0, 0, 0, 1, lanes, left - lanes)
    if wanted.dense:
        return Sizes(summary, left, 0, 0, 0, 1, 0, 0)
    return Sizes(summary, 0, left, 0, 0, 1, 0, 0)


def is_roomy(width: int, height: int) -> bool:
    """Whether servers and timeline have room side by side."""
    return width >= ROOMY[0] and height >= ROOMY[1]


def banner_rows(width: int, height: int, *, urgent: bool = False) -> int:
    """The rows that the sentence may take: whole where there are rows for it; one more where it says what to type at an alarm."""
    if not is_roomy(width, height):
        return min(-(-SENTENCE // width), max(1, height // 3 - 1))
    return (1 if width >= 180 or (height < 22 and width >= 80) else 2) + urgent


def _dense(free: int, summary: int, panes: int, servers: int, wanted: Wanted) -> Sizes:
    """The table; the one pane under it gives way to more rows. While somebody reads the timeline, the list of events has its room."""
    lanes = 1 + max(1, min(servers, max(3, free // 6)))
    events = max(3 if free >= 18 else 2, free // 6)
    head = min(1 + panes, 4)
    events -= max(0, min(events - 2, wanted.telling - (free - lanes - events - head)))
    left = free - lanes - events
    strip = min(max(left - 1 - panes, STRIP[0], wanted.telling), STRIP[1] if free >= 32 else 10, left - head)
    if wanted.reading or strip < 5:
        strip = 0
    rows = min(1 + panes, max(4, left - strip))
    return Sizes(summary, rows, strip, 0, 0, 1, lanes, max(2, free - rows - strip - lanes))
