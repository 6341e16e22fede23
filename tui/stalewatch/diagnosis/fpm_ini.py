"""Ini files that PHP itself says it read: one is gone, or lies where nothing else looks for it (``docs/facts.md#fpm-ini``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, paths
from stalewatch.diagnosis.fpm_start import start_of
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.report import Layer, Remedy, Severity, Verdict
from stalewatch.model.snapshot import FileStat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.diagnosis.context import Context
    from stalewatch.model.report import Finding
    from stalewatch.model.snapshot import FpmFacts

TOLERANCE = 1.0
"""Seconds: PHP tells whole ones."""
GONE = Rule(
    code="fpm.ini-gone",
    layer=Layer.FPM,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="An ini file that PHP-FPM read is not on the disk any more, neither for the pool nor for this login: FPM runs with what it "
    "said until the next reload.",
    evidence=("file", "pool started", "cache started", "more files", "repeat"),
    remedy=(Remedy.RELOAD,),
)


def files(context: Context, fpm: FpmFacts) -> tuple[FileStat, ...]:
    """The files of FPM's configuration, and the changed ones that only PHP itself names (``PHP_INI_SCAN_DIR``, ``-c``). The pool sees
    also when a link was made, as ``phpenmod`` does; the host follows it to a file that is older."""
    told = context.runtime.ini if context.runtime is not None else ()
    found = {file.path: file for file in fpm.config_files}
    for one in told:
        known = found.get(one.path)
        if one.mtime is not None and one.ctime is not None and (known is None or one.ctime > known.ctime + TOLERANCE):
            found[one.path] = FileStat(one.path, one.mtime, one.ctime)
    return tuple(found.values())


def undated(context: Context) -> str:
    """An ini file that is there, and of which the pool tells only when it was written, which any copy keeps; "" there is none."""
    told = context.runtime.ini if context.runtime is not None else ()
    return next((str(one.path) for one in told if one.mtime is not None and one.ctime is None), "")


def gone(context: Context, fpm: FpmFacts) -> Iterator[Finding]:
    """What PHP read and neither side finds any more (``docs/facts.md#fpm-ini``)."""
    known = {file.path for file in fpm.config_files}
    told = context.runtime.ini if context.runtime is not None else ()
    missing = [one.path for one in told if one.mtime is None and one.path not in known]
    if missing:
        start, names = start_of(context, fpm), figures.several([paths.name_of(path) for path in missing])
        yield GONE.finding(
            missing[0],
            f"PHP-FPM runs with {names}, which {figures.agree(len(missing), 'is', 'are')} not on the disk any more",
            (
                evidence.text("file", missing[0]),
                evidence.time("pool started", start.pool or None),
                evidence.time("cache started", start.cache or None),
                evidence.number("more files", len(missing) - 1),
                evidence.stat(missing[0]),
            ),
        )
