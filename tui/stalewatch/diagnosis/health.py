"""The second axis: what a person should know beside the verdict. Every finding here is ``fresh``: a hit rate proves no staleness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, paths, repro
from stalewatch.diagnosis.context import Context
from stalewatch.diagnosis.memory import Sample
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.report import Evidence, Finding, Layer, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import FileStat, Opcache

WINDOW = 60.0
"""Seconds over which the hit rate is taken."""
ENOUGH = 50
"""Look-ups below which a pool is idle and has no hit rate."""
WARM_UP = 60.0
"""Seconds after a restart in which a low hit rate is how it must be."""
FULL = 0.95
WASTED = 0.25
LEAST_FREE = 0.05
LEAST_FREE_BYTES = 200 * 1024 * 1024
SKEW = 5.0
AHEAD = 5.0
"""Seconds: the clock is read when a look begins, and files may be written during it."""


def _health(name: str, layer: Layer, meaning: str, evidence: tuple[str, ...], remedy: tuple[Remedy, ...] = (), advice: str = "") -> Rule:
    return Rule(
        code=f"health.{name}",
        layer=layer,
        verdict=Verdict.FRESH,
        severity=Severity.WARNING,
        meaning=meaning,
        evidence=evidence,
        remedy=remedy,
        advice=advice,
    )


HIT_RATE = _health(
    "hit-rate",
    Layer.OPCACHE,
    "In the last minute OPcache answered a smaller share of look-ups than the threshold (requests of stalewatch not counted). Not "
    "reported while the pool is idle, nor in the first minute after a restart. It never proves that old code runs.",
    ("hit rate", "threshold", "look-ups", "repeat"),
)
MEMORY_FULL = _health(
    "opcache-memory",
    Layer.OPCACHE,
    "OPcache's memory is full or nearly full: new scripts are not cached, or the whole cache restarts.",
    ("used", "free", "wasted", "repeat"),
    (Remedy.CONFIGURE,),
    "Raise opcache.memory_consumption. Old releases are never evicted: a reload empties it.",
)
KEYS_FULL = _health(
    "opcache-keys",
    Layer.OPCACHE,
    "OPcache has nearly as many keys as it can hold: further scripts are not cached.",
    ("keys", "most", "repeat"),
    (Remedy.CONFIGURE,),
    "Raise opcache.max_accelerated_files.",
)
WASTED_MEMORY = _health(
    "opcache-wasted",
    Layer.OPCACHE,
    "A large part of OPcache's memory holds bytecode that was replaced; it comes back only by a restart of the cache.",
    ("wasted", "used", "free", "repeat"),
    (Remedy.RELOAD,),
)
RESTARTED = _health(
    "opcache-restarts",
    Layer.OPCACHE,
    "OPcache restarted by itself since the last look, because memory or keys ran out.",
    ("out of memory", "out of keys", "repeat"),
    (Remedy.CONFIGURE,),
)
DISK = _health(
    "disk", Layer.RELEASE, "The disk of the app is nearly full: deploys and caches cannot be written.", ("free", "size", "repeat")
)
CLOCK = _health(
    "clock-skew",
    Layer.RELEASE,
    "The server's clock differs from the clock here. Verdicts use the server's clock only and stay right, but times of several servers "
    "cannot be compared.",
    ("ahead", "repeat"),
)
MAINTENANCE = _health(
    "maintenance", Layer.RELEASE, "The application is in maintenance mode: requests answer 503.", ("repeat",), advice="php artisan up"
)
FUTURE_TIMES = _health(
    "future-times",
    Layer.RELEASE,
    "Files have a modification time in the future: they came out of an archive from a machine whose clock or time zone is ahead, or the "
    "clock here was set back. Such a time proves nothing, so their change times are compared. Until it is over OPcache does not keep these "
    "scripts, and Blade compiles these views at each render.",
    ("files", "modified", "changed", "repeat"),
    advice="`touch` these files.",
)
HEALTH_CHECK = _health(
    "check",
    Layer.OPCACHE,
    "What the application's own health check at health_url says of OPcache. It is shown as it came, and weighs more than a note where it "
    "has warnings, OPcache is off, or the hit rate since the cache began is below the threshold. It proves nothing of the code that runs.",
    ("hit rate", "threshold", "scripts", "warning", "repeat"),
)
RULES = (HEALTH_CHECK, FUTURE_TIMES, HIT_RATE, MEMORY_FULL, KEYS_FULL, WASTED_MEMORY, RESTARTED, DISK, CLOCK, MAINTENANCE)


def judge(context: Context, rate: float | None) -> tuple[Finding, ...]:
    """Every warning; *rate* is :func:`hit_rate`."""
    found = [*health_check(context), *disk(context), *clock(context), *maintenance(context), *future_times(context)]
    opcache = context.opcache
    teller = context.runtime.told_by if context.runtime is not None else ""
    if opcache is not None and opcache.enabled and not opcache.restart_pending and teller in ("", context.snapshot.app):
        found += [*low_hit_rate(context, opcache, rate), *memory(context, opcache), *keys(context, opcache)]
        found += [*wasted(context, opcache), *restarted(context, opcache)]
    return tuple(found)


def health_check(context: Context) -> Iterator[Finding]:
    """What the application's own health check tells (``docs/facts.md#health-url``)."""
    told = context.snapshot.health_check
    if told is None:
        return
    low = told.hit_rate is not None and told.hit_rate < context.thresholds.hit_rate
    says = [
        "OPcache is off" if told.enabled is False else "",
        f"hit rate {figures.percent(told.hit_rate)}" if told.hit_rate is not None else "",
        figures.count(told.cached_scripts, "cached script") if told.cached_scripts is not None else "",
        *told.warnings,
        f"{figures.count(told.more_warnings, 'more warning')}" if told.more_warnings else "",
    ]
    yield HEALTH_CHECK.finding(
        "OPcache",
        f"the application's health check says: {', '.join(filter(None, says)) or 'nothing more'}",
        (
            *([evidence.number("hit rate", round(told.hit_rate, 4))] if told.hit_rate is not None else []),
            evidence.number("threshold", context.thresholds.hit_rate),
            *([evidence.number("scripts", told.cached_scripts)] if told.cached_scripts is not None else []),
            evidence.text("warning", told.warnings[0] if told.warnings else ""),
            evidence.command("curl", "-s", told.url),
        ),
        severity=Severity.WARNING if low or told.warnings or told.enabled is False else Severity.INFO,
    )


