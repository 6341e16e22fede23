"""The window of time that lanes show: spans in fixed steps, a pan, and where a moment falls. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE, HOUR, DAY = 60, 3600, 86400
SPANS = (
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    20 * MINUTE,
    30 * MINUTE,
    45 * MINUTE,
    HOUR,
    90 * MINUTE,
    2 * HOUR,
    4 * HOUR,
    8 * HOUR,
    12 * HOUR,
    DAY,
    3 * DAY,
    7 * DAY,
    30 * DAY,
)
TICKS = (
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
)
MOVES = 30
"""Seconds between two moves of the window, at least."""


class TimeWindow(NamedTuple):
    """From *start* to *end* (epoch seconds) in *width* cells. *begun*: how many cells' time has begun, where *end* is still to come (None:
    it is past)."""

    start: float
    end: float
    width: int
    begun: int | None = None

    @property
    def cell(self) -> float:
        """Seconds a cell stands for."""
        return (self.end - self.start) / max(1, self.width)

    def column(self, at: float) -> int | None:
        """The cell of *at*, None outside."""
        if not self.start <= at <= self.end:
            return None
        return min(self.width - 1, int((at - self.start) / self.cell))

    def ticks(self, east: Callable[[float], float] = lambda _at: 0.0, least: int = 12) -> list[float]:
        """Moments that are round where clocks are *east* seconds ahead of UTC, at least *least* cells apart. Where the clocks were
        changed within the window, those before it are round by the clock of then."""
        step = next((tick for tick in TICKS if tick / self.cell >= least), TICKS[-1])
        ahead = east(self.end)
        first = -(-(self.start + ahead - HOUR) // step) * step - ahead
        found = {first + step * number for number in range(int((self.end + HOUR - first) // step) + 1)}
        if step > HOUR:
            found = {at + ahead - east(at) for at in found}
        return sorted(at for at in found if self.start <= at <= self.end)


def zoomed(span: int, steps: int) -> int:
    """*span* some steps longer (positive) or shorter."""
    at = min(range(len(SPANS)), key=lambda number: abs(SPANS[number] - span))
    return SPANS[min(len(SPANS) - 1, max(0, at + steps))]


def window(now: float, span: int, pan: float, width: int) -> TimeWindow:
    """The window that ends *pan* seconds before *now*. It moves in whole cells and at most twice a minute, since each move sends every
    lane; meanwhile one cell after the other begins. At least one cell wide: below a dialog there may be no room at all."""
    width = max(1, width)
    cell = max(1.0, span / width)
    step = cell * -(-MOVES // cell)
    end = -(-(now - pan) // step) * step
    start = end - cell * width
    return TimeWindow(start, end, width, min(width, int((now - start) / cell) + 1) if now <= end else None)
