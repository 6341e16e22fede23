"""How a screen is shared out among its parts. Pure."""

from __future__ import annotations

from typing import NamedTuple

from stalewatch.dashboard.widgets.pane_grid import PANE_HEIGHT, across

LEAST = (60, 20)
"""Columns and rows below which a polite line is shown instead."""


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
    """What the person asked for: *dense* table or panes (None: by itself), the filter's row, the keys on the timeline."""

    dense: bool | None = None
    filtering: bool = False
    reading: bool = False


def share(width: int, height: int, panes: int, servers: int, wanted: Wanted = Wanted()) -> Sizes:  # noqa: B008  a constant value
    """Panes where all of them fit beside a useful timeline, else the dense table with one pane under it."""
    summary = 1 if height >= 30 else 0
    free = height - 2 - summary - (1 if wanted.filtering else 0)
    columns = across(width, max(1, panes))
    rows = -(-max(1, panes) // columns)
    timeline = 1 + min(servers, 4) + 5
    dense = wanted.dense if wanted.dense is not None else rows * (PANE_HEIGHT - 2) + timeline > free
    if dense:
        return _dense(free, summary, panes, servers, wanted.reading)
    lanes = 1 + max(1, min(servers, max(3, free // 4)))
    pane = min(PANE_HEIGHT, max(PANE_HEIGHT - 2, (free - lanes - 6) // rows))
    grid = min(rows * pane, max(pane, free - lanes - 6), free - lanes - 2)
    return Sizes(summary, 0, 0, grid, min(pane, grid), columns, lanes, max(2, free - grid - lanes))


def _dense(free: int, summary: int, panes: int, servers: int, reading: bool) -> Sizes:
    """The table; the one pane under it gives way to more rows. While somebody reads the timeline, the list of events has its room."""
    lanes = 1 + max(1, min(servers, max(3, free // 6)))
    events = max(3, free // 6)
    left = free - lanes - events
    strip = min(max(left - 1 - panes, STRIP[0]), STRIP[1] if free >= 32 else 10, left - min(1 + panes, 4))
    if reading or strip < 5:
        strip = 0
    rows = min(1 + panes, max(4, left - strip))
    return Sizes(summary, rows, strip, 0, 0, 1, lanes, max(2, free - rows - strip - lanes))
