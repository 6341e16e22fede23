"""Horizon's own processes whose master or supervisor has ended: nothing tells them to end with a deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence
from stalewatch.diagnosis.rule import Rule
from stalewatch.diagnosis.worker_evidence import titles
from stalewatch.model import figures
from stalewatch.model.report import Finding, Layer, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import QueueWorker

ORPHANED = Rule(
    code="workers.orphaned",
    layer=Layer.WORKERS,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="A process of Horizon (horizon:supervisor, horizon:work) lives on after the one that started it has ended, so that init is its "
    "parent. It takes jobs beside those that Horizon counts, and horizon:terminate does not end it: it runs old code after a deploy.",
    evidence=("pid", "processes", "repeat"),
    remedy=(Remedy.CONFIGURE,),
    advice="php artisan horizon:purge ends them, as their user.",
)
RULES = (ORPHANED,)


def orphaned(workers: tuple[QueueWorker, ...]) -> Iterator[Finding]:
    """Without a parent that could end them (``docs/facts.md#workers``)."""
    lost = [worker for worker in workers if worker.orphan]
    if lost:
        pids = [str(worker.process.pid) for worker in lost[:20]]
        yield ORPHANED.finding(
            titles(lost),
            f"{figures.count(len(lost), 'process', 'processes')} of Horizon {figures.agree(len(lost), 'has', 'have')} lost the one that "
            f"started {figures.agree(len(lost), 'it', 'them')}",
            (
                evidence.number("pid", lost[0].process.pid),
                evidence.text("processes", " ".join(pids)),
                evidence.command("ps", "-o", "pid,ppid,lstart,args", "-p", ",".join(pids)),
            ),
        )
