"""PHP that runs for long without being one of Laravel's own commands, and what cron starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, inputs, paths
from stalewatch.diagnosis.rule import Rule
from stalewatch.diagnosis.worker_evidence import EVIDENCE, TOLERANCE, in_ps, process, titles
from stalewatch.model import figures
from stalewatch.model.report import Finding, Layer, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.diagnosis.context import Context
    from stalewatch.model.snapshot import FileStat, HostFacts, QueueWorker

OTHER_OLDER = Rule(
    code="workers.other-older",
    layer=Layer.WORKERS,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="A PHP process that is none of Laravel's or Symfony's own workers runs in the app's directory, and PHP files of the app "
    "changed after it started: what it loaded before that stays in its memory until it is restarted. Which files it loaded cannot be seen.",
    evidence=EVIDENCE,
    remedy=(Remedy.CONFIGURE,),
    advice="Restart it where it is supervised, if it uses the changed code.",
)
CRON_OLD_RELEASE = Rule(
    code="workers.cron-old-release",
    layer=Layer.WORKERS,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="A line of cron, or of the service of a systemd timer, runs PHP in another release than the current one: whatever it starts "
    "runs the code of that release.",
    evidence=("cron line", "release", "current release", "repeat"),
    remedy=(Remedy.CONFIGURE,),
    advice="Let the line name the link (current), not what it leads to.",
)
CRON_UNSEEN = Rule(
    code="workers.cron-unseen",
    layer=Layer.WORKERS,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="The lines of cron were not looked at: whether one of them runs PHP in an old release is not known.",
    evidence=("repeat",),
    advice="Let the login list /etc/cron.d and read /etc/crontab.",
)
RULES = (OTHER_OLDER, CRON_OLD_RELEASE, CRON_UNSEEN)


def other_older(context: Context, workers: tuple[QueueWorker, ...], code: tuple[FileStat, ...]) -> Iterator[Finding]:
    """Of an unknown name, and older than the code or than its own script (``docs/facts.md#workers``)."""
    old = []
    for worker in (each for each in workers if each.holds == "unknown"):
        own = (worker.script,) if worker.script is not None else ()
        files = tuple(sorted((*own, *code), key=lambda file: -max(file.mtime, file.ctime)))
        started = worker.process.started + TOLERANCE
        behind = inputs.compare(files, started, started, None, context.now)
        if changed := (*behind.proven, *behind.touched):
            old.append((worker, changed[0]))
    if old:
        worker, file = old[0]
        found = [each for each, _ in old]
        changed_at = inputs.came(file, worker.process.started, None)
        yield OTHER_OLDER.finding(
            titles(found),
            f"{worker.process.title} started {figures.span(changed_at - worker.process.started)} before {file.path} was changed",
            (
                *process(worker),
                evidence.text("file", file.path),
                evidence.time("code modified", file.mtime),
                evidence.time("code changed", file.ctime),
                in_ps(found),
            ),
            since=changed_at,
        )


def cron_old_release(context: Context) -> Iterator[Finding]:
    """Cron names a release that is not the current one (``docs/facts.md#workers``)."""
    host = context.host
    root = host.release.root if host is not None else ""
    old = [line for line in (host.cron or () if host is not None else ()) if root and line.release != root]
    if old:
        file = old[0].line.rpartition(":")[0]
        what = "a systemd timer" if file.endswith(".service") else "cron"
        listed = evidence.command("grep", "-n", old[0].release, file) if file.startswith("/") else evidence.command("crontab", "-l")
        yield CRON_OLD_RELEASE.finding(
            old[0].line,
            f"{what} runs PHP in {paths.name_of(old[0].release)}, but the current release is {paths.name_of(root)}",
            (
                evidence.text("cron line", figures.several([line.line for line in old])),
                evidence.text("release", old[0].release),
                evidence.text("current release", root),
                listed,
            ),
        )


def cron_unseen(host: HostFacts) -> Iterator[Finding]:
    """Nothing of cron (``docs/facts.md#workers``)."""
    if host.cron is None:
        looked_at = evidence.command("ls", "-l", "/etc/crontab", "/etc/cron.d")
        yield CRON_UNSEEN.finding("cron", "the lines of cron were not looked at", (looked_at,))
