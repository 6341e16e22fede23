"""Workers that a runbook told to end and that must come back; and the line that starts workers again where no runbook can."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence
from stalewatch.diagnosis.memory import Awaited
from stalewatch.diagnosis.rule import Rule
from stalewatch.diagnosis.worker_evidence import kinds_of, titles
from stalewatch.model.report import Finding, Layer, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stalewatch.diagnosis.context import Context
    from stalewatch.model.snapshot import HostFacts, QueueWorker

DEAF = 3600.0
"""Seconds after which a worker that still runs has not heard that it should end, and owes no other one."""

NOT_BACK = Rule(
    code="workers.not-back",
    layer=Layer.WORKERS,
    verdict=Verdict.SUSPECT,
    severity=Severity.CRITICAL,
    meaning="A runbook of this login on this machine told workers to end, and fewer came back: nothing starts them again, or not here. "
    "Their jobs wait. Said until as many run again.",
    evidence=("told to end", "user", "start again", "repeat"),
    remedy=(Remedy.CONFIGURE,),
    advice="Start them again. If they were ended for good: stalewatch mark --workers-ended TARGET.",
)
RULES = (NOT_BACK,)


def of_kind(workers: Iterable[QueueWorker], kind: str) -> tuple[QueueWorker, ...]:
    """Those of *kind* that hold the code of their start."""
    return tuple(worker for worker in workers if worker.kind == kind and worker.holds == "start")


def counted(workers: Iterable[QueueWorker], kind: str) -> tuple[QueueWorker, ...]:
    """Those of which as many come back after a restart: Horizon balances how many it needs below its supervisors."""
    own = of_kind(workers, kind)
    steady = tuple(worker for worker in own if " horizon:work" not in f" {worker.process.title}")
    return steady or own


def among(workers: Iterable[QueueWorker], worker: QueueWorker) -> bool:
    """Whether *worker* is one of them, and no later process that has the pid of one."""
    process = worker.process
    return any(each.process.pid == process.pid and abs(each.process.started - process.started) < 1 for each in workers)


def awaited_with(awaited: tuple[Awaited, ...], workers: Sequence[QueueWorker], at: float) -> tuple[Awaited, ...]:
    """What is awaited once *workers*, all of one kind, are told to end at *at*; none of those in *awaited* is forgotten."""
    kinds = {worker.kind for worker in workers}
    before = tuple(one.worker for one in awaited if one.worker.kind in kinds)
    others = tuple(one for one in awaited if one.worker.kind not in kinds)
    missing = [worker for worker in before if not among(workers, worker)][: max(len(before) - len(workers), 0)]
    return (*others, *(Awaited(at, worker) for worker in (*workers, *missing)))


def still_awaited(awaited: tuple[Awaited, ...], host: HostFacts, now: float) -> tuple[Awaited, ...]:
    """What is left of *awaited* after the look at *now*: of each kind all, until as many others run."""
    if not awaited or host.hidden is not None:
        return awaited
    left: list[Awaited] = []
    for kind in dict.fromkeys(one.worker.kind for one in awaited):
        owed = tuple(one for one in awaited if one.worker.kind == kind)
        ended, new = _apart(owed, host, kind)
        if len(new) < len(ended) or (len(ended) < len(owed) and now - owed[0].at < DEAF):
            left += owed
    return tuple(left)


def not_back(context: Context) -> Iterator[Finding]:
    """Fewer than were told to end, by us (``docs/facts.md#workers``)."""
    host, awaited = context.host, context.memory.awaited
    if host is None or host.hidden is not None:
        return
    for kind in dict.fromkeys(one.worker.kind for one in awaited):
        owed = tuple(one for one in awaited if one.worker.kind == kind)
        ended, new = _apart(owed, host, kind)
        missing = len(ended) - len(new)
        if missing > 0:
            gone = [one.worker for one in ended][-missing:]
            yield NOT_BACK.finding(
                titles(gone),
                f"{missing} of {kinds_of([one.worker for one in owed])} did not come back after the restart",
                (
                    evidence.time("told to end", owed[0].at),
                    evidence.text("user", str(gone[0].user)),
                    evidence.text("start again", start_again(gone, context.snapshot.app, str(host.login))),
                    evidence.command("pgrep", "-af", "php"),
                ),
                since=owed[0].at,
            )


def _apart(owed: tuple[Awaited, ...], host: HostFacts, kind: str) -> tuple[tuple[Awaited, ...], tuple[QueueWorker, ...]]:
    """Those of *owed* that have ended, and the others of their kind that run now."""
    running = counted((worker for worker in host.queue_workers if worker.placed), kind)
    old = [one.worker for one in owed]
    return tuple(one for one in owed if not among(running, one.worker)), tuple(each for each in running if not among(old, each))


def restart_lines(workers: Iterable[QueueWorker], verb: str = "restart") -> tuple[str, ...]:
    """What to type so that the supervisors of *workers* restart (or ``start``) them; none for those that nothing is seen to supervise."""
    lines = []
    for worker in workers:
        manager, _, unit = str(worker.unit).rpartition("/")
        if manager:
            lines.append(f"sudo systemctl --user -M {shlex.quote(str(worker.user) or 'USER')}@ {verb} {shlex.quote(unit)}")
        elif unit:
            lines.append(f"sudo systemctl {verb} {shlex.quote(unit)}")
        elif worker.supervisor == "supervisord":
            lines.append(f"sudo supervisorctl {verb} PROGRAM (sudo supervisorctl status names it)")
        elif worker.supervisor:
            lines.append(f"{verb} it by {worker.supervisor}, which supervises it")
    return tuple(dict.fromkeys(lines))


def start_again(workers: Sequence[QueueWorker], app: str, login: str) -> str:
    """What *login* types so that *workers* of *app*, which have ended, run again."""
    by_hand = []
    for worker in [each for each in workers if " horizon:" not in each.process.title] or workers:
        if not worker.unit and not worker.supervisor:
            who = f"sudo -u {shlex.quote(str(worker.user))} " if worker.user not in ("", login) else ""
            by_hand.append(f"cd {shlex.quote(app)} && {who}{worker.process.title} (no supervisor was seen)")
    lines = dict.fromkeys((*restart_lines(workers, "start"), *by_hand))
    return "; ".join(lines)
