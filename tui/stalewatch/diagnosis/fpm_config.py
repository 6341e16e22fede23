"""Configuration that changed on the disk while its modification time stayed older than FPM's start (``docs/facts.md#fpm-old-mtime``)."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.diagnosis import evidence, fpm_ini, paths
from stalewatch.diagnosis.fpm_start import start_of
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.report import Layer, Remedy, Severity, Verdict
from stalewatch.model.runtime import RunningFile
from stalewatch.model.times import is_writing_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.diagnosis.context import Context
    from stalewatch.model.report import Evidence, Finding
    from stalewatch.model.snapshot import FileStat, FpmFacts

SHOWN = 5
_EVIDENCE = ("file", "modified", "changed", "settings", "pool started", "cache started", "more files", "repeat")
DIFFERS = Rule(
    code="fpm.config-differs",
    layer=Layer.FPM,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="An ini or pool file changed on the disk (ctime) after FPM last read its configuration, with an older modification time "
    "(cp -p, mv, rsync, a package), and the pool runs with other values than the file says: PHP compared them itself. Names only.",
    evidence=_EVIDENCE,
    remedy=(Remedy.RELOAD,),
)
SUSPECT = Rule(
    code="fpm.config-suspect",
    layer=Layer.FPM,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="An ini or pool file changed on the disk (ctime) after FPM last read its configuration, with an older modification time, and "
    "what the pool runs with could not settle it: the pool may not read the file, or another file was put in its place whose settings PHP "
    "cannot tell (pm.*, timeouts, logs).",
    evidence=_EVIDENCE,
    remedy=(Remedy.RELOAD,),
)
TOUCHED = Rule(
    code="fpm.config-touched",
    layer=Layer.FPM,
    verdict=Verdict.FRESH,
    severity=Severity.INFO,
    meaning="An ini or pool file changed on the disk (ctime: chmod, chown, a rewrite with its old time) after FPM last read its "
    "configuration. What PHP can tell of its settings is as it runs; some (pm.*, timeouts, logs) it cannot tell.",
    evidence=_EVIDENCE,
)
RULES = (DIFFERS, SUSPECT, TOUCHED)


class _Changed(NamedTuple):
    file: FileStat
    running: RunningFile | None
    replaced: bool

    @property
    def rule(self) -> Rule | None:
        running = self.running
        if running is None:
            return SUSPECT
        if running.differs:
            return DIFFERS
        if self.replaced and (running.untold or not running.alike):
            return SUSPECT
        return TOUCHED if running.untold else None

    @property
    def settings(self) -> tuple[str, ...]:
        running = self.running
        return tuple(map(str, running.differs or running.untold)) if running is not None else ()


def judge(context: Context, fpm: FpmFacts) -> Iterator[Finding]:
    """Files whose ctime alone is newer than FPM's start, settled by the pool's own values; the worst cause is told
    (``docs/facts.md#fpm-old-mtime``)."""
    since = start_of(context, fpm).latest
    # Where no pool is known, its configuration could not be read, and that is told.
    if not since or (fpm.pool is None and context.runtime is None):
        return
    changed = tuple(_changed(context, fpm, since))
    for rule in RULES:
        if some := [one for one in changed if one.rule is rule]:
            yield _finding(context, fpm, rule, some)
            return


def _changed(context: Context, fpm: FpmFacts, since: float) -> Iterator[_Changed]:
    told = {one.path: one for one in (context.runtime.configuration or ())} if context.runtime is not None else {}
    for file in fpm_ini.files(context, fpm):
        newer = floor(file.mtime) > since and is_writing_time(file.mtime, file.ctime, context.now)
        if paths.name_of(file.path) == paths.name_of(fpm.binary) or newer or floor(file.ctime) <= since:
            continue
        # Where it was not asked when the file was made, it may be another one; where no file system tells it, chmod is likelier.
        yield _Changed(file, told.get(file.path), fpm.born is None or floor(fpm.born.get(file.path, 0.0)) > since)


def _finding(context: Context, fpm: FpmFacts, rule: Rule, some: list[_Changed]) -> Finding:
    """One cause with all its files (``docs/facts.md#fpm-old-mtime``)."""
    newest = max(some, key=lambda one: (one.file.ctime, one.file.path))
    names = figures.several([paths.name_of(one.file.path) for one in some])
    settings = list(dict.fromkeys(name for one in some for name in one.settings))
    return rule.finding(
        newest.file.path,
        _summary(rule, names, settings, known=bool(start_of(context, fpm).known)),
        tuple(_shown(context, fpm, newest.file, len(some) - 1, settings)),
        since=min(one.file.ctime for one in some) if rule is not TOUCHED else None,
    )


def _summary(rule: Rule, names: str, settings: list[str], *, known: bool) -> str:
    named = figures.several(settings, SHOWN) if settings else ""
    if rule is DIFFERS:
        return f"PHP-FPM runs with other values than {names} on the disk: {named}"
    if rule is TOUCHED:
        return f"{names} changed (ctime) after PHP-FPM read it: what PHP can tell is as it runs, and {named} it cannot tell"
    ending = "" if known else ", and whether it was reloaded since could not be asked"
    why = f"it is another file now, and PHP cannot tell {named}" if named else "the pool could not compare it"
    return f"{names} changed (ctime) after PHP-FPM read it, with an older modification time: {why}{ending}"


def _shown(context: Context, fpm: FpmFacts, newest: FileStat, more: int, settings: list[str]) -> Iterator[Evidence]:
    start = start_of(context, fpm)
    yield evidence.text("file", newest.path)
    yield evidence.time("modified", newest.mtime)
    yield evidence.time("changed", newest.ctime)
    yield evidence.text("settings", figures.several(settings, SHOWN) if settings else "")
    yield evidence.time("pool started", start.pool or None)
    yield evidence.time("cache started", start.cache or None)
    yield evidence.number("more files", more)
    yield evidence.stat(newest.path)
