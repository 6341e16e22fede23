"""One pane: border with name and verdict, a row per layer, and what is in the way. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render import report_parts
from stalewatch.dashboard.render.cause_lines import cause_lines
from stalewatch.dashboard.render.lines import BLANK, Line, Span, beside, clamp, crop, fill, line, paragraph, text_crop
from stalewatch.dashboard.render.names import name_of, server_spans
from stalewatch.dashboard.render.options import RenderOptions as RenderOptions
from stalewatch.dashboard.render.pane_rows import LEAST, Layout, PaneRow, fitted, missing, pane_rows, rows_in
from stalewatch.dashboard.render.presence import holder_lines, watcher_lines
from stalewatch.dashboard.render.signs import ALARM, CURSOR, MARK, STATUS_SIGN, VERDICT_WORD, alarm_badge, badge
from stalewatch.model import figures
from stalewatch.model.memo import Memos
from stalewatch.model.reasons import what_to_do
from stalewatch.model.replace import replace
from stalewatch.model.report import Verdict
from stalewatch.model.step_names import LOCK, RESULT
from stalewatch.model.text import SafeText
from stalewatch.runbook.plan import Status

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from stalewatch.engine.board import Pane
    from stalewatch.model.alarm import Alarm
    from stalewatch.model.report import Finding, Report
    from stalewatch.model.unseen import Unseen
    from stalewatch.runbook.plan import Progress

_MADE: Memos[dict[str, PaneRow]] = Memos(64)
_AS_ON_DISK = line(Span("runs: ", "muted"), Span("what is on the disk"))
_CLOSING = 6
"""Rows that trouble beside a verdict may take before it is cut."""
BORDERS = 4
"""Cells at both sides of what is inside."""
STEPS = ("name", "tcp", "host key", "auth", "probe")


def verdict_of(pane: Pane) -> Verdict:
    """A pane's verdict; without a report it is unknown."""
    return pane.report.verdict if pane.report else Verdict.UNKNOWN


def headline(pane: Pane, options: RenderOptions) -> Span:
    """The badge: sign, word, and since when."""
    report, alarm = pane.report, options.alarm
    here = report_parts.clock_of(report, options.clock)
    if alarm is not None:
        return alarm_badge(alarm.word, here.since(alarm.since) if alarm.since is not None and alarm.began else "")
    if report is None:
        return Span(" … CONNECTING ", "pending-mark") if pane.error is None else badge(Verdict.UNKNOWN)
    if report.verdict is Verdict.STALE and report.stale_since is not None:
        return badge(Verdict.STALE, here.since(report.stale_since))
    if report.verdict is Verdict.UNKNOWN and report.last_verdict not in (None, Verdict.UNKNOWN):
        return badge(Verdict.UNKNOWN, f"was {VERDICT_WORD[report.last_verdict]}")
    return badge(report.verdict)


def pane_lines(pane: Pane, options: RenderOptions, width: int, height: int, inside: Sequence[Line] | None = None) -> list[Line]:
    """The whole pane in *width* × *height* cells. *inside*: what is inside the border, where that is aligned with others."""
    edge, box = _frame(pane, options)
    inner = width - BORDERS
    if inside is None:
        (inside,) = side_by_side(((pane, options),), inner, height - 2)
    rows = [*inside[: height - 2], *[BLANK] * (height - 2 - len(inside))]
    side = Span(box[5] + " ", edge), Span(" " + box[5], edge)
    drawn = [Line((side[0], *fill(row, inner).spans, side[1])) for row in rows]
    bottom = line(Span(box[2] + box[4] * (width - 2) + box[3], edge))
    return [_top(pane, options, width, edge, box), *drawn, bottom]


def _frame(pane: Pane, options: RenderOptions) -> tuple[str, str]:
    if options.focused:
        return "border-focus", "┏┓┗┛━┃"
    bad = options.alarm is not None or (pane.report is not None and pane.report.verdict is Verdict.STALE)
    return ("border-stale" if bad else "border"), "╭╮╰╯─│"