def sample(context: Context) -> Sample | None:
    """This look's counters; None when there are none."""
    opcache = context.opcache
    if opcache is None or context.runtime is None or not opcache.enabled or opcache.restart_pending:
        return None
    return Sample(context.now, opcache.hits, opcache.misses, context.runtime.own_requests)


def hit_rate(context: Context) -> float | None:
    """Over the window (at least since the last look), minus our own requests; None at the first look or when idle."""
    now = sample(context)
    before = context.memory.samples[0] if context.memory.samples else None
    if now is None or before is None or context.opcache is None or context.memory.since != context.opcache.since:
        return None
    hits = now.hits - before.hits
    misses = max(now.misses - before.misses - max(now.own - before.own, 0), 0)
    if hits < 0 or now.misses < before.misses or hits + misses < ENOUGH:
        return None
    return hits / (hits + misses)


def low_hit_rate(context: Context, opcache: Opcache, rate: float | None) -> Iterator[Finding]:
    """Below the threshold, once warm (``docs/facts.md#opcache-hit-rate``)."""
    if rate is None or rate >= context.thresholds.hit_rate or context.now - opcache.since < WARM_UP:
        return
    before = context.memory.samples[0]
    yield HIT_RATE.finding(
        "OPcache",
        f"OPcache hit rate is below {figures.percent(context.thresholds.hit_rate, 0)}",
        (
            evidence.number("hit rate", round(rate, 4)),
            evidence.number("threshold", context.thresholds.hit_rate),
            evidence.number("look-ups", opcache.hits + opcache.misses - before.hits - before.misses),
            repro.command(context, repro.OPCACHE),
        ),
    )


def memory(context: Context, opcache: Opcache) -> Iterator[Finding]:
    """Full, or nearly (``docs/facts.md#opcache-memory``)."""
    total = opcache.used_memory + opcache.free_memory + opcache.wasted_memory
    exhausted = opcache.cache_full and not _keys_full(opcache)
    if exhausted or (total > 0 and opcache.free_memory < total * (1 - FULL)):
        state = "full" if exhausted else "nearly full"
        yield MEMORY_FULL.finding("OPcache", f"OPcache's memory is {state}", _sizes(context, opcache))


def keys(context: Context, opcache: Opcache) -> Iterator[Finding]:
    """Too many scripts (``docs/facts.md#opcache-memory``)."""
    if _keys_full(opcache):
        shown = (
            evidence.number("keys", opcache.cached_keys),
            evidence.number("most", opcache.max_cached_keys),
            repro.command(context, repro.OPCACHE),
        )
        yield KEYS_FULL.finding("OPcache", "OPcache has almost no room for more scripts", shown)


