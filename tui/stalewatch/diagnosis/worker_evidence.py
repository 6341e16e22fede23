"""Words and evidence that all findings about workers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence
from stalewatch.model import figures
from stalewatch.model.report import Evidence, Remedy

if TYPE_CHECKING:
    from stalewatch.model.snapshot import QueueWorker

TOLERANCE = 1.0
EVIDENCE = (
    "pid",
    "started",
    "code modified",
    "code changed",
    "file",
    "release",
    "current release",
    "link switched",
    "directory",
    "repeat",
)
_BY_COMMAND = frozenset({"queue", "horizon", "octane", "reverb", "messenger"})


def remedy_of(workers: list[QueueWorker]) -> tuple[Remedy, ...]:
    """A command of the application restarts some; the others (and what starts a new PHP for each job) only who supervises them."""
    by_command = [worker.kind in _BY_COMMAND and worker.holds == "start" for worker in workers]
    remedy = (Remedy.RESTART_WORKERS,) if any(by_command) else ()
    return remedy if all(by_command) else (*remedy, Remedy.CONFIGURE)


def in_ps(workers: list[QueueWorker]) -> Evidence:
    """The command that lists them."""
    return evidence.command("ps", "-o", "pid,lstart,args", "-p", ",".join(str(worker.process.pid) for worker in workers[:20]))


def process(worker: QueueWorker) -> tuple[Evidence, ...]:
    """Which one, since when."""
    return (evidence.number("pid", worker.process.pid), evidence.time("started", worker.process.started))


def titles(workers: list[QueueWorker]) -> str:
    """The command lines of the first two."""
    return figures.several([worker.process.title for worker in workers], 2)


def kinds_of(workers: list[QueueWorker]) -> str:
    """``2 queue workers``."""
    kinds = sorted({worker.kind for worker in workers})
    return figures.count(len(workers), f"{'/'.join(kinds)} worker")
