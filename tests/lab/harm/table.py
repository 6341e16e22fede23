"""What ``make harm`` prints at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One fix of one host. *excused*: an application answers worse, and the fix says so with an exit code that is not 0."""

    words: str
    before: str
    after: str
    code: str
    left: str
    others: str
    excused: bool
    violation: bool


def table(rows: Sequence[Row]) -> list[str]:
    """A line for each, worst first, and the count."""
    lines = ["fix of | answers before → after | exit | left behind | others"]
    for row in sorted(rows, key=lambda row: not row.violation):
        sign = "✗" if row.violation else "!" if row.excused else "✓"
        answers = row.before if row.before == row.after else f"{row.before} → {row.after}"
        lines.append(f"{sign} {row.words} | {answers} | {row.code} | {row.left or 'nothing'} | {row.others or 'untouched'}")
    told, broken = sum(row.excused for row in rows), sum(row.violation for row in rows)
    lines.append(f"{len(rows)} fixes, {broken} violations; {told} made an application answer worse and said so")
    return lines
