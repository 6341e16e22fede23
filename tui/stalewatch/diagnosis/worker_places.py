"""Where long-running workers run: in another release than the current one, in a removed directory, or where nobody may look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, paths
from stalewatch.diagnosis.rule import Rule
from stalewatch.diagnosis.worker_evidence import EVIDENCE, TOLERANCE, in_ps, kinds_of, process, remedy_of, titles
from stalewatch.model import figures
from stalewatch.model.report import Finding, Layer, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.diagnosis.context import Context
    from stalewatch.model.snapshot import QueueWorker

OLD_RELEASE = Rule(
    code="workers.old-release",
    layer=Layer.WORKERS,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="A worker runs in another release than the current one, whatever its age. Commonly its supervisor resolved the link before "
    "the deploy, and restarts it in the old directory again and again.",
    evidence=EVIDENCE,
    remedy=(Remedy.RESTART_WORKERS, Remedy.CONFIGURE),
    advice="If it comes back in the old release, restart the supervisor's program so that it resolves its directory again.",
)
DELETED = Rule(
    code="workers.deleted-directory",
    layer=Layer.WORKERS,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="A worker's working directory does not exist any more: it runs code of a release that was removed.",
    evidence=EVIDENCE,
    remedy=(Remedy.RESTART_WORKERS,),
)
RELEASE_UNSEEN = Rule(
    code="workers.release-unseen",
    layer=Layer.WORKERS,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="A worker started after the link was switched, but the release that it runs in could not be read: the working directory of a "
    "process is shown to its own user and to root only, and its arguments name no release. A supervisor that resolved the link earlier "
    "starts young workers in the old release.",
    evidence=EVIDENCE,
    advice="Log in as the workers' user, or start them by the full path of the release's artisan.",
)
APP_UNSEEN = Rule(
    code="workers.app-unseen",
    layer=Layer.WORKERS,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="A worker that is older than the newest PHP file of the app runs on a server with several apps, and it could not be read which "
    "of them it belongs to: the working directory of a process is shown to its own user and to root only, and its arguments name no "
    "directory.",
    evidence=EVIDENCE,
    advice="Log in as the workers' user, or start them by the full path of their artisan.",
)
OLD_BINARY = Rule(
    code="workers.old-binary",
    layer=Layer.WORKERS,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="A worker runs a PHP that the disk holds no more: the binary was replaced, as package managers do it, after the worker "
    "started. Nothing restarts workers after an upgrade of PHP.",
    evidence=("pid", "started", "file", "binary modified", "binary changed", "repeat"),
    remedy=(Remedy.RESTART_WORKERS,),
)
BINARY_CHANGED = Rule(
    code="workers.binary-suspect",
    layer=Layer.WORKERS,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="The PHP binary changed on the disk (ctime) after a worker started, and which file the worker runs is shown to its own user "
    "and to root only: a package manager replaces it with an old modification time.",
    evidence=OLD_BINARY.evidence,
    remedy=(Remedy.RESTART_WORKERS,),
)
BINARY_UNSEEN = Rule(
    code="workers.binary-unseen",
    layer=Layer.WORKERS,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="Which PHP a worker runs is shown to its own user and to root only, and its name does not say which file that is: whether "
    "it was replaced on the disk is not known.",
    evidence=("pid", "started", "repeat"),
    advice="Log in as the workers' user, or start them by the full path of PHP.",
)
RULES = (OLD_RELEASE, DELETED, RELEASE_UNSEEN, APP_UNSEEN, OLD_BINARY, BINARY_CHANGED, BINARY_UNSEEN)


def old_binary(workers: tuple[QueueWorker, ...]) -> Iterator[Finding]:
    """The PHP that runs is not the PHP on the disk, or may not be (``docs/facts.md#fpm-binary``)."""
    holding = [worker for worker in workers if worker.holds != "none"]
    gone = [worker for worker in holding if worker.replaced]
    maybe = [worker for worker in holding if worker.replaced is None and _binary_came(worker) > worker.process.started + TOLERANCE]
    for rule, found, what in ((OLD_BINARY, gone, "a PHP that was replaced on disk"), (BINARY_CHANGED, maybe, "")):
        if found:
            first = found[0]
            file = first.binary
            verb = figures.agree(len(found), "runs", "run")
            yield rule.finding(
                titles(found),
                f"{kinds_of(found)} {verb} {what}"
                if what
                else f"{paths.name_of(file.path if file else '')} changed after "
                f"{kinds_of(found)} started, and which file {figures.agree(len(found), 'it runs', 'they run')} could not be read",
                (
                    *process(first),
                    evidence.text("file", file.path if file is not None else ""),
                    evidence.time("binary modified", file.mtime if file is not None else None),
                    evidence.time("binary changed", file.ctime if file is not None else None),
                    evidence.command("sudo", "readlink", f"/proc/{first.process.pid}/exe"),
                ),
                remedy=remedy_of(found),
                since=file.ctime if file is not None else None,
            )


def binary_unseen(workers: tuple[QueueWorker, ...]) -> Iterator[Finding]:
    """Neither the process nor its name tells which PHP runs (``docs/facts.md#fpm-binary``)."""
    hidden = [worker for worker in workers if worker.holds != "none" and worker.replaced is None and worker.binary is None]
    if hidden:
        yield BINARY_UNSEEN.finding(
            titles(hidden),
            f"which PHP {kinds_of(hidden)} {figures.agree(len(hidden), 'runs', 'run')} could not be read",
            (*process(hidden[0]), evidence.command("sudo", "readlink", f"/proc/{hidden[0].process.pid}/exe")),
        )


def _binary_came(worker: QueueWorker) -> float:
    return max(worker.binary.mtime, worker.binary.ctime) if worker.binary is not None else 0.0


def old_release(context: Context, workers: tuple[QueueWorker, ...]) -> Iterator[Finding]:
    """In a release that is not the current one (``docs/facts.md#workers``)."""
    root = context.host.release.root if context.host is not None else ""
    old = [worker for worker in workers if root and worker.release not in ("", root) and not worker.process.cwd_deleted]
    if old:
        first = old[0]
        yield OLD_RELEASE.finding(
            titles(old),
            f"{kinds_of(old)} {figures.agree(len(old), 'runs', 'run')} in {paths.name_of(first.release)}, but the current release is "
            f"{paths.name_of(root)}",
            (
                *process(first),
                evidence.text("release", first.release),
                evidence.text("current release", root),
                evidence.command("readlink", f"/proc/{first.process.pid}/cwd"),
            ),
            remedy=(*remedy_of(old), Remedy.CONFIGURE) if Remedy.CONFIGURE not in remedy_of(old) else remedy_of(old),
        )


def release_unseen(context: Context, workers: tuple[QueueWorker, ...]) -> Iterator[Finding]:
    """/proc does not say which release a worker is in. One that started before the switch is in an old one (``docs/facts.md#workers``)."""
    release = context.host.release if context.host is not None else None
    if release is None or not release.link or not takes_turns(release.root, release.link):
        return
    hidden = [worker for worker in workers if not worker.release and not worker.process.cwd_deleted]
    switched = release.switched_at
    before = [worker for worker in hidden if switched is not None and worker.process.started + TOLERANCE < switched]
    if before:
        told = (
            *process(before[0]),
            evidence.text("current release", release.root),
            evidence.time("link switched", switched),
            in_ps(before),
        )
        yield OLD_RELEASE.finding(
            titles(before),
            f"{kinds_of(before)} started before the link was switched to {paths.name_of(release.root)}",
            told,
            remedy=remedy_of(before),
            since=switched,
        )
    elif hidden:
        yield RELEASE_UNSEEN.finding(
            titles(hidden),
            f"the release that {kinds_of(hidden)} {figures.agree(len(hidden), 'runs', 'run')} in could not be read",
            (
                *process(hidden[0]),
                evidence.text("current release", release.root),
                evidence.time("link switched", switched),
                evidence.command("sudo", "readlink", f"/proc/{hidden[0].process.pid}/cwd"),
            ),
        )


def takes_turns(root: str, link: str) -> bool:
    """Whether *link* is one that deploys switch, and not only another name of the app."""
    return root.rpartition("/")[0].endswith("/releases") or paths.name_of(link) == "current"


def deleted(context: Context, workers: tuple[QueueWorker, ...]) -> Iterator[Finding]:
    """In a directory that was removed (``docs/facts.md#workers``)."""
    lost = [worker for worker in workers if worker.process.cwd_deleted]
    if lost:
        first = lost[0]
        yield DELETED.finding(
            titles(lost),
            f"{kinds_of(lost)} {figures.agree(len(lost), 'runs', 'run')} in a directory that was removed",
            (
                *process(first),
                evidence.text("directory", first.process.cwd or ""),
                evidence.command("readlink", f"/proc/{first.process.pid}/cwd"),
            ),
            remedy=remedy_of(lost),
        )


def app_unseen(workers: tuple[QueueWorker, ...], newest: float | None) -> Iterator[Finding]:
    """Workers that may be this app's (``docs/facts.md#workers``). One that is younger than all of the app's code (*newest*; None not read)
    is fresh, whichever app it belongs to."""
    holding = [worker for worker in workers if worker.holds != "none"]
    hidden = [worker for worker in holding if newest is None or worker.process.started + TOLERANCE < newest]
    if hidden:
        yield APP_UNSEEN.finding(
            titles(hidden),
            f"whether {kinds_of(hidden)} {figures.agree(len(hidden), 'belongs', 'belong')} to this app could not be read",
            (
                *process(hidden[0]),
                evidence.time("code modified", newest),
                evidence.command("sudo", "readlink", f"/proc/{hidden[0].process.pid}/cwd"),
            ),
        )