def _top(pane: Pane, options: RenderOptions, width: int, edge: str, box: str) -> Line:
    right = Line((headline(pane, options), Span(box[4] + box[1], edge)))
    name = [Span(f"{MARK} ", "mark")] if options.marked else []
    name += server_spans(pane.server, options.shared, max(8, width - right.width - 6), "title")
    if pane.app:
        name.append(Span(f"  {name_of(pane)}", "muted"))
    if pane.production:
        name.append(Span(" · prod", "muted"))
    if pane.read_only:
        name.append(Span(" · read-only", "muted"))
    left = Line((Span(box[0] + box[4] + " ", edge), *name, Span(" ", edge)))
    return beside(left, right, width, box[4], edge)


def too_wide(pane: Pane, options: RenderOptions, width: int) -> frozenset[str]:
    """Names of the rows of *pane* whose wide form does not fit into *width* cells."""
    if pane.report is None or pane.report.snapshot is None:
        return frozenset()
    return frozenset(name for name, row in _rows(pane.report, options, width).items() if row.wide.width > width)


def _rows(report: Report, options: RenderOptions, width: int) -> dict[str, PaneRow]:
    """The rows of a pane, made once for whoever asks how wide they are and whoever draws them."""
    return _MADE.get((report.key, width), lambda: pane_rows(report, options, width), (report,), options)


def side_by_side(panes: Sequence[tuple[Pane, RenderOptions]], width: int, height: int, short: Collection[str] = ()) -> list[list[Line]]:
    """What is inside the borders of *panes* beside each other, at most *height* rows each: what explains it, a row per layer, and what else
    is known. The same row is at the same height in all that were looked at. *short*: names of rows that are told in their short form."""
    all_of = [_parts(pane, options, width, height) for pane, options in panes]
    parts = [each for each in all_of if each is not None]
    rows = [each.rows for each in parts]
    full = max((len(each.opening) for each in parts), default=0)
    closing = max((len(each.closing) for each in parts), default=0)
    if not full and any(each.fresh for each in parts) and rows_in(rows) + closing < height:
        full = 1
    elif full and full + rows_in(rows) > height:
        parts = [each._replace(opening=opening_lines(each.pane, each.options, width, height - each.least, brief=True)) for each in parts]
        full = max(len(each.opening) for each in parts)
    layout = fitted(rows, full, closing, width, height, min((each.least for each in parts), default=LEAST))
    layout = layout._replace(wide=layout.wide.difference(short))
    drawn = iter([each.drawn(layout, width, height) for each in parts])
    return [
        next(drawn) if each is not None else _connecting(pane, options, width, height)
        for (pane, options), each in zip(panes, all_of, strict=True)
    ]


class _Parts(NamedTuple):
    """What there is to show of a pane that was looked at."""

    pane: Pane
    options: RenderOptions
    opening: list[Line]
    rows: dict[str, PaneRow]
    closing: list[Line]
    fresh: bool
    least: int

    def drawn(self, layout: Layout, width: int, height: int) -> list[Line]:
        """All of it, as *layout* says."""
        opening = clamp(self.opening, layout.opening, width)
        if not opening and layout.opening and self.fresh:
            opening = [_AS_ON_DISK]
        lines = [*opening, *[BLANK] * (layout.opening - len(opening))]
        for name, several in layout.rows.items():
            if name in self.rows:
                lines += self.rows[name].drawn(width, several, wide=name in layout.wide)
            else:
                lines += [missing(name), *[BLANK] * (several - 1)]
        return [*lines, *clamp(self.closing, height - len(lines), width)]


