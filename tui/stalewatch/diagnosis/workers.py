"""Long-running PHP processes (queue, Horizon, Octane): they keep the code they started with (``docs/facts.md#workers``).

Not those that start a new PHP for the work (queue:listen, schedule:work): their own age proves nothing, where they run still does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import cli_cache, evidence, inputs, paths, worker_orphans, worker_others, worker_places, worker_restarts
from stalewatch.diagnosis.context import Context, Ruling, rule_on
from stalewatch.diagnosis.rule import Rule
from stalewatch.diagnosis.worker_evidence import EVIDENCE, TOLERANCE, in_ps, kinds_of, process, remedy_of, titles
from stalewatch.diagnosis.worker_others import cron_old_release, cron_unseen, other_older
from stalewatch.diagnosis.worker_places import app_unseen, binary_unseen, deleted, old_binary, old_release, release_unseen
from stalewatch.model import figures
from stalewatch.model.report import Finding, Layer, Remedy, Severity, Verdict
from stalewatch.model.times import is_writing_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import FileStat, HostFacts, QueueWorker

OLDER = Rule(
    code="workers.older-than-code",
    layer=Layer.WORKERS,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="A worker process started before the newest PHP file of the app was modified: what it loaded before that stays in its "
    "memory until it restarts.",
    evidence=EVIDENCE,
    remedy=(Remedy.RESTART_WORKERS,),
    advice="Those that no artisan command restarts: restart them where they are supervised.",
)
SUSPECT = Rule(
    code="workers.suspect",
    layer=Layer.WORKERS,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="PHP files of the app changed on disk (ctime) after a worker started, without a newer mtime: a chmod, or new content "
    "with an old time.",
    evidence=EVIDENCE,
    remedy=(Remedy.RESTART_WORKERS,),
)
UNSEEN = Rule(
    code="workers.code-unseen",
    layer=Layer.WORKERS,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="Workers run, but the times of the app's PHP files could not be read, so there is nothing to compare their start with; "
    "or they are more than stalewatch lists.",
    evidence=EVIDENCE,
    advice="Let the login read the application's code; where it is too much to be listed, restart workers with every deploy "
    "(php artisan queue:restart).",
)
RELOAD_UNSEEN = Rule(
    code="workers.reload-unseen",
    layer=Layer.WORKERS,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="Octane started before the newest PHP file of the app was modified, and its workers could not be seen as processes "
    "(FrankenPHP runs them as threads), so it is not known whether octane:reload was run since.",
    evidence=EVIDENCE,
    remedy=(Remedy.CONFIGURE,),
    advice="octane:reload loads the new code, but only a restart of octane:start can be seen.",
)
RULES = (
    OLDER,
    SUSPECT,
    RELOAD_UNSEEN,
    UNSEEN,
    cli_cache.HELD,
    *worker_places.RULES,
    *worker_others.RULES,
    *worker_orphans.RULES,
    *worker_restarts.RULES,
)


def judge(context: Context) -> Ruling:
    """The workers layer; none running: absent, if we see the processes of every user (``docs/facts.md#fpm-processes``)."""
    if context.host is None:
        return Ruling(Verdict.UNKNOWN)
    ruling = _judge(context, context.host)
    return rule_on(Verdict.UNKNOWN, ruling.findings) if context.host.hidden is not None else ruling


def _judge(context: Context, host: HostFacts) -> Ruling:
    workers = tuple(worker for worker in host.queue_workers if worker.placed)
    strange = tuple(worker for worker in host.queue_workers if not worker.placed)
    code = host.inputs.get("code")
    newest = newest_of(code.direct, context.now) if code is not None and host.queue_workers else None
    others = (
        *worker_restarts.not_back(context),
        *app_unseen(strange, newest.mtime if newest is not None else None),
        *cron_old_release(context),
        *cron_unseen(host),
    )
    if not workers:
        return rule_on(Verdict.ABSENT, others)
    found = [*deleted(context, workers), *old_release(context, workers)]
    others = (*others, *worker_orphans.orphaned(workers), *old_binary(workers), *binary_unseen(workers))
    if code is None or not code.direct:
        return rule_on(Verdict.FRESH, (*found, *unseen(workers), *others))
    found += older(workers, newest) if newest is not None else ()
    if not found:
        found += touched(context, workers, code.direct)
    found += other_older(context, workers, code.direct)
    found += cli_cache.of_workers(context, workers)
    if unseen_why := cli_cache.unseen(host):
        others = (*unseen(workers, unseen_why), *others)
    if code.cut or (not found and code.hides(min(worker.process.started for worker in workers) + TOLERANCE)):
        others = (*unseen(workers, "not all of the app's code was looked at: it has more files than stalewatch lists"), *others)
    reloaded = reload_unseen(workers, newest) if newest is not None else ()
    return rule_on(Verdict.FRESH, (*found, *reloaded, *release_unseen(context, workers), *others))


def newest_of(files: tuple[FileStat, ...], now: float) -> FileStat | None:
    """The file with the newest mtime that can be when it was written; *files* are sorted by the newer of mtime and ctime, newest first."""
    best: FileStat | None = None
    for file in files:
        if best is not None and max(file.mtime, file.ctime) <= best.mtime:
            break
        if is_writing_time(file.mtime, file.ctime, now) and (best is None or file.mtime > best.mtime):
            best = file
    return best


def older(workers: tuple[QueueWorker, ...], newest: FileStat) -> Iterator[Finding]:
    """Started before the newest code, and they run the code of their start (``docs/facts.md#workers``)."""
    old = [worker for worker in workers if worker.holds == "start" and worker.process.started + TOLERANCE < newest.mtime]
    if not old:
        return
    first = min(old, key=lambda worker: worker.process.started)
    lag = newest.mtime - first.process.started
    yield OLDER.finding(
        titles(old),
        f"{kinds_of(old)} started {figures.span(lag)} before {newest.path} was changed",
        (*process(first), evidence.text("file", newest.path), evidence.time("code modified", newest.mtime), in_ps(old)),
        remedy=remedy_of(old),
        since=newest.mtime,
    )


def reload_unseen(workers: tuple[QueueWorker, ...], newest: FileStat) -> Iterator[Finding]:
    """Octane that may have loaded the new code without a new process (``docs/facts.md#workers``)."""
    old = [worker for worker in workers if worker.holds == "unsure" and worker.process.started + TOLERANCE < newest.mtime]
    if old:
        yield RELOAD_UNSEEN.finding(
            titles(old),
            f"{kinds_of(old)} started before {newest.path} was changed; whether octane:reload was run since cannot be seen",
            (*process(old[0]), evidence.text("file", newest.path), evidence.time("code modified", newest.mtime), in_ps(old)),
            since=newest.mtime,
        )


def touched(context: Context, workers: tuple[QueueWorker, ...], code: tuple[FileStat, ...]) -> Iterator[Finding]:
    """Only ctimes are newer than a worker: remembered content decides (``docs/facts.md#ctime``)."""
    known = context.memory.baselines.get("workers")
    for worker in (each for each in workers if each.holds == "start"):
        started = worker.process.started
        baseline = known if known is not None and known.at >= started else None
        behind = inputs.compare(code, started, started, baseline, context.now)
        source = next(iter(behind.proven), None)
        if source is not None:
            yield OLDER.finding(
                worker.process.title,
                f"the {worker.kind} worker started before the content of {source.path} changed",
                (
                    *process(worker),
                    evidence.text("file", source.path),
                    evidence.time("code changed", source.ctime),
                    evidence.stat(paths.absolute(source.path, context.root)),
                ),
                remedy=remedy_of([worker]),
                since=source.ctime,
            )
            return
        if behind.touched:
            source = behind.touched[0]
            yield SUSPECT.finding(
                worker.process.title,
                f"{source.path} changed on disk after the {worker.kind} worker started, without a newer modification time",
                (
                    *process(worker),
                    evidence.text("file", source.path),
                    evidence.time("code modified", source.mtime),
                    evidence.time("code changed", source.ctime),
                    evidence.stat(paths.absolute(source.path, context.root)),
                ),
                remedy=remedy_of([worker]),
                since=source.ctime,
            )
            return


def unseen(workers: tuple[QueueWorker, ...], why: str = "the times of the app's code could not be read") -> Iterator[Finding]:
    """Nothing to compare with, or not everything (``docs/facts.md#workers``)."""
    told = (*process(workers[0]), in_ps(list(workers)))
    yield UNSEEN.finding(titles(list(workers)), f"workers run, but {why}", told)