def _keys_full(opcache: Opcache) -> bool:
    return opcache.max_cached_keys > 0 and opcache.cached_keys >= opcache.max_cached_keys * FULL


def wasted(context: Context, opcache: Opcache) -> Iterator[Finding]:
    """Memory that only a restart frees (``docs/facts.md#opcache-memory``)."""
    total = opcache.used_memory + opcache.free_memory + opcache.wasted_memory
    if total > 0 and opcache.wasted_memory > total * WASTED:
        most = figures.percent(WASTED, 0)
        yield WASTED_MEMORY.finding("OPcache", f"more than {most} of OPcache's memory is wasted", _sizes(context, opcache))


def restarted(context: Context, opcache: Opcache) -> Iterator[Finding]:
    """It ran out of memory or keys between two looks (``docs/facts.md#opcache-memory``)."""
    if context.memory.at and (opcache.oom_restarts > context.memory.oom_restarts or opcache.hash_restarts > context.memory.hash_restarts):
        shown = (
            evidence.number("out of memory", opcache.oom_restarts),
            evidence.number("out of keys", opcache.hash_restarts),
            repro.command(context, repro.OPCACHE),
        )
        yield RESTARTED.finding("OPcache", "OPcache restarted by itself because it was full", shown)


def disk(context: Context) -> Iterator[Finding]:
    """Hardly any space left (``docs/facts.md#disk-full``)."""
    host = context.host
    if host is None or host.disk_free is None or not host.disk_total:
        return
    if host.disk_free < min(host.disk_total * LEAST_FREE, LEAST_FREE_BYTES * 5) or host.disk_free < LEAST_FREE_BYTES:
        yield DISK.finding(
            context.root,
            "the disk of the app is nearly full",
            (evidence.size("free", host.disk_free), evidence.size("size", host.disk_total), evidence.command("df", "-h", context.root)),
        )


def clock(context: Context) -> Iterator[Finding]:
    """The server's clock differs from ours (``docs/facts.md#clock``)."""
    offset = context.snapshot.clock_offset
    if offset is not None and abs(offset) > SKEW:
        way = "ahead of" if offset > 0 else "behind"
        yield CLOCK.finding(
            context.snapshot.server,
            f"the server's clock is {figures.span(offset)} {way} the clock here",
            (evidence.age("ahead", offset), evidence.command("date")),
        )


def maintenance(context: Context) -> Iterator[Finding]:
    """``artisan down`` (``docs/facts.md#laravel-maintenance``)."""
    if context.host is not None and context.host.layout.maintenance:
        yield MAINTENANCE.finding(
            context.root,
            "the application is in maintenance mode and answers 503",
            (evidence.stat(paths.absolute("storage/framework/down", context.root)),),
        )


def future_times(context: Context) -> Iterator[Finding]:
    """Sources and configuration with an mtime in the future (``docs/facts.md#future-times``)."""
    host, limit = context.host, context.now + AHEAD
    if host is None:
        return
    found: dict[str, FileStat] = {}
    for inputs in host.inputs.values():
        for files in (inputs.direct, inputs.indirect):
            for file in files:  # newest first, by the newer of its times
                if max(file.mtime, file.ctime) <= limit:
                    break
                if file.mtime > limit:
                    found[file.path] = file
    others = [view.source for view in host.views.views if view.source is not None]
    found.update(
        {file.path: file for file in (*others, *(context.fpm.config_files if context.fpm is not None else ())) if file.mtime > limit}
    )
    if found:
        last = max(found.values(), key=lambda file: (file.mtime, file.path))
        names = figures.several(sorted(found))
        yield FUTURE_TIMES.finding(
            last.path,
            f"{names} {figures.agree(len(found), 'was', 'were')} modified in the future, by up to {figures.span(last.mtime - context.now)}",
            (
                evidence.number("files", len(found)),
                evidence.time("modified", last.mtime),
                evidence.time("changed", last.ctime),
                evidence.stat(paths.absolute(last.path, context.root)),
            ),
        )


def _sizes(context: Context, opcache: Opcache) -> tuple[Evidence, ...]:
    return (
        evidence.size("used", opcache.used_memory),
        evidence.size("free", opcache.free_memory),
        evidence.size("wasted", opcache.wasted_memory),
        repro.command(context, repro.OPCACHE),
    )