def _parts(pane: Pane, options: RenderOptions, width: int, height: int) -> _Parts | None:
    """None: it was not looked at yet."""
    report = pane.report
    if report is None or report.snapshot is None:
        return None
    least = 0 if options.alarm is not None and report.last_seen is not None else LEAST  # rows of what is not seen now say nothing
    opening = opening_lines(pane, options, width, height - least)
    fresh = report.verdict is Verdict.FRESH
    return _Parts(pane, options, opening, _rows(report, options, width), closing_lines(pane, options, width), fresh, least)


def _connecting(pane: Pane, options: RenderOptions, width: int, height: int) -> list[Line]:
    opening = [*connect_lines(pane, options, width), *progress_lines(pane, width)]
    left = height - len(opening)
    return clamp([*opening, *(alarm_lines(options.alarm, width, left) or trouble_lines(pane, options, width, left))], height, width)


def opening_lines(pane: Pane, options: RenderOptions, width: int, room: int, *, brief: bool = False) -> list[Line]:
    """What counts most: an alarm; a runbook that runs, also another person's; why its verdict is what it is."""
    report = pane.report
    if report is None:
        return []
    if alarm := alarm_lines(options.alarm, width, room):
        return alarm
    running = [] if _is_over(pane) else progress_lines(pane, width)
    if running:
        return running
    if report.verdict is Verdict.UNKNOWN and (trouble := trouble_lines(pane, options, width, room)):
        return trouble
    here = report_parts.clock_of(report, options.clock)
    if options.told:
        return holder_lines(report, here, width)
    explained = options.cause is not None and (options.cause.runs or options.cause.press)
    why = cause_lines(options.cause, here, width, brief=brief) if options.cause is not None and explained else why_lines(report, width, 3)
    return [*holder_lines(report, here, width), *why]


def closing_lines(pane: Pane, options: RenderOptions, width: int) -> list[Line]:
    """What else is known: how a runbook ended, what could not be looked at, who else is here."""
    report = pane.report
    if report is None:
        return []
    over = progress_lines(pane, width) if _is_over(pane) else []
    trouble = trouble_lines(pane, options, width, _CLOSING) if report.verdict is not Verdict.UNKNOWN or options.alarm is not None else []
    here = report_parts.clock_of(report, options.clock)
    return [*over, *trouble, *([] if holder_lines(report, here, width) else watcher_lines(report, here, width))]


def connect_lines(pane: Pane, options: RenderOptions, width: int) -> list[Line]:
    """Which step of connecting is under way, and for how long."""
    if pane.error is not None or (pane.report is not None and pane.report.errors):
        return []
    if not pane.step:
        return [line(Span("waiting for its turn to connect", "muted"))]
    at = STEPS.index(pane.step) if pane.step in STEPS else -1
    dots = [
        Span(f"{name} " if number != at else f"{CURSOR} {name} ", "fresh-mark" if number < at else "accent" if number == at else "muted")
        for number, name in enumerate(STEPS)
    ]
    waited = f"connecting: {pane.step}, {figures.span(options.monotonic - pane.step_since)}"
    return [crop(line(Span(waited, "text")), width), crop(Line(tuple(dots)), width)]


def trouble_lines(pane: Pane, options: RenderOptions, width: int, room: int | None = None) -> list[Line]:
    """Why there is no link or something was not seen, what to grant, and when it is tried again; whole, where that fits into *room*.
    Without what the alarm says."""
    alarm = options.alarm.words if options.alarm is not None else ""
    seen_by = [pane.error] if pane.error else list(report_parts.problems(pane.report)) if pane.report else []
    errors = [error for error in seen_by if error.message != alarm]
    waits: list[Line] = []
    if pane.error is not None and pane.retry_at is not None:
        waits.append(line(Span(f"tries again in {figures.span(max(1.0, pane.retry_at - options.monotonic))}", "muted")))
    seen = pane.report.last_seen if pane.report else None
    if seen is not None and pane.report is not None and pane.report.verdict is Verdict.UNKNOWN:
        waits.append(line(Span(f"last seen {report_parts.clock_of(pane.report, options.clock).ago(seen)}", "muted")))
    if verdict_of(pane) is Verdict.UNKNOWN:  # beside a verdict, what is to be done about a reason in general would take its rows
        errors = [replace(error, grant=SafeText(what_to_do(error))) for error in errors]
    whole = _errors(errors, waits, width)
    return whole if room is None or len(whole) <= room else _errors(errors[:3], waits, width, (3, 4))


