"""``check`` for people: worst first; per finding what is so, the evidence, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.cli.outputs.finding_words import details
from stalewatch.cli.outputs.fix_line import fix_line
from stalewatch.cli.outputs.text_writer import TextWriter
from stalewatch.model import figures
from stalewatch.model.chain import in_words
from stalewatch.model.reasons import what_to_do
from stalewatch.model.report import Layer, Severity, Verdict
from stalewatch.model.text import safe
from stalewatch.model.times import clock
from stalewatch.runbook import verdict_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from stalewatch.model.report import Finding, Report
    from stalewatch.model.snapshot import Unseen

_LABEL = 13  # where the words of a finding begin


def render(reports: Sequence[Report], *, colour: bool = False, width: int | None = None, zone: tzinfo | None = None) -> str:
    """All reports as text. *width* None: no wrapping. *zone* None: times in the local zone."""
    writer = TextWriter(colour=colour, width=width)
    ordered = sorted(reports, key=lambda report: (-report.verdict.rank, -_warnings(report), report.server, report.app))
    _summary(writer, ordered)
    for report in ordered:
        writer.gap()
        _report(writer, report, zone)
    return writer.text()


def _summary(writer: TextWriter, reports: Sequence[Report]) -> None:
    """``✗ 1 stale  ✓ 2 fresh``."""
    parts: list[str | tuple[str, str]] = []
    for verdict in sorted(Verdict, key=lambda verdict: -verdict.rank):
        count = sum(report.verdict is verdict for report in reports)
        if count:
            parts += [
                "  " if parts else "",
                (f"{verdict_words.VERDICT_SIGN[verdict]} {count} {verdict}", verdict_words.VERDICT_STYLE[verdict]),
            ]
    warned = sum(_warnings(report) > 0 for report in reports)
    if warned:
        parts.append((f"  ! {warned} with warnings", verdict_words.SEVERITY_STYLE[Severity.WARNING]))
    writer.line(*parts)


def _warnings(report: Report) -> int:
    return sum(finding.severity is Severity.WARNING for finding in report.findings)


def _report(writer: TextWriter, report: Report, zone: tzinfo | None) -> None:
    verdict = report.verdict
    since = ""
    if verdict is Verdict.STALE and report.stale_since is not None and report.observed_at is not None:
        since = f" for {figures.span(report.observed_at - report.stale_since)}"
    seen = f"  seen {clock(report.observed_at, None, zone)}" if report.observed_at is not None else ""
    writer.line(
        (f"{verdict_words.VERDICT_SIGN[verdict]} {verdict.upper()}{since}", verdict_words.VERDICT_STYLE[verdict]),
        "  ",
        (safe(report.server), "bold"),
        f"  {report.app or '(no app found)'}",
        "" if report.address == report.server else f"  {safe(report.address)}",
        seen,
    )
    _layers(writer, report)
    _chain(writer, report)
    for error in report.errors:
        _error(writer, error)
    for finding in report.findings:
        _finding(writer, finding, report, zone)
    _advice(writer, report)


def _layers(writer: TextWriter, report: Report) -> None:
    """One line per verdict, worst first: which layers have it."""
    for verdict in sorted(Verdict, key=lambda verdict: -verdict.rank):
        layers = [layer for layer in Layer if report.layers.get(layer, Verdict.UNKNOWN) is verdict]
        if layers:
            writer.line((f"{verdict:<{_LABEL - 4}}", verdict_words.VERDICT_STYLE[verdict]), " ".join(layers), indent=4, hang=_LABEL)


def _chain(writer: TextWriter, report: Report) -> None:
    """How a request reaches the code, in one paragraph; nothing where nothing was seen."""
    if report.chain:
        writer.line(f"{'chain':<{_LABEL - 4}}", in_words(report.chain), indent=4, hang=_LABEL)
    for one in report.not_judged:
        writer.line(f"{'not judged':<{_LABEL - 4}}", f"{one.what}: {one.why}", indent=4, hang=_LABEL)


def _error(writer: TextWriter, error: Unseen) -> None:
    writer.line(
        ("cannot see", verdict_words.VERDICT_STYLE[Verdict.UNKNOWN]), f"  {error.message}  [{error.code}]", indent=2, hang=_LABEL + 1
    )
    if todo := what_to_do(error):
        writer.line(f"to do: {todo}", indent=_LABEL + 1)


def _finding(writer: TextWriter, finding: Finding, report: Report, zone: tzinfo | None) -> None:
    """The finding, its evidence, and what to do, in that order."""
    health = finding.verdict in (Verdict.FRESH, Verdict.ABSENT)
    sign, style = ("!" if finding.severity is not Severity.INFO else "i"), verdict_words.SEVERITY_STYLE[finding.severity]
    if not health:
        sign, style = verdict_words.VERDICT_SIGN[finding.verdict], verdict_words.VERDICT_STYLE[finding.verdict]
    told = str(finding.severity if health else finding.verdict)
    writer.line((f"{sign} {told:<{_LABEL - 5}}", style), f" {finding.layer}: {finding.summary}  [{finding.code}]", indent=2, hang=_LABEL)
    for detail in details(finding, report, zone):
        writer.line(detail.words, indent=_LABEL, wrap=detail.wraps)


def _advice(writer: TextWriter, report: Report) -> None:
    """The one command that fixes this server, where the runbook can."""
    if line := fix_line(report):
        writer.line(("fix it: ", "bold"), line, indent=2, wrap=False)
