"""What whoever deploys says must be on the disk: ``check --expect-commit``, ``--expect-file``. Pure."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, paths
from stalewatch.diagnosis.release import look_at_commit
from stalewatch.diagnosis.rule import Rule
from stalewatch.diagnosis.worst_first import worst_first
from stalewatch.model import reasons
from stalewatch.model.expected import ExpectedFile, FileState
from stalewatch.model.layers import Layer
from stalewatch.model.replace import replace
from stalewatch.model.report import Remedy, Severity, Verdict, worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stalewatch.model.expected import HeldFile
    from stalewatch.model.report import Finding, Report
    from stalewatch.model.snapshot import Unseen

OTHER_COMMIT = Rule(
    code="release.other-commit",
    layer=Layer.RELEASE,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="The disk holds another commit than the one that check --expect-commit was given: what was deployed did not arrive here.",
    evidence=("expected", "commit", "repeat"),
    remedy=(Remedy.CONFIGURE,),
    advice="Deploy to this server. No cache of it has to do with that.",
)
OTHER_FILE = Rule(
    code="release.other-file",
    layer=Layer.RELEASE,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning=(
        "The disk does not hold a file with the SHA-256 that check --expect-file was given: what was deployed did not arrive here, or was "
        "changed since."
    ),
    evidence=("expected", "modified", "repeat"),
    remedy=(Remedy.CONFIGURE,),
    advice="Deploy to this server. No cache of it has to do with that.",
)
RULES = (OTHER_COMMIT, OTHER_FILE)

_INSTEAD = {
    FileState.OTHER: "has another content than the one that was expected",
    FileState.MISSING: "was expected, and is not on the disk",
    FileState.DANGLING: "was expected, and is a symbolic link to what is not there",
    FileState.NO_FILE: "was expected, and is not a regular file",
}


def with_expected(report: Report, commit: str) -> Report:
    """*report*, and whether its disk holds *commit*, its first digits at least: a finding, or the reason why that is not known
    (``docs/facts.md#deploy-diaries``)."""
    host = report.host
    if host is None or not seen_now(report):
        return report
    there = host.release.commit
    if there and (there.startswith(commit) or commit.startswith(there)):
        return report
    if not there:
        why = f"{report.app} names no commit (no .git, no REVISION that this login may read): whether it is {commit} is not known"
        return with_release_unknown(report, reasons.RELEASE_COMMIT_UNKNOWN.unseen(why))
    found = OTHER_COMMIT.finding(
        there,
        f"commit {there[:10]} is on the disk, and {commit[:10]} was expected",
        [evidence.text("expected", commit), evidence.text("commit", there), look_at_commit(report)],
    )
    return _with_findings(report, [found])


def seen_now(report: Report) -> bool:
    """Whether there is anything to hold against what is expected: what was not seen is unknown already."""
    return report.host is not None and report.last_seen is None


def in_release(report: Report, files: Iterable[ExpectedFile]) -> tuple[ExpectedFile, ...]:
    """*files* with absolute paths, below the release of *report* where they were relative."""
    root = (report.host.release.root if report.host is not None else "") or report.app
    return tuple(ExpectedFile(paths.absolute(file.path, root), file.sha256) for file in files)


def with_files(report: Report, wanted: Sequence[ExpectedFile], held: Sequence[HeldFile]) -> Report:
    """*report*, and which of *wanted* (absolute paths) its disk does not hold; *held*: what lies in the place of each."""
    found = []
    for file, there in zip(wanted, held, strict=True):
        if there.state in _INSTEAD:
            found.append(_other_file(report, file, there))
        elif there.state is not FileState.SAME:
            report = with_release_unknown(report, _not_known(report, file, there.state))
    return _with_findings(report, found)


def _other_file(report: Report, file: ExpectedFile, there: HeldFile) -> Finding:
    """Said by a check sum (``docs/facts.md#deploy-diaries``)."""
    root = (report.host.release.root if report.host is not None else "") or report.app
    return OTHER_FILE.finding(
        file.path,
        f"{paths.short(file.path, root)} {_INSTEAD[there.state]}",
        [
            evidence.text("expected", file.sha256),
            evidence.time("modified", there.modified),
            evidence.command("sha256sum", "--", file.path),
        ],
    )


def _not_known(report: Report, file: ExpectedFile, state: FileState) -> Unseen:
    login = (report.host.login if report.host is not None else "") or "LOGIN"
    words, grant = {
        FileState.DENIED: (
            f"neither this login nor the pool may read {file.path}",
            f"sudo {shlex.join(('setfacl', '-m', f'u:{login}:r', file.path))}, and x for {login} on the folders above it",
        ),
        FileState.LONG: (f"{file.path} is longer than 64 MB", "name a smaller file of the same deploy"),
        FileState.NO_PROGRAM: (
            f"{report.server} has no program that takes a SHA-256 of {file.path}",
            "install one of sha256sum, busybox, openssl and shasum there",
        ),
    }.get(state, (f"{file.path} could not be read", "read it by hand: the disk may have trouble"))
    return reasons.RELEASE_FILE_UNREAD.unseen(f"{words}: whether it is what was expected is not known", grant)


def with_release_unknown(report: Report, why: Unseen) -> Report:
    """*report* whose release is at least unknown, with the reason."""
    return _with_release(replace(report, errors=(*report.errors, why)), Verdict.UNKNOWN)


def _with_findings(report: Report, found: Sequence[Finding]) -> Report:
    if not found:
        return report
    return _with_release(replace(report, findings=tuple(sorted((*report.findings, *found), key=worst_first))), Verdict.STALE)


def _with_release(report: Report, verdict: Verdict) -> Report:
    """*report* whose release is at least as bad as *verdict*."""
    layers = {**report.layers, Layer.RELEASE: max(report.layers[Layer.RELEASE], verdict, key=lambda each: each.rank)}
    return replace(report, layers=layers, verdict=worst(list(layers.values())))
