"""Verdict and why: each finding with its evidence and the command that repeats the look by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render import report_parts
from stalewatch.dashboard.render.evidence import value_words
from stalewatch.dashboard.render.lines import BLANK, Line, Span, flow, line, paragraph
from stalewatch.dashboard.render.presence import holder_lines, watcher_lines
from stalewatch.dashboard.render.signs import SEVERITY_ROLE, badge, sign
from stalewatch.model.chain import in_words
from stalewatch.model.report import Layer, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.report import Evidence, Finding, Report
    from stalewatch.model.snapshot import Unseen


def lines(report: Report, clock: Clock, width: int) -> list[Line]:
    """The verdict, all layers in one row, then findings worst first, what could not be seen, and what is not judged."""
    rows = _head(report, clock, width)
    for finding in report.findings:
        rows += [BLANK, *finding_lines(finding, clock, width, report_parts.roots(report))]
    for error in report_parts.problems(report):
        rows += [BLANK, *_unseen(error, width)]
    if not report.findings and not report.errors:
        rows += [BLANK, line(Span("  no findings", "muted"))]
    for one in report.not_judged:
        rows += [BLANK, *paragraph(f"not judged: {one.what}: {one.why}", width, "muted", indent="  ", hang="  ")]
    return rows


def places(report: Report, clock: Clock, width: int) -> list[int]:
    """At which of :func:`lines`' rows each finding begins."""
    found: list[int] = []
    at = len(_head(report, clock, width))
    for finding in report.findings:
        found.append(at + 1)
        at += 1 + len(finding_lines(finding, clock, width, report_parts.roots(report)))
    return found


def _head(report: Report, clock: Clock, width: int) -> list[Line]:
    presence = [*holder_lines(report, clock, width - 2), *watcher_lines(report, clock, width - 2)]
    return [*_verdict(report, clock, width), *_layers(report, width), *_chain(report, width), *(line("  ", *row.spans) for row in presence)]


def _verdict(report: Report, clock: Clock, width: int) -> list[Line]:
    parts = [line(badge(report.verdict))]
    if report.stale_since is not None:
        parts.append(line(Span(f"oldest change that is not running: {clock.exact(report.stale_since)}", "strong")))
    seen = f"last look {clock.hms(report.observed_at)}" if report.observed_at is not None else "never looked at"
    return flow([*parts, line(Span(seen, "muted"))], width, " ")


def _chain(report: Report, width: int) -> list[Line]:
    """The links from a request to the code, each with its sign; a link that is not ok in its own words."""
    return paragraph(f"chain: {in_words(report.chain)}", width, "muted", indent="  ", hang="  ") if report.chain else []


def _layers(report: Report, width: int) -> list[Line]:
    known = [layer for layer in Layer if layer in report.layers]
    return flow([line(sign(report.layers[layer]), Span(f" {layer.value}", "muted")) for layer in known], width)


def finding_lines(finding: Finding, clock: Clock, width: int, roots: Sequence[str] = ()) -> list[Line]:
    """One finding: what, where (below one of *roots*, which the page's title names), evidence, remedy."""
    role = SEVERITY_ROLE[finding.severity]
    head = paragraph(str(finding.summary), width - 6, "strong")
    rows = [Line((Span("  "), _mark(finding), Span(" "), *head[0].spans)), *(Line((Span("    "), *row.spans)) for row in head[1:])]
    rows += paragraph(report_parts.inside(finding.subject, roots), width, "text", "    ")
    rows.append(line("    ", Span(f"{finding.layer.value} · {finding.code} · ", "muted"), Span(finding.severity.value, role)))
    for item in finding.evidence:
        rows += _evidence(item, clock, width)
    if finding.until is not None:
        rows.append(line(Span(f"      heals by itself: {clock.exact(finding.until)}", "pending-mark")))
    if finding.remedy:
        rows.append(line(Span("      fix: ", "muted"), Span(", ".join(finding.remedy), "accent")))
    return rows


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
    return rows + (paragraph(f"→ {error.grant}", width, "command", "    ", "  ") if error.grant else [])
