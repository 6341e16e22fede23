"""Restart the long-running workers: queue, Horizon, Octane, Reverb, messenger. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis.worker_places import takes_turns
from stalewatch.diagnosis.worker_restarts import among, counted, of_kind, start_again
from stalewatch.model import figures
from stalewatch.model.layers import Layer
from stalewatch.model.report import Remedy, Verdict
from stalewatch.model.text import safe
from stalewatch.runbook import worker_reach
from stalewatch.runbook.needs import why, worker_kinds
from stalewatch.runbook.plan import LeftOut, Outcome, Phase, Status, Step
from stalewatch.runbook.step_spec import Proof, StepSpec, outcome
from stalewatch.runbook.steps import artisan
from stalewatch.runbook.worker_reach import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import HostFacts, QueueWorker
    from stalewatch.runbook.commands import Access, Command
    from stalewatch.runbook.draft import Draft

_DEAF = frozenset({"schedule"})
_KINDS = {name: kind for kind, name in NAMES.items()}


def told_to_end(step: Step, report: Report) -> tuple[QueueWorker, ...]:
    """The workers of *report* that *step* tells to end, and for each of which another one must come; Octane's start again by themselves."""
    kind = _KINDS.get(step.id, "")
    host = report.host if step.kind == RESTART_WORKERS.kind and kind != "octane" else None
    return counted(_hearing(host), kind) if host is not None else ()


def _hearing(host: HostFacts) -> list[QueueWorker]:
    """Those of the app that a restart may reach."""
    return [worker for worker in host.queue_workers if worker.placed and worker_reach.hears(worker, host) is not False]


def _asked(draft: Draft) -> bool:
    if not (draft.laravel or draft.access.environment) or not draft.fixing or not draft.wants(Phase.RELOAD):
        return False
    return bool(draft.needs(Remedy.RESTART_WORKERS) or (draft.request.everything and draft.host.queue_workers))


def _wanted(draft: Draft) -> list[Step]:
    if not _asked(draft):
        return []
    needs = draft.needs(Remedy.RESTART_WORKERS)
    reason, causes = why(needs) if needs else ("asked for: the whole sequence", ())
    kinds = worker_kinds(tuple(worker for worker in draft.host.queue_workers if worker_reach.hears(worker, draft.host) is not False))
    return [
        RESTART_WORKERS.step(
            draft.access.text(draft.access.restart(kind, name)),
            reason,
            id=name,
            what=name,
            layer=Layer.WORKERS,
            timeout=artisan.TIMEOUT,
            causes=causes,
        )
        for kind, name in sorted(NAMES.items())
        if kind in kinds and draft.laravel is not (kind == "messenger")
    ]


def _left_out(draft: Draft) -> Iterator[LeftOut]:
    if _asked(draft) and worker_kinds(draft.host.queue_workers) & _DEAF:
        yield LeftOut(safe("schedule:work"), safe("it does not listen to queue:restart: its supervisor restarts it"))


def _warns(draft: Draft) -> Iterator[str]:
    yield from artisan.warns(draft)
    yield from _unprovable(draft)
    host = draft.host
    by_store = [worker for worker in host.queue_workers if worker.kind in worker_reach.BY_STORE and worker.holds == "start"]
    if by_store:
        yield worker_reach.reach(host, draft.access.root, by_store, draft.sharing)
    deaf = [worker for worker in by_store if worker_reach.hears(worker, host) is False]
    root = host.release.root
    apart = [worker for worker in by_store if worker.process.cwd_deleted or (root and worker.release not in ("", root))]
    if deaf:
        agree = figures.agree(len(deaf), "does", "do")
        yield f"{figures.count(len(deaf), 'worker')} here {agree} not hear it: {worker_reach.by_hand(deaf, draft.report)}"
    elif apart and worker_reach.store_of(host) is None:
        agree = figures.agree(len(apart), "runs", "run")
        yield (
            f"{figures.count(len(apart), 'worker')} of another release {agree} here: a file store in each release reaches none of them; "
            f"then {worker_reach.by_hand(apart, draft.report)}"
        )


def _unprovable(draft: Draft) -> Iterator[str]:
    """New workers whose release cannot be read are no proof, and it is better to know that before."""
    host = draft.host
    hidden = [each for each in host.queue_workers if each.holds == "start" and not each.release and not each.process.cwd_deleted]
    if hidden and host.release.link and takes_turns(host.release.root, host.release.link):
        yield (
            f"in which release {figures.count(len(hidden), 'worker')} will run cannot be read by "
            f"{draft.access.login or 'this login'}, so that their restart will not be verified: log in as their user, or "
            "start them by the full path of the release's artisan"
        )


def _proven(proof: Proof) -> Outcome:
    """Others run now, as many as before, and not in an old release."""
    before, after = proof.before.host, proof.after.host
    if before is None or after is None:
        return outcome(Status.RUNNING, why="the server could not be looked at")
    kind = _KINDS.get(proof.step.id, "queue")
    hearing, running = _hearing(before), [worker for worker in after.queue_workers if worker.placed]
    deaf = [worker for worker in before.queue_workers if not among(hearing, worker)]
    was, now = counted(hearing, kind), counted((worker for worker in running if not among(deaf, worker)), kind)
    old = [worker for worker in of_kind(hearing, kind) if among(running, worker)]
    evidence = {"workers": f"{len(now)} now, {len(was)} before, {len(old)} still the old ones"}
    if old and kind != "octane":
        orphans = "; php artisan horizon:purge ends those without a supervisor" if kind == "horizon" else ""
        evidence["by hand"] = f"{worker_reach.by_hand(old, proof.after)}{orphans}"
    elif len(now) < len(was):
        gone = [worker for worker in was if not among(now, worker)]
        evidence["by hand"] = "nobody started those that are missing: " + start_again(
            gone[: len(was) - len(now)], proof.after.app, str(after.login)
        )
    if kind != "octane" and (old or len(now) < len(was)):
        return outcome(Status.RUNNING, **evidence)
    if proof.after.layers[Layer.WORKERS] is Verdict.STALE and not any(among(running, worker) for worker in deaf):
        return outcome(Status.RUNNING, **evidence, verdict="still run old code")
    return outcome(Status.DONE, **evidence)


def _grants(access: Access) -> list[Command]:
    kinds = [kind for kind in NAMES if kind != "messenger" or access.environment]
    return [access.restart(kind, NAMES[kind]) for kind in kinds if kind == "queue" or access.workers]


RESTART_WORKERS = StepSpec(
    kind="restart-workers",
    phase=Phase.RESTART,
    remedies=(Remedy.RESTART_WORKERS,),
    does="restart queue workers ({})",
    wanted=_wanted,
    prove=_proven,
    blocks=artisan.blocks,
    warns=_warns,
    left_out=_left_out,
    grants=_grants,
)
