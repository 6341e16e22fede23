"""A sparkline of rates: how they moved. The figure beside it says how high they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
LEAST = 0.05
"""The rates that fill the height lie at least this far apart: a steady rate is a low line, not a mountain range of noise."""


def sparkline(rates: Sequence[float], width: int) -> str:
    """The last *width* of *rates* (0..1), one block each, between the lowest and the highest of them."""
    shown = rates[-width:] if width > 0 else ()
    low = min(shown, default=0.0)
    height = max(LEAST, max(shown, default=0.0) - low)
    return "".join(BLOCKS[min(7, int((rate - low) / height * 8))] for rate in shown)
