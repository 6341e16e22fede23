"""What state OPcache itself is in: on, off, restarting, or with a file cache that outlives everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, repro
from stalewatch.diagnosis.context import Context, Ruling, rule_on
from stalewatch.diagnosis.opcache import codes, findings, preload, scripts, through_link
from stalewatch.diagnosis.opcache.app_scope import AppScope
from stalewatch.diagnosis.opcache.requested import any_script
from stalewatch.model import figures
from stalewatch.model.report import Finding, Severity, Verdict
from stalewatch.model.snapshot import Opcache

if TYPE_CHECKING:
    from collections.abc import Iterator


def judge(context: Context) -> Ruling:
    """The opcache layer. Not seen: unknown; switched off: absent, because what is on disk is what runs."""
    opcache = context.opcache
    if opcache is None:
        return Ruling(Verdict.UNKNOWN)
    if opcache.restart_pending or opcache.restart_in_progress:
        return rule_on(Verdict.FRESH, (restart_pending(context, opcache),))
    if opcache.file_cache_only:
        return rule_on(Verdict.FRESH, (*file_cache(context, opcache), *not_listed(context, opcache)))
    if not opcache.enabled:
        return rule_on(Verdict.ABSENT, through_link.without_opcache(context))
    judged = scripts.judge(context, opcache)
    found = (*findings.to_findings(judged, context, opcache), *preload.judge(context, opcache), *file_cache(context, opcache))
    found += (*through_link.judge(context, opcache), *not_compared(context, opcache))
    # A cache without a script of this app shows nothing: what is requested next is compiled from the disk.
    base = Verdict.FRESH if any_script(context, opcache, AppScope.of(context)) else Verdict.ABSENT
    if opcache.preload and context.host is None:
        base = Verdict.UNKNOWN  # whether it is this release that was preloaded, only the host tells
    return rule_on(base, found)._replace(scripts=judged)


def restart_pending(context: Context, opcache: Opcache) -> Finding:
    """A reset waits for the requests that use the cache (``docs/facts.md#opcache-restart-pending``)."""
    since = context.memory.pending_since if context.memory.pending_since is not None else context.now
    until = since + opcache.force_restart_timeout
    late = context.now - since > opcache.force_restart_timeout / 2
    summary = "a reset of OPcache waits for running requests; until then every request compiles everything"
    if late:
        summary += ", and PHP will soon kill the requests that still use the cache"
    return codes.RESTART_PENDING.finding(
        "OPcache",
        summary,
        (
            evidence.time("seen first", since),
            evidence.age("force_restart_timeout", opcache.force_restart_timeout),
            repro.command(context, repro.OPCACHE),
        ),
        until=until,
        severity=Severity.WARNING if late else None,
    )


def file_cache(context: Context, opcache: Opcache) -> Iterator[Finding]:
    """Bytecode on disk that PHP loads unchecked, and that it could not be asked about script by script
    (``docs/facts.md#opcache-file-cache``)."""
    if opcache.validate_timestamps or not (opcache.file_cache or opcache.file_cache_only):
        return
    if opcache.file_cache_seen and not opcache.file_cache_only:
        return
    where = opcache.file_cache or "opcache.file_cache"
    yield codes.FILE_CACHE.finding(
        where,
        f"bytecode stored in {where} survives resets and reloads, and PHP never checks it against the sources",
        (
            evidence.text("file_cache", where),
            evidence.text("validate_timestamps", "off"),
            evidence.time("cache since", opcache.since),
            evidence.command("find", where, "-name", "*.bin", "-newermt", "@0", "-printf", "%t %p\\n"),
        ),
    )


def not_listed(context: Context, opcache: Opcache) -> Iterator[Finding]:
    """``file_cache_only``: PHP compares mtimes, and tells nothing of what it runs (``docs/facts.md#opcache-file-cache``)."""
    if opcache.validate_timestamps:
        yield codes.NOT_COMPARED.finding(
            "OPcache",
            "with opcache.file_cache_only PHP does not tell which scripts it runs, so none could be compared with the disk",
            (repro.command(context, repro.OPCACHE),),
        )


def not_compared(context: Context, opcache: Opcache) -> Iterator[Finding]:
    """Scripts that were not compared with the disk (``docs/facts.md#opcache-status``)."""
    unlisted = opcache.changed_total - len(opcache.changed)
    if not opcache.truncated and unlisted <= 0 and (opcache.compared or not opcache.cached_scripts):
        return
    missing = max(opcache.cached_scripts - opcache.compared, unlisted, 1)
    yield codes.NOT_COMPARED.finding(
        "OPcache",
        f"{figures.count(missing, 'cached script')} could not be compared with the disk",
        (
            evidence.number("scripts", opcache.cached_scripts),
            evidence.number("compared", opcache.compared),
            evidence.number("changed", opcache.changed_total),
            evidence.number("listed", len(opcache.changed)),
            repro.command(context, repro.OPCACHE),
        ),
    )
