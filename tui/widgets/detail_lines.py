"""The whole server screen as lines, and where each section begins. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.timeline import EventKind
from tui.widgets import facts
from tui.widgets.lines import BLANK, Line, Span, crop, line, paragraph
from tui.widgets.names import app_name
from tui.widgets.pane_lines import headline, progress_lines, trouble_lines
from tui.widgets.sections import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.board import Pane
    from tui.timeline import Event
    from tui.widgets.pane_lines import Look
    from tui.widgets.times import Clock

NAMES = (*(section.name for section in SECTIONS), "log")
LOG_MOST = 100


def detail_lines(pane: Pane, events: Sequence[Event], look: Look, width: int) -> tuple[list[Line], dict[str, int]]:
    """Rows, and the row at which each section begins. *events*: of this server, newest first."""
    rows = [line(Span(f" {pane.server}", "title"), Span(f"  {app_name(pane.app)}  {pane.app}  ", "muted"), headline(pane, look.clock))]
    starts: dict[str, int] = {}
    running = progress_lines(pane, width)
    if running:
        rows += [line(Span(" runbook", "strong")), *(Line((Span("  "), *row.spans)) for row in running)]
    report = pane.report
    if pane.error is not None or report is None:
        rows += [Line((Span("  "), *row.spans)) for row in trouble_lines(pane, look, width - 4)]
    if report is not None:
        clock = facts.clock_of(report, look.clock)
        for number, section in enumerate(SECTIONS, 1):
            rows += [BLANK, _title(number, section.title, width)]
            starts[section.name] = len(rows) - 1
            rows += section.draw(report, clock, width)
    else:
        rows += [BLANK, line(Span(f"  not looked at yet{': ' + pane.step if pane.step else ''}", "muted"))]
    rows += [BLANK, _title(len(SECTIONS) + 1, "Log", width)]
    starts["log"] = len(rows) - 1
    return [crop(row, width) for row in [*rows, *_log(pane, events, look.clock, width)]], starts


def _title(number: int, words: str, width: int) -> Line:
    head = f" {number} {words} "
    return line(Span(head, "band"), Span("─" * max(0, width - len(head)), "border"))


def _log(pane: Pane, events: Sequence[Event], clock: Clock, width: int) -> list[Line]:
    """Alarming and reassuring lines of the watched logs, newest first; repeats are one."""
    told = [event for event in events if event.kind in (EventKind.ERROR, EventKind.REASSURE)][:LOG_MOST]
    rows: list[Line] = []
    for event in told:
        times = f" ×{event.count}" if event.count > 1 else ""
        rows += paragraph(f"{clock.hms(event.at)} {event.source}{times}  {event.what}", width, event.kind.value, "  ", "         ")
    report = pane.report
    host = facts.host(report) if report else None
    for entry in reversed(host.log_lines if host else ()):
        role = "error" if entry.alarm else "reassure" if entry.reassure else "text"
        rows += paragraph(f"{clock.hms(entry.at)} {entry.log}  {entry.text}", width, role, "  ", "         ")
    return rows or [line(Span("  nothing alarming was written since the start", "muted"))]
