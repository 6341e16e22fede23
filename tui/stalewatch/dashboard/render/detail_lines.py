"""The whole server screen as lines, and where each section begins. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render import report_parts
from stalewatch.dashboard.render.cause_rows import alarm_rows, cause_rows
from stalewatch.dashboard.render.lines import BLANK, Line, Span, crop, line, middle_crop, paragraph
from stalewatch.dashboard.render.log_lines import log_line, log_rows
from stalewatch.dashboard.render.names import name_of
from stalewatch.dashboard.render.page_state import PageState, finding_keys
from stalewatch.dashboard.render.pane_lines import connect_lines, headline, progress_lines, trouble_lines
from stalewatch.dashboard.render.sections import SECTIONS, verdict
from stalewatch.dashboard.render.signs import CURSOR
from stalewatch.model.report import Verdict
from stalewatch.timeline import EventKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalewatch.dashboard.render.page_state import Stop
    from stalewatch.dashboard.render.pane_lines import RenderOptions
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.engine.board import Pane
    from stalewatch.model.report import Report
    from stalewatch.timeline import Event

NAMES = (*(section.name for section in SECTIONS), "log")
LOG_MOST = 100
ROOT_LEAST = 12
"""Cells in which a root still says something."""


class Page(NamedTuple):
    """*rows*, the row at which each section begins, and the row of whatever the cursor can be on."""

    rows: list[Line]
    starts: dict[str, int]
    stops: Mapping[Stop, int]


def detail_lines(pane: Pane, events: Sequence[Event], options: RenderOptions, width: int, state: PageState = verdict.ALL) -> Page:
    """The page. *events*: of this server, newest first."""
    state = state._replace(alarm=options.alarm)
    rows = [_head(pane, options, width), *_opening(pane, options, width, state)]
    starts: dict[str, int] = {}
    running = progress_lines(pane, width)
    if running:
        rows += [line(Span(" runbook", "strong")), *(Line((Span("  "), *row.spans)) for row in running)]
    report = pane.report
    stops: dict[Stop, int] = {}
    if report is not None:
        clock = report_parts.clock_of(report, options.clock)
        for number, section in enumerate(SECTIONS, 1):
            rows += [BLANK, _title(number, section.title, width)]
            starts[section.name] = len(rows) - 1
            if section.draw is verdict.lines:
                stops = {stop: len(rows) + at for stop, at in _stops(report, clock, width, state).items()}
                rows += verdict.lines(report, clock, width, state)
            else:
                rows += section.draw(report, clock, width)
    else:
        rows += [BLANK, line(Span("  not looked at yet", "muted"))]
        rows += [Line((Span("  "), *row.spans)) for row in connect_lines(pane, options, width - 4)]
    rows += [BLANK, _title(len(SECTIONS) + 1, "Log", width)]
    starts["log"] = len(rows) - 1
    page = [crop(row, width) for row in [*rows, *_log(pane, events, options, width)]]
    if state.chosen in stops and isinstance(state.chosen, tuple):
        at = stops[state.chosen]
        page[at] = Line((Span(f"{CURSOR} ", "accent"), *page[at].spans[1:]), "cursor")
    return Page(page, starts, stops)


def _stops(report: Report, clock: Clock, width: int, state: PageState) -> dict[Stop, int]:
    links: dict[Stop, int] = dict(verdict.link_places(report, clock, width).items())
    return links | dict(zip(finding_keys(report.findings), verdict.places(report, clock, width, state), strict=True))


def _opening(pane: Pane, options: RenderOptions, width: int, state: PageState) -> list[Line]:
    """What is urgent, what is in the way of looking, and what explains the verdict."""
    rows = alarm_rows(options.alarm, width) if options.alarm is not None else []
    if pane.error is not None or pane.report is None:
        trouble = trouble_lines(pane, options, width - 4)
        if options.alarm is not None and pane.error is not None and options.alarm.words == pane.error.message:
            trouble = [row for row in trouble if row.spans[0].role == "muted"]  # the rest of it is the alarm
        rows += [Line((Span("  "), *row.spans)) for row in trouble]
    cause = state.cause
    if cause is not None and cause.layer is not None and (options.alarm is None or cause.verdict is not Verdict.UNKNOWN):
        rows += cause_rows(cause, report_parts.clock_of(pane.report, options.clock), width)
    return rows


def _head(pane: Pane, options: RenderOptions, width: int) -> Line:
    """Server, app, root and verdict in one row: the root gives way first, then the name; the verdict never."""
    verdict = headline(pane, options)
    room = width - line(verdict).width
    left = [Span(f" {middle_crop(pane.server, max(8, room - 3))}", "title"), Span(f"  {name_of(pane)}", "muted")]
    rest = room - line(*left).width - 4
    if rest >= ROOT_LEAST:
        left.append(Span(f"  {middle_crop(pane.app, rest)}", "muted"))
    return line(*crop(line(*left), room - 2).spans, "  ", verdict)


def _title(number: int, words: str, width: int) -> Line:
    head = f" {number} {words} "
    return line(Span(head, "band"), Span("─" * max(0, width - len(head)), "border"))


def _log(pane: Pane, events: Sequence[Event], options: RenderOptions, width: int) -> list[Line]:
    """How many a minute, then alarming and reassuring lines, newest first, repeats as one; then each watched log as it is."""
    clock = report_parts.clock_of(pane.report, options.clock)
    host = pane.report.host if pane.report else None
    logs = host.logs if host is not None else ()
    told = [event for event in events if event.kind in (EventKind.ERROR, EventKind.REASSURE)][:LOG_MOST]
    rows = [Line((Span("  "), *log_line(options.log, clock, 5, width - 2, logs)[1].spans)), BLANK] if options.log else []
    for event in told:
        times = f" ×{event.count}" if event.count > 1 else ""
        rows += paragraph(f"{clock.hms(event.at)} {event.source}{times}  {event.what}", width, event.kind.value, "  ", "         ")
    quiet = [] if told else [line(Span("  no alarms since the start", "muted"))]
    tails = log_rows(logs, clock, width)
    way = line(Span(f"  {key_of('log')} opens the log: all lines that were read, live, to search and to filter", "muted"))
    return [*rows, *quiet, BLANK, way, *([BLANK] if tails else []), *tails]
