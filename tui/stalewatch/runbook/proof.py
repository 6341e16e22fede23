"""Proof of what takes effect later than its command returns: a reload, workers that restart. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.report import Report, Verdict
from stalewatch.model.snapshot import HostFacts
from stalewatch.model.text import SafeText, safe
from stalewatch.model.times import utc
from stalewatch.runbook.plan import Outcome, Status

if TYPE_CHECKING:
    from stalewatch.runbook.plan import Step
from stalewatch.model.snapshot import Process

_KIND = {"queue:restart": "queue", "horizon:terminate": "horizon", "octane:reload": "octane"}


def reloaded(before: Report, after: Report, sent: int) -> Outcome:
    """Whether FPM was reloaded after *sent* (whole seconds, server's clock): pool and OPcache start times moved, old workers gone.

    ``running`` until all that can be seen says so: the command returns long before anything happened.
    """
    if after.fpm is None or not after.fpm.running:
        return Outcome(status=Status.RUNNING, evidence={"fpm": safe("does not run")})
    evidence: dict[str, SafeText] = {}
    waiting = False
    old, new = _workers(before), _workers(after)
    still = sorted(pid for pid, _ in old & new)
    if still:
        waiting = True
        evidence["old workers"] = safe(", ".join(map(str, still[:10])))
    elif new:
        evidence["workers"] = safe(f"{len(new)} new, no old pid left")
    proofs = 0
    for name, was, now in (("pool start time", _pool_start(before), _pool_start(after)), ("opcache since", _since(before), _since(after))):
        if now is None:
            waiting = waiting or was is not None
            evidence[name] = safe("not seen")
        elif now < sent or now == was:
            waiting = True
            evidence[name] = safe(f"still {utc(now)}")
        else:
            proofs += 1
            evidence[name] = safe(utc(now))
    if not proofs and not waiting:  # nobody may ask the pool: only /proc is left
        waiting = not new or not all(started >= sent for _, started in new)
        evidence["proof"] = safe("worker start times only: the pool could not be asked")
    return Outcome(status=Status.RUNNING if waiting else Status.DONE, evidence=evidence)


def workers_restarted(step: Step, before: HostFacts, after: HostFacts, verdict: Verdict) -> Outcome:
    """Whether the workers that *step* restarts are others now, as many as before, and not in an old release."""
    kind = _KIND.get(step.id, "queue")
    was, now = _of_kind(before, kind), _of_kind(after, kind)
    old = {_identity(process) for process in was} & {_identity(process) for process in now}
    evidence = {"workers": safe(f"{len(now)} now, {len(was)} before, {len(old)} still the old ones")}
    if kind != "octane" and (old or len(now) < len(was)):
        return Outcome(status=Status.RUNNING, evidence=evidence)
    if verdict is Verdict.STALE:
        return Outcome(status=Status.RUNNING, evidence={**evidence, "verdict": safe("still run old code")})
    return Outcome(status=Status.DONE, evidence=evidence)


def _of_kind(host: HostFacts, kind: str) -> list[Process]:
    return [worker.process for worker in host.queue_workers if worker.kind == kind and worker.holds == "start"]


def _identity(process: Process) -> tuple[int, int]:
    return (process.pid, round(process.started))


def _workers(report: Report) -> frozenset[tuple[int, int]]:
    return frozenset(_identity(process) for process in report.fpm.workers) if report.fpm is not None else frozenset()


def _pool_start(report: Report) -> int | None:
    return int(report.status.started) if report.status is not None else None


def _since(report: Report) -> int | None:
    opcache = report.opcache
    return opcache.since if opcache is not None and opcache.enabled else None
