"""What a server's page opens with: what is urgent and what to type, then what runs, what is on the disk, why, and what to press. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render.lines import Line, Span, line, paragraph
from stalewatch.dashboard.render.signs import ALARM
from stalewatch.model.cause import THE_DISK_HAS
from stalewatch.model.report import Verdict

if TYPE_CHECKING:
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.alarm import Alarm
    from stalewatch.model.cause import Cause

_WIDE = 70
"""Cells from which the labels are whole words."""


def cause_rows(cause: Cause, clock: Clock, width: int) -> list[Line]:
    """Up to four labelled rows; what is not known has none."""
    wide = width >= _WIDE
    disk = clock.told(cause.disk_alone if cause.has == THE_DISK_HAS else cause.on_disk, cause.moments)
    rows = _row("what runs" if wide else "runs", clock.told(cause.runs, cause.moments), width, wide=wide)
    rows += _row("on the disk" if wide else "disk", disk, width, wide=wide)
    rows += _row(_why(cause.verdict) if wide else "why", clock.told(cause.why, cause.moments), width, wide=wide)
    if cause.keyed:
        return rows + _row("what to press" if wide else "press", cause.press, width, wide=wide, role="command", key=key_of("fix"))
    return rows + _row("what to do" if wide else "to do", cause.press or cause.kept, width, wide=wide, role="command")


def _row(label: str, words: str, width: int, *, wide: bool, role: str = "strong", key: str = "") -> list[Line]:
    if not words:
        return []
    room, lead = (20 if wide else 7), (f"{key}  " if key else "")
    first, *rest = paragraph(words, width - room - 2 - len(lead), role)
    indent = " " * (room + 1 + len(lead))
    return [line(Span(f" {label:<{room}}", "muted"), Span(lead, "key"), *first.spans), *(line(indent, *row.spans) for row in rest)]


def _why(verdict: Verdict) -> str:
    return "why nobody noticed" if verdict in (Verdict.STALE, Verdict.SUSPECT) else f"why {verdict}"


def alarm_rows(alarm: Alarm, width: int) -> list[Line]:
    """What is worse than old code, whole, and the line that ends it."""
    rows = paragraph(f"{ALARM} {alarm.words}", width - 2, "alarm-mark", " ", "  ")
    return rows + (paragraph(f"→ {alarm.command}", width - 2, "command", " ", "  ") if alarm.command else [])
