"""A sparkline of rates: absolute heights, so that 71 % looks like 71 %."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(rates: Sequence[float], width: int) -> str:
    """The last *width* of *rates* (0..1), one block each."""
    return "".join(BLOCKS[min(7, max(0, int(rate * 8)))] for rate in rates[-width:]) if width > 0 else ""
