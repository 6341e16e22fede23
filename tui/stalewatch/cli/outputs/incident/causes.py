"""Root cause: how a request reaches the code, and what each layer held, with the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.cli.outputs.finding_words import details
from stalewatch.cli.outputs.incident.markdown import code, section, words
from stalewatch.model.chain import in_words
from stalewatch.model.replace import replace
from stalewatch.model.report import Verdict
from stalewatch.runbook import verdict_words

if TYPE_CHECKING:
    from stalewatch.cli.outputs.incident.moments import Moments
    from stalewatch.model.report import Finding, Report
    from stalewatch.timeline.incident import IncidentStory

MOST = 12
"""Findings that are told of one app; more are counted."""


def wrong(report: Report) -> list[Finding]:
    """The findings that say that old code runs, or may run, worst first."""
    return [finding for finding in report.findings if finding.verdict.rank >= Verdict.PENDING.rank]


def causes(incident: IncidentStory, moments: Moments) -> list[str]:
    """Per app that was not fresh: the chain, then the layers."""
    lines: list[str] = []
    for story in incident.stories:
        found = wrong(story.worst)
        if not found:
            continue
        title = f"{code(story.worst.server)}: {words(story.worst.name)}"
        lines += section(title, _app(story.worst, found, moments), 3)
    return lines[:-1]


def _app(report: Report, found: list[Finding], moments: Moments) -> list[str]:
    lines = [f"How a request reaches the code: {words(in_words(report.chain))}", ""] if report.chain else []
    for finding in found[:MOST]:
        lines += _finding(finding, report, moments)
    return [*lines, f"- and {len(found) - MOST} more"] if len(found) > MOST else lines


def _finding(finding: Finding, report: Report, moments: Moments) -> list[str]:
    sign = verdict_words.VERDICT_SIGN[finding.verdict]
    lines = [f"- **{finding.layer}** {sign} {finding.verdict}: {words(finding.summary)} ({code(finding.code)})"]
    for detail in details(finding, replace(report, observed_at=None), moments.zone):  # an age would be wrong for who reads it later
        label, _, value = detail.words.partition(": ")
        label = "remedy" if label == "to do" else label
        told = words(value) if detail.wraps else code(value)
        lines.append(f"  - {words(label)}: {told}" if value else f"  - {words(detail.words)}")
    return lines
