"""What whoever deploys says must be on the disk: ``check --expect-commit``. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence
from stalewatch.diagnosis.release import look_at_commit
from stalewatch.diagnosis.rule import Rule
from stalewatch.diagnosis.worst_first import worst_first
from stalewatch.model import reasons
from stalewatch.model.layers import Layer
from stalewatch.model.replace import replace
from stalewatch.model.report import Remedy, Severity, Verdict, worst

if TYPE_CHECKING:
    from stalewatch.model.report import Report

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
RULES = (OTHER_COMMIT,)


def with_expected(report: Report, commit: str) -> Report:
    """*report*, and whether its disk holds *commit*, its first digits at least: a finding, or the reason why that is not known
    (``docs/facts.md#deploy-diaries``)."""
    host = report.host
    if host is None or report.last_seen is not None:
        return report  # it was not seen now, which is unknown already
    there = host.release.commit
    if there and (there.startswith(commit) or commit.startswith(there)):
        return report
    if not there:
        why = f"{report.app} names no commit (no .git, no REVISION that this login may read): whether it is {commit} is not known"
        return _with_release(replace(report, errors=(*report.errors, reasons.RELEASE_COMMIT_UNKNOWN.unseen(why))), Verdict.UNKNOWN)
    found = OTHER_COMMIT.finding(
        there,
        f"commit {there[:10]} is on the disk, and {commit[:10]} was expected",
        [evidence.text("expected", commit), evidence.text("commit", there), look_at_commit(report)],
    )
    findings = tuple(sorted((*report.findings, found), key=worst_first))
    return _with_release(replace(report, findings=findings), Verdict.STALE)


def _with_release(report: Report, verdict: Verdict) -> Report:
    """*report* whose release is at least as bad as *verdict*."""
    layers = {**report.layers, Layer.RELEASE: max(report.layers[Layer.RELEASE], verdict, key=lambda each: each.rank)}
    return replace(report, layers=layers, verdict=worst(list(layers.values())))
