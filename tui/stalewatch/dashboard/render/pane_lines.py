"""One pane: border with name and verdict, a row per layer, and what is in the way. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render import layer_rows, report_parts
from stalewatch.dashboard.render.lines import BLANK, Line, Span, beside, clamp, crop, fill, line, middle_crop, paragraph, text_crop
from stalewatch.dashboard.render.log_lines import LogSummary, log_line
from stalewatch.dashboard.render.names import name_of
from stalewatch.dashboard.render.presence import holder_lines, watcher_lines
from stalewatch.dashboard.render.signs import ALARM, CURSOR, MARK, STATUS_SIGN, VERDICT_WORD, alarm_badge, badge, sign
from stalewatch.dashboard.render.spark import sparkline
from stalewatch.dashboard.render.times import Clock
from stalewatch.model import figures
from stalewatch.model.layers import Layer
from stalewatch.model.report import Verdict
from stalewatch.runbook.plan import RESULT, Status

if TYPE_CHECKING:
    from stalewatch.engine.board import Pane
    from stalewatch.model.alarm import Alarm
    from stalewatch.model.report import Finding, Report
    from stalewatch.runbook.plan import Progress

LABEL = 9
_ALWAYS_TELLING = (Layer.RELEASE, Layer.OPCACHE, Layer.FPM)
"""Layers whose row is worth its place when all is well."""
STEPS = ("name", "tcp", "host key", "auth", "probe")


class RenderOptions(NamedTuple):
    """How a pane is drawn now: *monotonic* seconds for waiting times, *threshold* of the hit rate, *log*: what its logs say, *alarm*: what
    is worse there than any verdict."""

    clock: Clock
    monotonic: float
    focused: bool = False
    marked: bool = False
    threshold: float = 0.85
    log: LogSummary | None = None
    alarm: Alarm | None = None


def verdict_of(pane: Pane) -> Verdict:
    """A pane's verdict; without a report it is unknown."""
    return pane.report.verdict if pane.report else Verdict.UNKNOWN


def headline(pane: Pane, options: RenderOptions) -> Span:
    """The badge: sign, word, and since when."""
    report, alarm = pane.report, options.alarm
    here = report_parts.clock_of(report, options.clock)
    if alarm is not None:
        return alarm_badge(alarm.word, here.since(alarm.since) if alarm.since is not None else "")
    if report is None:
        return Span(" … CONNECTING ", "pending-mark") if pane.error is None else badge(Verdict.UNKNOWN)
    if report.verdict is Verdict.STALE and report.stale_since is not None:
        return badge(Verdict.STALE, here.since(report.stale_since))
    if report.verdict is Verdict.UNKNOWN and report.last_verdict not in (None, Verdict.UNKNOWN):
        return badge(Verdict.UNKNOWN, f"was {VERDICT_WORD[report.last_verdict]}")
    return badge(report.verdict)


def pane_lines(pane: Pane, options: RenderOptions, width: int, height: int) -> list[Line]:
    """The whole pane in *width* × *height* cells."""
    edge, box = _frame(pane, options)
    inner = width - 4
    rows = body(pane, options, inner, height - 2)
    rows = rows[: height - 2] + [BLANK] * (height - 2 - len(rows))
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
    name.append(Span(middle_crop(pane.server, max(8, width - right.width - 6)), "title"))
    if pane.app:
        name.append(Span(f"  {name_of(pane)}", "muted"))
    if pane.production:
        name.append(Span(" · prod", "muted"))
    if pane.read_only:
        name.append(Span(" · read-only", "muted"))
    left = Line((Span(box[0] + box[4] + " ", edge), *name, Span(" ", edge)))
    return beside(left, right, width, box[4], edge)


def body(pane: Pane, options: RenderOptions, width: int, height: int) -> list[Line]:
    """What is inside the border, at most *height* rows: least important rows give way first."""
    runbook, trouble = progress_lines(pane, width), alarm_lines(options, width) or trouble_lines(pane, options, width)
    if pane.report is None or pane.report.snapshot is None:
        return clamp([*connect_lines(pane, options, width), *runbook, *trouble], height, width)
    over = _is_over(pane)
    notes = trouble or ([] if runbook and not over else _reason(pane.report, options, width))
    notes = [*notes, *runbook] if over else [*runbook, *notes]
    rows = row_lines(pane.report, options, width)
    most = height * 2 // 3 if trouble else height // 2
    kept = _most_telling(rows, max(1, height - min(len(notes), max(1, most))))
    return [*kept, *clamp(notes, height - len(kept), width)]


def _reason(report: Report, options: RenderOptions, width: int) -> list[Line]:
    """Why its verdict is what it is, and who else is here."""
    here = report_parts.clock_of(report, options.clock)
    holder = holder_lines(report, here, width)
    return [*holder, *why_lines(report, width, 3), *([] if holder else watcher_lines(report, here, width))]


