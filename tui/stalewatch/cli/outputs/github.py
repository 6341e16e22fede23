"""``check --format github``: annotations of a workflow run, and a table for its summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.cli.outputs.subject_file import subject_file
from stalewatch.model.report import Layer, Severity, Verdict
from stalewatch.model.text import safe
from stalewatch.runbook import verdict_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stalewatch.model.report import Finding, Report

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable that names the file to which the summary is added."""

_LEVEL = {Severity.CRITICAL: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def commands(reports: Sequence[Report]) -> str:
    """One workflow command per finding and per thing that was not seen."""
    return "".join(f"{line}\n" for report in reports for line in _report(report))


def _report(report: Report) -> Iterator[str]:
    where = f"{report.server} {report.name}" if report.app else report.server
    for error in report.errors:
        yield _command("error", f"{where}: cannot see ({error.code})", f"{error.message}; {error.grant}".rstrip("; "))
    for finding in report.findings:
        told = finding.severity if finding.verdict in (Verdict.FRESH, Verdict.ABSENT) else finding.verdict
        remedy = ", then ".join(verdict_words.REMEDY[each] for each in finding.remedy)
        words = f"{finding.summary} [{finding.code}]" + (f"; to do: {remedy}" if remedy else "")
        yield _command(_level(finding), f"{where}: {told} {finding.layer}", words, subject_file(finding, report))


def _level(finding: Finding) -> str:
    """What fails the check is an error, whatever its severity."""
    return "error" if finding.verdict.rank >= Verdict.PENDING.rank else _LEVEL[finding.severity]


def _command(level: str, title: str, words: str, file: str = "") -> str:
    named = f"file={_property(file)}," if file else ""
    return f"::{level} {named}title={_property(title)}::{_data(words)}"


def _data(words: str) -> str:
    return safe(words).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(words: str) -> str:
    return _data(words).replace(":", "%3A").replace(",", "%2C")


def summary(reports: Sequence[Report]) -> str:
    """A table in Markdown: a row per server and app, a column per layer."""
    head = ["server", "app", "verdict", *(layer.value for layer in Layer)]
    rows = [head, ["---"] * len(head), *(_row(report) for report in reports)]
    table = "".join(f"| {' | '.join(_cell(cell) for cell in row)} |\n" for row in rows)
    return f"### stalewatch\n\n{table}\n"


def _row(report: Report) -> list[str]:
    layers = [report.layers.get(layer, Verdict.UNKNOWN) for layer in Layer]
    return [report.server, report.name if report.app else "", _verdict(report.verdict), *(_verdict(verdict) for verdict in layers)]


def _verdict(verdict: Verdict) -> str:
    return f"{verdict_words.VERDICT_SIGN[verdict]} {verdict}"


def _cell(words: str) -> str:
    return safe(words).replace("|", "\\|")