def _errors(errors: Sequence[Unseen], waits: list[Line], width: int, most: tuple[int, int] | None = None) -> list[Line]:
    """*waits* after the first. *most*: rows of what is so, and of what to grant (None: all)."""
    rows: list[Line] = [] if errors else [*waits]
    for error in errors:
        told = paragraph(f"? {error.message}", width, "unknown-mark", hang="  ")
        grant = paragraph(f"→ {error.grant}", width, "command", hang="  ") if error.grant else []
        rows += clamp(told, most[0], width) if most else told
        rows += waits if error is errors[0] else ()
        rows += clamp(grant, most[1], width) if most else grant
    return rows


def alarm_lines(alarm: Alarm | None, width: int, room: int = 0) -> list[Line]:
    """What is so bad, and what to type on that server; what to type stays whole where *room* (0: there is enough) is too small for both."""
    if alarm is None:
        return []
    command = paragraph(f"→ {alarm.command}", width, "command", hang="  ") if alarm.command else []
    words = paragraph(f"{ALARM} {alarm.words}", width, "alarm-mark", hang="  ")
    return [*(clamp(words, max(2, room - len(command)), width) if room else words), *command]


def progress_lines(pane: Pane, width: int) -> list[Line]:
    """The runbook that runs here: what is under way and the last things done; once it is over, one row, unless it went wrong."""
    shown = _begun(pane)
    over = _is_over(pane)
    rows = shown[-1:] if over else shown[-4:]
    steps = len({item.step for item in pane.progress} - {LOCK, RESULT})
    return [crop(_progress_line(item, steps if over else 0), width) for item in rows]


def _begun(pane: Pane) -> list[Progress]:
    """The latest of every step of the runbook that was begun here."""
    return [item for item in {item.step: item for item in pane.progress}.values() if item.status is not Status.WAITING]


def _is_over(pane: Pane) -> bool:
    """Whether the runbook has ended, and nothing went wrong: what is so now counts more than what was done."""
    begun = _begun(pane)
    return bool(begun) and begun[-1].step == RESULT and not any(item.status in (Status.FAILED, Status.UNKNOWN) for item in begun)


def _progress_line(item: Progress, steps: int) -> Line:
    words = f"runbook, {figures.count(steps, 'step')}" if steps else text_crop(item.step, 40)
    return line(STATUS_SIGN[item.status], " ", Span(words), Span(f"  {item.status.value}", "muted"))


def why_lines(report: Report, width: int, most: int) -> list[Line]:
    """The finding that says most, and what a key would do about it."""
    found = report_parts.why(report)
    warnings = report_parts.health(report)
    if found is None or report.verdict in (Verdict.FRESH, Verdict.ABSENT):
        rows = [line(Span(f"! {finding.summary}", "warning")) for finding in warnings[:most]]
        return [crop(row, width) for row in rows]
    rows = paragraph(f"why: {found.summary}", width, "strong", hang="     ")
    short = paragraph(f"why: {_without_folders(found)}", width, "strong", hang="     ")
    if len(short) < len(rows) or max(map(len, found.summary.split())) > width - 5:  # the file's folder is on the server's page
        rows = short
    return [crop(row, width) for row in clamp(rows, most, width)]


def _without_folders(found: Finding) -> str:
    """The summary with the last part of its file's path only."""
    path = next((word for word in found.summary.split() if "/" in word and found.subject.endswith(word)), "")
    return found.summary.replace(path, path.rpartition("/")[2], 1) if path else found.summary
