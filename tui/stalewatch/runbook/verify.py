"""Proof by artefacts: what a step should have changed, read in the Report before and the Report after. Pure; exit codes are no evidence.

An Outcome of status ``running`` means: not yet, look again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stalewatch.model.layers import Layer
from stalewatch.model.report import Finding, Remedy, Report, Verdict
from stalewatch.model.snapshot import CacheFile, FileStat, HostFacts, Script
from stalewatch.model.text import SafeText, safe
from stalewatch.model.times import utc
from stalewatch.runbook import proof
from stalewatch.runbook.plan import Action, Outcome, Phase, ServerPlan, Status, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

_BAD = (Verdict.STALE, Verdict.SUSPECT, Verdict.UNKNOWN)


def prove(
    step: Step, server: ServerPlan, before: Report, after: Report, *, said: str = "", forgotten: Mapping[str, bool] | None = None
) -> Outcome:
    """Whether *step*, sent after *before* was looked at, did what it is for.

    *said*: its output; *forgotten*: what *invalidate* answered.
    """
    host_before, host = before.host, after.host
    if host is None or host_before is None:
        return _outcome(Status.RUNNING, why="the server could not be looked at")
    sent = math.floor(before.observed_at or 0.0)
    if step.action is Action.RELOAD_FPM:
        return proof.reloaded(before, after, sent)
    if step.action is Action.INVALIDATE:
        return _invalidated(step, before, after, forgotten or {}, sent)
    if step.action is Action.QUEUE_RESTART:
        return proof.workers_restarted(step, host_before, host, after.layers[Layer.WORKERS])
    if step.action is Action.WIPE_FILE_CACHE:
        return _wiped(after)
    if step.layer is None:
        failed = "Failed to clear" in said
        words = " ".join(said.split())[-200:] or "nothing"
        return _outcome(Status.FAILED if failed else Status.DONE, said=words, proof="none: it leaves no artefact here")
    if step.layer is Layer.VIEWS:
        return _views(step, host, after, sent)
    caches = [cache for cache in host.caches if cache.name == step.layer.value]
    if step.phase is Phase.CLEAR:
        left = [cache for cache in caches if cache.stat is not None]
        return _outcome(Status.FAILED if left else Status.DONE, **{cache.path: "still there" if cache.stat else "gone" for cache in caches})
    return _rebuilt(caches, host, step, server, sent)


def is_fixed(server: ServerPlan, report: Report, *, forgotten: frozenset[str] = frozenset(), strict: bool = False) -> Outcome:
    """Whether the layers that the plan answers for are fresh now. *forgotten*: scripts proven to be invalidated by this run.

    *strict*: nothing but ``fresh`` will do (a mere look). Else a pending layer counts when the very next use heals it.
    """
    evidence = {"verdict": safe(report.verdict.value)}
    if report.snapshot is None or report.observed_at is None:
        return _outcome(Status.RUNNING, why="the server could not be looked at")
    wiped = any(step.action is Action.WIPE_FILE_CACHE for step in server.steps)
    bad: dict[str, str] = {}
    waiting: dict[str, str] = {}
    for layer, verdict in report.layers.items():
        if layer in server.tolerated or verdict in (Verdict.FRESH, Verdict.ABSENT):
            continue
        findings = [finding for finding in report.findings if finding.layer is layer and finding.verdict is verdict]
        if verdict in _BAD and not (findings and all(_answered(finding, forgotten, wiped=wiped) for finding in findings)):
            bad[layer.value] = _words(verdict, findings)
        elif verdict is Verdict.PENDING:
            (waiting if strict or any((finding.until or 0.0) > report.observed_at for finding in findings) else {})[layer.value] = _words(
                verdict, findings
            )
    for layer_name, words in (bad or waiting).items():
        evidence[layer_name] = safe(words)
    status = Status.FAILED if bad else Status.RUNNING if waiting else Status.DONE
    if status is Status.DONE:
        left = [f"{layer.value} {report.layers[layer].value}" for layer in server.tolerated if report.layers.get(layer) in _BAD]
        if left:
            evidence["not put right by this plan"] = safe(", ".join(left))
        evidence.update(artefacts(report))
    return Outcome(status=status, evidence=evidence)


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
        return _outcome(Status.UNKNOWN, why="what justified the step could not be read again")
    found = {(finding.layer, finding.code, finding.subject) for finding in report.findings if finding.verdict is not Verdict.FRESH}
    if not step.causes or any((cause.layer, cause.code, cause.subject) in found for cause in step.causes):
        return Outcome(status=Status.DONE)
    if any(finding.layer is cause.layer and finding.verdict is not Verdict.FRESH for finding in report.findings for cause in step.causes):
        return Outcome(status=Status.DONE)  # the same layer, for another reason by now: the step still answers it
    return _outcome(Status.SKIPPED, why="no longer needed: what justified it is not found any more")


def _answered(finding: Finding, forgotten: frozenset[str], *, wiped: bool) -> bool:
    if wiped and not finding.paths and Remedy.WIPE in finding.remedy and finding.verdict is Verdict.SUSPECT:
        return True  # what OPcache compiles to files from now on comes from the new sources
    return bool(finding.paths) and finding.verdict is not Verdict.UNKNOWN and set(finding.paths) <= forgotten


def _rebuilt(caches: list[CacheFile], host: HostFacts, step: Step, server: ServerPlan, sent: int) -> Outcome:
    written = [cache for cache in caches if cache.stat is not None]
    if not written:
        return _outcome(Status.FAILED, why=f"{step.id} left no cache file")
    evidence: dict[str, str] = {}
    failed = False
    newest = max((source.mtime for source in _sources(host, step)), default=0.0)
    for cache in written:
        stat = cache.stat
        if stat is None:
            continue
        wrong = _wrong(stat, sent, newest, str(server.user)) or ("it is not complete" if cache.complete is False else "")
        failed = failed or bool(wrong)
        evidence[cache.path] = wrong or f"written {utc(stat.mtime)}, owner {stat.owner or 'not known'}"
    return _outcome(Status.FAILED if failed else Status.DONE, **evidence)


def _wrong(stat: FileStat, sent: int, newest: float, user: str) -> str:
    if math.floor(stat.mtime) < sent:
        return f"not rewritten: still of {utc(stat.mtime)}"
    if math.floor(newest) > stat.mtime + 1:
        return f"older than its newest source ({utc(newest)})"
    if user and stat.owner and stat.owner != user:
        return f"belongs to {stat.owner}, the pool runs as {user}"
    return ""


def _sources(host: HostFacts, step: Step) -> tuple[FileStat, ...]:
    inputs = host.inputs.get(str(step.layer))
    return inputs.direct if inputs and step.layer is not Layer.PACKAGES else ()  # packages: the set counts, not the times


def _views(step: Step, host: HostFacts, after: Report, sent: int) -> Outcome:
    if step.phase is Phase.CLEAR:
        old = sum(math.floor(view.compiled.mtime) < sent for view in host.views.views)
        return _outcome(Status.FAILED if old else Status.DONE, **{"compiled views": f"{old} old ones still there" if old else "gone"})
    verdict = after.layers[Layer.VIEWS]
    if not host.views.views:
        return _outcome(Status.FAILED, why="view:cache left no compiled view")
    old = sum(view.source is not None and math.floor(view.source.mtime) > math.floor(view.compiled.mtime) for view in host.views.views)
    failed = old > 0
    return _outcome(
        Status.FAILED if failed else Status.DONE,
        views=verdict.value,
        **{"compiled views": f"{old} of {len(host.views.views)} older than their source" if old else str(len(host.views.views))},
    )


def _wiped(after: Report) -> Outcome:
    left = [finding for finding in after.findings if Remedy.WIPE in finding.remedy and finding.verdict in (Verdict.STALE, Verdict.SUSPECT)]
    if left and all(Remedy.RELOAD not in finding.remedy for finding in left):
        return _outcome(Status.FAILED, why=left[0].summary)
    return _outcome(Status.DONE, proof="by the reload and the look that follow")


def _invalidated(step: Step, before: Report, after: Report, forgotten: Mapping[str, bool], sent: int) -> Outcome:
    refused = [path for path in step.paths if forgotten.get(path) is False]
    if refused:
        return _outcome(Status.FAILED, **dict.fromkeys(refused[:5], "still cached: PHP did not invalidate it"))
    opcache, earlier = after.opcache, before.opcache
    if opcache is None:
        return _outcome(Status.RUNNING, why="OPcache could not be looked at")
    known = {script.path: script for script in (*(earlier.changed + earlier.scripts if earlier else ()),)}
    found = {script.path: script for script in (*opcache.scripts, *opcache.changed)}
    held = [path for path in step.paths if path not in forgotten and _holds(found.get(safe(path)), known.get(safe(path)), sent)]
    if held:
        return _outcome(Status.FAILED, **dict.fromkeys(held[:5], "OPcache still holds the old one"))
    return _outcome(Status.DONE, scripts=str(len(step.paths)), proof="not cached, or compiled anew")


def _holds(now: Script | None, then: Script | None, sent: int) -> bool:
    if now is None or not now.cached:
        return False
    if now.timestamp and now.mtime is not None:
        return now.timestamp != math.floor(now.mtime)
    return then is not None and now.hits >= then.hits > 0 and not (now.hits == 0 and now.last_used >= sent)


def _words(verdict: Verdict, findings: list[Finding]) -> str:
    return f"{verdict.value}: {findings[0].summary}" if findings else verdict.value


def _outcome(status: Status, /, **evidence: str) -> Outcome:
    return Outcome(status=status, evidence={key: safe(value) for key, value in evidence.items()})
