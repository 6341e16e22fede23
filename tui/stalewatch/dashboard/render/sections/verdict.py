"""Verdict and why: each finding in plain lines, below them its evidence and the command that repeats the look by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render import report_parts
from stalewatch.dashboard.render.chain_rows import ChainRows, chain_rows
from stalewatch.dashboard.render.evidence import fix_words, value_words
from stalewatch.dashboard.render.lines import BLANK, Line, Span, flow, line, paragraph
from stalewatch.dashboard.render.page_state import PageState, finding_keys
from stalewatch.dashboard.render.presence import holder_lines, watcher_lines
from stalewatch.dashboard.render.signs import SEVERITY_ROLE, badge, layer_sign, sign
from stalewatch.model import figures
from stalewatch.model.reasons import what_to_do
from stalewatch.model.report import Layer, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.alarm import Alarm
    from stalewatch.model.cause import Cause
    from stalewatch.model.chain import LinkName
    from stalewatch.model.report import Evidence, Finding, Report
    from stalewatch.model.snapshot import Unseen


ALL = PageState()
"""Nothing under the cursor, every finding with its evidence."""


def lines(report: Report, clock: Clock, width: int, state: PageState = ALL) -> list[Line]:
    """The verdict, the chain, all layers, then findings worst first, what could not be seen, and what is not judged."""
    rows = [*_verdict(report, clock, width), *chain(report, width, state).rows, *_layers(report, width), *_presence(report, clock, width)]
    for each in _findings(report, clock, width, state):
        rows += [BLANK, *each]
    for error in report_parts.problems(report):
        rows += [BLANK, *_unseen(error, width)]
    if not report.findings and not report.errors:
        rows += [BLANK, line(Span("  no findings", "muted"))]
    for one in report.not_judged:
        rows += [BLANK, *paragraph(f"not judged: {one.what}: {one.why}", width, "muted", indent="  ", hang="  ")]
    return rows


def places(report: Report, clock: Clock, width: int, state: PageState = ALL) -> list[int]:
    """At which of :func:`lines`' rows each finding begins."""
    found: list[int] = []
    at = len(_verdict(report, clock, width)) + len(chain(report, width, state).rows) + len(_layers(report, width))
    at += len(_presence(report, clock, width))
    for each in _findings(report, clock, width, state):
        found.append(at + 1)
        at += 1 + len(each)
    return found


def link_places(report: Report, clock: Clock, width: int) -> dict[LinkName, int]:
    """At which of :func:`lines`' rows each link of the chain stands."""
    above = len(_verdict(report, clock, width))
    return {name: above + at for name, at in chain(report, width, ALL).places.items()}


def _findings(report: Report, clock: Clock, width: int, state: PageState) -> list[list[Line]]:
    roots, keys = report_parts.roots(report), finding_keys(report.findings)
    return [
        finding_lines(finding, clock, width, roots, folded=not state.shows(key), ends=_ends(finding, state), alarm=state.alarm)
        for key, finding in zip(keys, report.findings, strict=True)
    ]


def _ends(finding: Finding, state: PageState) -> str:
    """What ends *finding*, in words."""
    return fix_words(state.ending(finding), _typed(finding, state.cause))


def _typed(finding: Finding, cause: Cause | None) -> str:
    """What a person types to end *finding*, where *cause* knows it."""
    here = cause is not None and not cause.keyed and (cause.code, cause.subject) == (finding.code, finding.subject)
    return cause.press if cause is not None and here else ""


def _presence(report: Report, clock: Clock, width: int) -> list[Line]:
    return [line("  ", *row.spans) for row in (*holder_lines(report, clock, width - 2), *watcher_lines(report, clock, width - 2))]


def _verdict(report: Report, clock: Clock, width: int) -> list[Line]:
    parts = [line(badge(report.verdict))]
    if report.stale_since is not None:
        parts.append(line(Span(f"old code since {clock.exact(report.stale_since)}", "strong")))
    seen = f"last look {clock.hms(report.observed_at)}" if report.observed_at is not None else "never looked at"
    return flow([*parts, line(Span(seen, "muted"))], width, " ")


def chain(report: Report, width: int, state: PageState) -> ChainRows:
    """The links from a request to the code, each with its sign; a link that is not ok in its own words."""
    return chain_rows(report.chain, width - 2, state.chosen)


def _layers(report: Report, width: int) -> list[Line]:
    known = [layer for layer in Layer if layer in report.layers]
    return flow([line(layer_sign(layer, report.layers[layer]), Span(f" {layer.value}", "muted")) for layer in known], width)


def finding_lines(
    finding: Finding,
    clock: Clock,
    width: int,
    roots: Sequence[str] = (),
    *,
    folded: bool = False,
    ends: str = "",
    alarm: Alarm | None = None,
) -> list[Line]:
    """One finding: what, where (below one of *roots*, which the page's title names), what *ends* it; unless *folded*, its evidence. What
    the page's *alarm* says is not said again."""
    said = str(finding.summary)
    head = paragraph(f"{alarm.word}, as said above" if alarm is not None and alarm.words == said else said, width - 6, "strong")
    rows = [Line((Span("  "), _mark(finding), Span(" "), *head[0].spans)), *(Line((Span("    "), *row.spans)) for row in head[1:])]
    where = report_parts.inside(finding.subject, roots)
    rows += paragraph(where, width, "text", "    ") if where not in finding.summary else []
    rows += _ending(finding, clock, width, ends, folded=folded)
    if folded:
        return rows
    role = SEVERITY_ROLE[finding.severity]
    rows.append(line("    ", Span(f"{finding.layer.value} · {finding.code} · ", "muted"), Span(finding.severity.value, role)))
    for item in finding.evidence:
        rows += _evidence(item, clock, width)
    return rows


def _ending(finding: Finding, clock: Clock, width: int, ends: str, *, folded: bool) -> list[Line]:
    """What ends it; behind that how much evidence is folded away. ``x`` says what a person has to do by hand."""
    parts = [line(Span("fix: ", "muted"), Span(ends, "accent"))] if ends else []
    if finding.until is not None:
        parts.append(line(Span(f"heals by itself: {clock.exact(finding.until)}", "pending-mark")))
    if folded and finding.evidence:
        parts.append(line(Span(f"+ {figures.count(len(finding.evidence), 'piece')} of evidence", "muted")))
    return flow(parts, width, "    ", "   ")


def _mark(finding: Finding) -> Span:
    """The verdict; ``!`` for a warning beside it."""
    healthy = finding.verdict in (Verdict.FRESH, Verdict.ABSENT)
    return Span("!", SEVERITY_ROLE[finding.severity]) if healthy and finding.severity is not Severity.INFO else sign(finding.verdict)


def _evidence(item: Evidence, clock: Clock, width: int) -> list[Line]:
    words = value_words(item, clock)
    if item.kind == "command":
        return [line(Span(f"      {item.label}:", "muted")), *paragraph(f"$ {words}", width, "command", "    ", "  ")]
    first, *rest = paragraph(words, width - 30, "text")
    return [Line((Span(f"      {item.label + ':':<24}", "muted"), *first.spans)), *(Line((Span(" " * 30), *row.spans)) for row in rest)]


def _unseen(error: Unseen, width: int) -> list[Line]:
    rows = paragraph(f"? {error.message}", width, "unknown-mark", "  ", "  ")
    rows.append(line("    ", Span(error.code, "muted")))
    return rows + (paragraph(f"→ {todo}", width, "command", "    ", "  ") if (todo := what_to_do(error)) else [])
