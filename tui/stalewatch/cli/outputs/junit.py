"""``check --format junit``: a suite per server and app, a case per layer."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from stalewatch.cli.outputs.finding_words import details
from stalewatch.model.report import Layer, Severity, Verdict
from stalewatch.model.text import safe
from stalewatch.model.times import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from junitparser.junitparser import FinalResult

    from stalewatch.model.report import Finding, Report

HEALTH = "health"
"""The case of what is no layer: warnings are its output; what is critical, or that the server could not be looked at, fails it."""


def render(reports: Sequence[Report]) -> bytes:
    """The XML. What is not proven fresh is a failure, what could not be looked at an error, what is not cached skipped."""
    whole = JUnitXml("stalewatch")
    for report in reports:
        whole.add_testsuite(_suite(report))
    written: bytes = whole.tostring()  # type: ignore[no-untyped-call]
    return written + b"\n"


def _suite(report: Report) -> TestSuite:
    suite = TestSuite(safe(f"{report.server} {report.app}".strip()))
    suite.hostname = safe(report.server)
    if (seen := iso(report.observed_at)) is not None:
        suite.timestamp = seen
    for layer in Layer:
        suite.add_testcase(_case(report, layer))
    suite.add_testcase(_health(report))
    return suite


def _case(report: Report, layer: Layer) -> TestCase:
    verdict = report.layers.get(layer, Verdict.UNKNOWN)
    findings = [finding for finding in report.findings if finding.layer is layer and finding.verdict is not Verdict.FRESH]
    case = TestCase(layer.value, safe(f"{report.server}.{report.name}"))
    if verdict is Verdict.ABSENT:
        case.result = [Skipped("not cached")]
    elif verdict is Verdict.UNKNOWN:
        case.result = [_told(Error, verdict, findings, report, _errors(report))]
    elif verdict is not Verdict.FRESH:
        case.result = [_told(Failure, verdict, findings, report, [])]
    return case


def _health(report: Report) -> TestCase:
    found = [finding for finding in report.findings if finding.verdict in (Verdict.FRESH, Verdict.ABSENT)]
    critical = [finding for finding in found if finding.severity is Severity.CRITICAL]
    case = TestCase(HEALTH, safe(f"{report.server}.{report.name}"))
    if critical:
        case.result = [_told(Failure, Verdict.FRESH, critical, report, [])]
    elif report.errors and Verdict.UNKNOWN not in report.layers.values():  # left out, and nothing rests on it
        case.result = [_told(Error, Verdict.UNKNOWN, [], report, _errors(report))]
    warnings = [_words(finding, report) for finding in found if finding not in critical]
    if warnings:
        case.system_out = "\n".join(warnings)
    return case


def _errors(report: Report) -> list[str]:
    return [safe(f"{error.message}; {error.grant}".rstrip("; ")) for error in report.errors]


def _told(kind: type[Error | Failure], verdict: Verdict, findings: Sequence[Finding], report: Report, more: Sequence[str]) -> FinalResult:
    """*kind* with the first sentence as its message and everything as its text."""
    told = [_words(finding, report) for finding in findings] + list(more)
    result = kind(safe(findings[0].summary) if findings else next(iter(more), verdict.value), verdict.value)
    result.text = "\n".join(told)
    return result


def _words(finding: Finding, report: Report) -> str:
    below = [f"  {detail.words}" for detail in details(finding, report, UTC)]
    return "\n".join(map(safe, (f"{finding.layer}: {finding.summary}  [{finding.code}]", *below)))
