"""Long-running PHP processes (queue, Horizon, Octane, scheduler): they hold the code they started with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.diagnosis import inputs, words
from tui.diagnosis.look import Look, Ruling, rule_on
from tui.diagnosis.rule import Rule
from tui.report import Evidence, Finding, Layer, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.snapshot import FileStat, QueueWorker

TOLERANCE = 1.0
_EVIDENCE = (
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
_ARTISAN = frozenset({"queue", "horizon"})

OLDER = Rule(
    code="workers.older-than-code",
    layer=Layer.WORKERS,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="A worker process started before the newest PHP file of the app was modified: what it loaded before that stays in its "
    "memory until it restarts.",
    evidence=_EVIDENCE,
    remedy=(Remedy.RESTART_WORKERS,),
    advice="Octane: octane:reload; scheduler and others: restart them where they are supervised.",
)
SUSPECT = Rule(
    code="workers.suspect",
    layer=Layer.WORKERS,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="PHP files of the app changed on disk (ctime) after a worker started, without a newer mtime: a chmod, or other content "
    "with an old time.",
    evidence=_EVIDENCE,
    remedy=(Remedy.RESTART_WORKERS,),
)
OLD_RELEASE = Rule(
    code="workers.old-release",
    layer=Layer.WORKERS,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="A worker runs in another release than the current one, whatever its age. Commonly its supervisor resolved the link before "
    "the deploy, and restarts it in the old directory again and again.",
    evidence=_EVIDENCE,
    remedy=(Remedy.RESTART_WORKERS, Remedy.CONFIGURE),
    advice="If it comes back in the old release, restart the supervisor's program so that it resolves its directory anew.",
)
DELETED = Rule(
    code="workers.deleted-directory",
    layer=Layer.WORKERS,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="A worker's working directory does not exist any more: it runs code of a release that was removed.",
    evidence=_EVIDENCE,
    remedy=(Remedy.RESTART_WORKERS,),
)
UNSEEN = Rule(
    code="workers.code-unseen",
    layer=Layer.WORKERS,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="Workers run, but the times of the app's PHP files could not be read, so there is nothing to compare their start with.",
    evidence=_EVIDENCE,
)
RELEASE_UNSEEN = Rule(
    code="workers.release-unseen",
    layer=Layer.WORKERS,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="A worker started after the link was switched, but in which release it runs could not be read: the working directory of a "
    "process is shown to its own user and to root only, and its arguments name no release. A supervisor that resolved the link earlier "
    "starts young workers in the old release.",
    evidence=_EVIDENCE,
    advice="Log in as the workers' user, or start them by the full path of the release's artisan.",
)
RULES = (OLDER, SUSPECT, OLD_RELEASE, DELETED, UNSEEN, RELEASE_UNSEEN)


def judge(look: Look) -> Ruling:
    """The workers layer; none running: absent."""
    if look.host is None:
        return Ruling(Verdict.UNKNOWN)
    workers = look.host.queue_workers
    if not workers:
        return Ruling(Verdict.ABSENT)
    code = look.host.inputs.get("code")
    if code is None or not code.direct:
        return rule_on(Verdict.FRESH, (*deleted(look, workers), *old_release(look, workers), *unseen(workers)))
    newest = newest_of(code.direct)
    aged = older(look, workers, newest)
    found = (*deleted(look, workers), *old_release(look, workers), *aged)
    return rule_on(Verdict.FRESH, (*(found or touched(look, workers, code.direct)), *release_unseen(look, workers)))


def newest_of(files: tuple[FileStat, ...]) -> FileStat:
    """The file with the newest mtime; *files* are sorted by the newer of mtime and ctime, newest first."""
    best = files[0]
    for file in files[1:]:
        if max(file.mtime, file.ctime) <= best.mtime:
            break
        if file.mtime > best.mtime:
            best = file
    return best


def older(look: Look, workers: tuple[QueueWorker, ...], newest: FileStat) -> tuple[Finding, ...]:
    """Started before the newest code."""
    old = [worker for worker in workers if worker.process.started + TOLERANCE < newest.mtime]
    if not old:
        return ()
    first = min(old, key=lambda worker: worker.process.started)
    lag = newest.mtime - first.process.started
    verb = "has" if len(old) == 1 else "have"
    return (
        OLDER.finding(
            _titles(old),
            f"{_kinds(old)} {verb} been running since {words.amount(lag)} before {newest.path} was changed",
            (
                *_process(first),
                words.text("file", newest.path),
                words.time("code modified", newest.mtime),
                _in_ps(old),
            ),
            remedy=_remedy(old),
            since=newest.mtime,
        ),
    )


def touched(look: Look, workers: tuple[QueueWorker, ...], code: tuple[FileStat, ...]) -> Iterator[Finding]:
    """Only ctimes are newer than a worker; content that was remembered settles it."""
    known = look.memory.baselines.get("workers")
    for worker in workers:
        started = worker.process.started
        baseline = known if known is not None and known.at >= started else None
        behind = inputs.compare(code, started, started, baseline)
        source = next(iter(behind.proven), None)
        if source is not None:
            yield OLDER.finding(
                worker.process.title,
                f"the {worker.kind} worker was running before {source.path} got other content",
                (
                    *_process(worker),
                    words.text("file", source.path),
                    words.time("code changed", source.ctime),
                    words.stat(words.absolute(source.path, look.root)),
                ),
                remedy=_remedy([worker]),
                since=source.ctime,
            )
            return
        if behind.touched:
            source = behind.touched[0]
            yield SUSPECT.finding(
                worker.process.title,
                f"{source.path} changed on disk after the {worker.kind} worker started, without a newer modification time",
                (
                    *_process(worker),
                    words.text("file", source.path),
                    words.time("code modified", source.mtime),
                    words.time("code changed", source.ctime),
                    words.stat(words.absolute(source.path, look.root)),
                ),
                remedy=_remedy([worker]),
                since=source.ctime,
            )
            return


def old_release(look: Look, workers: tuple[QueueWorker, ...]) -> Iterator[Finding]:
    """In a release that is not the current one."""
    root = look.host.release.root if look.host is not None else ""
    old = [worker for worker in workers if root and worker.release not in ("", root) and not worker.process.cwd_deleted]
    if old:
        first = old[0]
        yield OLD_RELEASE.finding(
            _titles(old),
            f"{_kinds(old)} run{'s' if len(old) == 1 else ''} in {words.name_of(first.release)}, but the current release is "
            f"{words.name_of(root)}",
            (
                *_process(first),
                words.text("release", first.release),
                words.text("current release", root),
                words.command("readlink", f"/proc/{first.process.pid}/cwd"),
            ),
            remedy=(*_remedy(old), Remedy.CONFIGURE) if Remedy.CONFIGURE not in _remedy(old) else _remedy(old),
        )


def release_unseen(look: Look, workers: tuple[QueueWorker, ...]) -> Iterator[Finding]:
    """Where releases take turns and /proc does not say which one a worker is in. Who started before the switch is in an old one."""
    release = look.host.release if look.host is not None else None
    if release is None or not release.link or not _takes_turns(release.root, release.link):
        return
    hidden = [worker for worker in workers if not worker.release and not worker.process.cwd_deleted]
    switched = release.switched_at
    before = [worker for worker in hidden if switched is not None and worker.process.started + TOLERANCE < switched]
    if before:
        told = (
            *_process(before[0]),
            words.text("current release", release.root),
            words.time("link switched", switched),
            _in_ps(before),
        )
        yield OLD_RELEASE.finding(
            _titles(before),
            f"{_kinds(before)} started before the link was switched to {words.name_of(release.root)}",
            told,
            remedy=_remedy(before),
            since=switched,
        )
    elif hidden:
        yield RELEASE_UNSEEN.finding(
            _titles(hidden),
            f"in which release {_kinds(hidden)} run{'s' if len(hidden) == 1 else ''} could not be read",
            (
                *_process(hidden[0]),
                words.text("current release", release.root),
                words.time("link switched", switched),
                words.command("sudo", "readlink", f"/proc/{hidden[0].process.pid}/cwd"),
            ),
        )


def _takes_turns(root: str, link: str) -> bool:
    """Whether *link* is one that deploys switch, and not only another name of the app."""
    return root.rpartition("/")[0].endswith("/releases") or words.name_of(link) == "current"


def deleted(look: Look, workers: tuple[QueueWorker, ...]) -> Iterator[Finding]:
    """In a directory that was removed."""
    lost = [worker for worker in workers if worker.process.cwd_deleted]
    if lost:
        first = lost[0]
        yield DELETED.finding(
            _titles(lost),
            f"{_kinds(lost)} run{'s' if len(lost) == 1 else ''} in a directory that was removed",
            (
                *_process(first),
                words.text("directory", first.process.cwd or ""),
                words.command("readlink", f"/proc/{first.process.pid}/cwd"),
            ),
            remedy=_remedy(lost),
        )


def unseen(workers: tuple[QueueWorker, ...]) -> Iterator[Finding]:
    """Nothing to compare with."""
    told = (*_process(workers[0]), _in_ps(list(workers)))
    yield UNSEEN.finding(_titles(list(workers)), "workers run, but the times of the app's code could not be read", told)


def _remedy(workers: list[QueueWorker]) -> tuple[Remedy, ...]:
    kinds = {worker.kind for worker in workers}
    remedy = (Remedy.RESTART_WORKERS,) if kinds & _ARTISAN else ()
    return (*remedy, Remedy.CONFIGURE) if kinds - _ARTISAN else remedy


def _in_ps(workers: list[QueueWorker]) -> Evidence:
    return words.command("ps", "-o", "pid,lstart,args", "-p", ",".join(str(worker.process.pid) for worker in workers[:20]))


def _process(worker: QueueWorker) -> tuple[Evidence, ...]:
    return (words.number("pid", worker.process.pid), words.time("started", worker.process.started))


def _titles(workers: list[QueueWorker]) -> str:
    return words.several([worker.process.title for worker in workers], 2)


def _kinds(workers: list[QueueWorker]) -> str:
    kinds = sorted({worker.kind for worker in workers})
    return words.count(len(workers), f"{'/'.join(kinds)} worker")
