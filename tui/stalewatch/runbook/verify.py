"""Proof by artefacts: what a step should have changed, read in the Report before and the Report after. Pure; exit codes are no evidence.

An Outcome of status ``running`` means: not yet, look again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.report import Finding, Layer, Remedy, Report, Verdict
from stalewatch.model.text import SafeText, safe
from stalewatch.model.times import utc
from stalewatch.runbook import by_hand, steps
from stalewatch.runbook.needs import SOON
from stalewatch.runbook.plan import LEFT, Outcome, ServerPlan, Status, Step
from stalewatch.runbook.step_spec import Proof, outcome
from stalewatch.runbook.steps import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stalewatch.model.parsing import Parsed

_BAD = (Verdict.STALE, Verdict.SUSPECT, Verdict.UNKNOWN)


def prove(
    step: Step, server: ServerPlan, before: Report, after: Report, *, said: str = "", invalidated: Mapping[str, bool] | None = None
) -> Outcome:
    """Whether *step*, sent after *before* was looked at, did what it is for.

    *said*: its output; *invalidated*: what *invalidate* answered.
    """
    if before.host is None or after.host is None:
        return outcome(Status.RUNNING, why="the server could not be looked at")
    proof = Proof(step=step, server=server, before=before, after=after, said=said, invalidated=invalidated or {})
    return steps.spec_of(step.kind).prove(proof)


def judge(
    step: Step,
    server: ServerPlan,
    report: Report,
    said: str,
    code: int,
    parsed: Parsed | None = None,
    unwritable: Mapping[str, str] | None = None,
) -> Outcome:
    """What the command of a check says, or what PHP says of its scripts (*parsed*) or of what the steps write (*unwritable*).

    A failed one stops the server's plan; one that can't tell is done, with the reason as evidence.
    """
    return steps.spec_of(step.kind).prove(
        Proof(step=step, server=server, before=report, after=report, said=said, code=code, parsed=parsed, unwritable=unwritable or {})
    )


def may_run(step: Step, server: ServerPlan, report: Report, parsed: Parsed) -> Outcome:
    """Whether the scripts that *step* would make run can run, as PHP says just before it."""
    return parse.proven(Proof(step=step, server=server, before=report, after=report, parsed=parsed))


def is_fixed(server: ServerPlan, report: Report, *, invalidated: frozenset[str] = frozenset(), strict: bool = False) -> Outcome:
    """Whether the layers that the plan answers for are fresh now: ``partly`` where they are and another is not.

    *invalidated*: scripts proven to be invalidated by this run. *strict*: nothing but ``fresh`` will do (a mere look). Else a pending
    layer counts when the very next use heals it; one that heals soon is waited for, whether the plan answers for it or not.
    """
    evidence = {"verdict": safe(report.verdict.value)}
    if report.snapshot is None or report.observed_at is None:
        return outcome(Status.RUNNING, why="the server could not be looked at")
    bad: dict[str, str] = {}
    left: dict[str, str] = {}
    waiting: dict[str, str] = {}
    for layer, verdict in report.layers.items():
        findings = [finding for finding in report.findings if finding.layer is layer and finding.verdict is verdict]
        tolerated = layer in server.tolerated
        if verdict in _BAD and not (findings and all(_answered(finding, invalidated, server) for finding in findings)):
            (left if tolerated else bad)[layer.value] = _words(verdict, findings, report)
        elif verdict is Verdict.PENDING and (seconds := remaining(findings, report.observed_at)) > 0:
            (left if tolerated and seconds > SOON else waiting)[layer.value] = _words(verdict, findings, report)
        elif verdict is Verdict.PENDING and strict:
            waiting[layer.value] = _words(verdict, findings, report)
    evidence.update({name: safe(words) for name, words in (bad or waiting or left).items()})
    if Layer.OPCACHE.value in bad and any(Remedy.INVALIDATE in one.remedy for one in report.findings if one.layer is Layer.OPCACHE):
        evidence["next"] = safe("fix again: it invalidates them")
    if not bad and not waiting:
        if left:
            evidence[LEFT] = safe(", ".join(f"{name} {report.layers[Layer(name)].value}" for name in left))
        evidence.update(artefacts(report))
    status = Status.FAILED if bad else Status.RUNNING if waiting else Status.PARTLY if left else Status.DONE
    return Outcome(status=status, evidence=evidence)


def remaining(findings: Iterable[Finding], now: float) -> float:
    """For how many seconds old code may be served yet by *findings*, all pending; 0: the next use heals it."""
    return max((finding.until - now for finding in findings if finding.until is not None and finding.until > now), default=0.0)


def artefacts(report: Report) -> dict[str, SafeText]:
    """The artefacts that a person would look at, with their times by the server's clock."""
    host = report.host
    found = {str(cache.path): safe(utc(cache.stat.mtime)) for cache in host.caches if cache.stat} if host else {}
    if (opcache := report.opcache) is not None:
        found["opcache since"] = safe(utc(opcache.since))
    return found


def still_needed(step: Step, report: Report) -> Outcome:
    """Whether what justified *step* is still found: ``done`` go on, ``skipped`` it is not needed any more."""
    if report.host is None:
        return outcome(Status.UNKNOWN, why="it could not be checked again whether the step is needed")
    found = {(finding.layer, finding.code, finding.subject) for finding in report.findings if finding.verdict is not Verdict.FRESH}
    if not step.causes or any((cause.layer, cause.code, cause.subject) in found for cause in step.causes):
        return Outcome(status=Status.DONE)
    if any(finding.layer is cause.layer and finding.verdict is not Verdict.FRESH for finding in report.findings for cause in step.causes):
        return Outcome(status=Status.DONE)  # the same layer, for another reason by now: the step still answers it
    return outcome(Status.SKIPPED, why="no longer needed: the finding behind it is gone")


def _answered(finding: Finding, invalidated: frozenset[str], server: ServerPlan) -> bool:
    if any(steps.spec_of(step.kind).answers(finding) for step in server.steps):
        return True
    told = finding.layer is Layer.OPCACHE and finding.verdict is not Verdict.UNKNOWN
    return told and bool(finding.paths) and set(finding.paths) <= invalidated


def _words(verdict: Verdict, findings: list[Finding], report: Report) -> str:
    """A verdict with its reason: what could not be looked at has no finding."""
    if findings:
        grant = by_hand.afterwards(findings[0]) if verdict is Verdict.UNKNOWN else ""
        return f"{verdict.value}: {findings[0].summary}{grant}"
    reasons = [f"{error.message} ({error.grant})" if error.grant else str(error.message) for error in report.errors[:1]]
    return ": ".join([verdict.value, *(reasons if verdict is Verdict.UNKNOWN else ())])
