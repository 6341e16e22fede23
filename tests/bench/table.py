"""What was measured beside what was wanted."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table. *ok* None: a figure without a goal of its own, or one that could not be measured."""

    what: str
    measured: str
    goal: str = ""
    ok: bool | None = None


def limit(what: str, value: float, most: float, unit: str, digits: int = 1, note: str = "") -> Row:
    """A row whose *value* must not be above *most*."""
    return Row(what, f"{value:,.{digits}f} {unit}{note}", f"≤ {most:g} {unit}", value <= most)


def table(rows: list[Row]) -> str:
    """All rows in columns, as Markdown that reads as text too."""
    lines = [("what", "measured", "goal", ""), *((row.what, row.measured, row.goal, _word(row)) for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(4)]
    made = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines]
    return "\n".join([made[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *made[1:]])


def _word(row: Row) -> str:
    if row.ok is None:
        return ""
    return "met" if row.ok else "MISSED"
