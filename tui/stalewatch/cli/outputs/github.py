"""``check --format github``: annotations of a workflow run, and a table for its summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.cli.outputs.subject_file import subject_file
from stalewatch.model import figures
from stalewatch.model.report import Layer, Severity, Verdict
from stalewatch.model.text import safe
from stalewatch.runbook import verdict_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stalewatch.model.report import Finding, Report

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable that names the file to which the summary is added."""

MAX_SUMMARY = 1024 * 1024
"""Bytes: GitHub drops a step's summary that is longer."""

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
    """A table in Markdown: a row per server and app, the worst first, and a column per layer; at most :data:`MAX_SUMMARY` bytes."""
    head = ["server", "app", "verdict", *(layer.value for layer in Layer)]
    lines = [_line(row) for row in (head, ["---"] * len(head))]
    ordered = sorted(reports, key=lambda report: -report.verdict.rank)
    room = MAX_SUMMARY - 200 - sum(len(line.encode()) for line in lines)
    for number, report in enumerate(ordered):
        line = _line(_row(report))
        room -= len(line.encode())
        if room < 0:
            lines.append(f"\n{figures.count(len(ordered) - number, 'row')} more: see the annotations.\n")
            break
        lines.append(line)
    return f"### stalewatch\n\n{''.join(lines)}\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |\n"


def _row(report: Report) -> list[str]:
    layers = [report.layers.get(layer, Verdict.UNKNOWN) for layer in Layer]
    return [report.server, report.name if report.app else "", _verdict(report.verdict), *(_verdict(verdict) for verdict in layers)]


def _verdict(verdict: Verdict) -> str:
    return f"{verdict_words.VERDICT_SIGN[verdict]} {verdict}"


def _cell(words: str) -> str:
    for sign, shown in (("&", "&amp;"), ("<", "&lt;"), ("\\", "&#92;"), ("|", "&#124;"), ("`", "&#96;")):
        words = words.replace(sign, shown)
    return safe(words)
