"""How the value of a piece of evidence is said. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import figures

if TYPE_CHECKING:
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.report import Evidence


def value_words(item: Evidence, clock: Clock) -> str:
    """Times absolute and relative, ages and sizes in words, yes and no for booleans, ``unknown`` for None."""
    value = item.value
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        if item.kind == "time":
            return clock.exact(float(value))
        if item.kind == "age":
            return figures.span(float(value))
        if item.kind == "bytes":
            return figures.size(float(value))
        return f"{value:g}" if isinstance(value, float) else str(value)
    return str(value)