def _most_telling(rows: list[tuple[int, Line]], room: int) -> list[Line]:
    order = sorted(range(len(rows)), key=lambda at: (-rows[at][0], at))[:room]
    return [rows[at][1] for at in sorted(order)]


def row_lines(report: Report, options: RenderOptions, width: int) -> list[tuple[int, Line]]:
    """Rows with how telling each is (a verdict's rank; the hit rate counts as pending, as a warning where it is low)."""
    rows: list[tuple[int, Line]] = []
    for row in layer_rows.rows_of(report, options.clock):
        rows.append((_rank(row), row_line(row, width)))
        if row.layer is Layer.OPCACHE:
            rows.append(rate_line(report, options, width))
    if options.log is not None:
        logs = known.logs if (known := report.host) else ()
        rows.append(log_line(options.log, report_parts.clock_of(report, options.clock), LABEL, width, logs))
    return rows


def _rank(row: layer_rows.LayerRow) -> int:
    rank = row.verdict.rank if row.verdict else 0
    return max(rank, 2) if row.layer in _ALWAYS_TELLING else rank


def row_line(row: layer_rows.LayerRow, width: int) -> Line:
    """``config   ✗ source 12:38 → cache 12:26   12 min behind``; shorter words where the room is small."""
    verdict = row.verdict or Verdict.UNKNOWN
    loud = verdict not in (Verdict.FRESH, Verdict.ABSENT)
    role = "text" if verdict is not Verdict.ABSENT else "muted"
    lead = line(Span(f"{row.layer.spec.label:<{LABEL}}", "muted"), sign(verdict), " ")
    note_role = f"{verdict.value}-mark" if loud else "muted"
    short = row.short or row.wide
    for words, between, note in ((row.wide, "   ", row.note), (short, "  ", row.note), (short, " ", row.note), (short, " ", row.hint)):
        if note == "" and row.note:
            continue
        whole = Line((*lead.spans, Span(words, role), Span(between if note else ""), Span(note, note_role)))
        if whole.width <= width:
            return whole
    return crop(Line((*lead.spans, Span(short, role), Span(" " if row.note else ""), Span(row.note, note_role))), width)


def rate_line(report: Report, options: RenderOptions, width: int) -> tuple[int, Line]:
    """``hit rate ! 71.3 % ▇▇▁▂▃  below 85 %``."""
    words, note = report_parts.hit_rate(report, options.threshold)
    mark = Span("!", "warning") if note else Span(" ")
    room = max(0, width - LABEL - 2 - len(words) - len(note) - 4)
    spark = sparkline(report.hit_rates, min(room, 24))
    row = line(
        Span(f"{'hit rate':<{LABEL}}", "muted"),
        mark,
        " ",
        Span(words, "text" if report.hit_rate is not None else "muted"),
        Span(f" {spark}" if spark else "", "spark"),
        Span(f"  {note}" if note else "", "warning"),
    )
    return (3 if note else 1), crop(row, width)


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


def trouble_lines(pane: Pane, options: RenderOptions, width: int) -> list[Line]:
    """Why there is no link or something was not seen, what to grant, and when it is tried again."""
    errors = [pane.error] if pane.error else list(report_parts.problems(pane.report)) if pane.report else []
    waits: list[Line] = []
    if pane.error is not None and pane.retry_at is not None:
        waits.append(line(Span(f"tries again in {figures.span(max(1.0, pane.retry_at - options.monotonic))}", "muted")))
    seen = pane.report.last_seen if pane.report else None
    if seen is not None and pane.report is not None and pane.report.verdict is Verdict.UNKNOWN:
        waits.append(line(Span(f"last seen {report_parts.clock_of(pane.report, options.clock).ago(seen)}", "muted")))
    rows: list[Line] = [] if errors else waits
    for error in errors[:3]:
        rows += clamp(paragraph(f"? {error.message}", width, "unknown-mark", hang="  "), 3, width)
        if error is errors[0]:
            rows += waits
        if error.grant:
            rows += clamp(paragraph(f"→ {error.grant}", width, "command", hang="  "), 4, width)
    return rows


def alarm_lines(options: RenderOptions, width: int) -> list[Line]:
    """What is so bad, and what to type on that server."""
    alarm = options.alarm
    if alarm is None:
        return []
    words = clamp(paragraph(f"{ALARM} {alarm.words}", width, "alarm-mark", hang="  "), 6, width)
    return [*words, *(paragraph(f"→ {alarm.command}", width, "command", hang="  ") if alarm.command else [])]


def progress_lines(pane: Pane, width: int) -> list[Line]:
    """The runbook that runs here: what is under way and the last things done; once it is over, one row, unless it went wrong."""
    shown = _begun(pane)
    over = _is_over(pane)
    rows = shown[-1:] if over else shown[-4:]
    return [crop(_progress_line(item, len({item.step for item in pane.progress}) - 1 if over else 0), width) for item in rows]


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
