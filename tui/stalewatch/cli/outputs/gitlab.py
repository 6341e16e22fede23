"""``check --format gitlab``: GitLab's code quality report, an issue per finding and per thing that was not seen."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from stalewatch.cli.outputs.subject_file import subject_file
from stalewatch.model.replace import replace
from stalewatch.model.report import Severity, Verdict
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stalewatch.model.report import Finding, Report

NO_FILE = "composer.json"
"""GitLab takes no issue without a file: where the finding is about none, the one that every application has."""

_SEVERITY = {Severity.CRITICAL: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}


class _Lines(msgspec.Struct, frozen=True):
    begin: int = 1


class _Location(msgspec.Struct, frozen=True):
    path: str
    lines: _Lines = _Lines()


class _Issue(msgspec.Struct, frozen=True, kw_only=True):
    description: str
    check_name: str
    fingerprint: str
    severity: str
    location: _Location


def render(reports: Sequence[Report]) -> bytes:
    """The JSON, indented, with a newline at its end. Fingerprints hold no time: what stays the same is the same issue in the next run."""
    issues = _apart(issue for report in reports for issue in _issues(report))
    return msgspec.json.format(msgspec.json.encode(issues), indent=2) + b"\n"


def _apart(issues: Iterable[_Issue]) -> list[_Issue]:
    """*issues* with the later ones of the same fingerprint numbered: GitLab shows one of each only."""
    told: dict[str, int] = {}
    found = []
    for issue in issues:
        told[issue.fingerprint] = number = told.get(issue.fingerprint, 0) + 1
        found.append(issue if number == 1 else replace(issue, fingerprint=_digest(issue.fingerprint, str(number))))
    return found


def _issues(report: Report) -> Iterator[_Issue]:
    where = f"{report.server} {report.name}" if report.app else report.server
    for error in report.errors:
        words = f"{where}: cannot see: {error.message}; {error.grant}".rstrip("; ")
        yield _issue(report, error.code, "", words, "major", NO_FILE)
    for finding in report.findings:
        words = f"{where}: {finding.layer}: {finding.summary}"
        yield _issue(report, finding.code, finding.subject, words, _severity(finding), subject_file(finding, report) or NO_FILE)


def _issue(report: Report, code: str, subject: str, words: str, severity: str, path: str) -> _Issue:
    return _Issue(
        description=safe(words),
        check_name=code,
        fingerprint=_digest(report.server, report.app, code, subject),
        severity=severity,
        location=_Location(safe(path)),
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(map(safe, parts)).encode()).hexdigest()


def _severity(finding: Finding) -> str:
    if finding.verdict is Verdict.STALE:
        return "blocker"
    return "major" if finding.verdict.rank >= Verdict.PENDING.rank else _SEVERITY[finding.severity]
