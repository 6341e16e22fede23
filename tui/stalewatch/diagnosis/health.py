"""The second axis: what a person should know beside the verdict. Every finding here is ``fresh``: a hit rate proves no staleness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import repro, words
from stalewatch.diagnosis.context import Look
from stalewatch.diagnosis.memory import Sample
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.report import Evidence, Finding, Layer, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import Opcache

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
    "Over the last minute fewer look-ups than the threshold were answered from OPcache (our own requests left out). Not said while the "
    "pool is idle, nor in the first minute after a restart. It never proves that old code runs.",
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
    "The server's clock differs from ours. Verdicts do not suffer (they use the server's clock only), but times of several servers "
    "cannot be compared.",
    ("ahead", "repeat"),
)
MAINTENANCE = _health(
    "maintenance", Layer.RELEASE, "The application is in maintenance mode: requests answer 503.", ("repeat",), advice="php artisan up"
)
RULES = (HIT_RATE, MEMORY_FULL, KEYS_FULL, WASTED_MEMORY, RESTARTED, DISK, CLOCK, MAINTENANCE)


def judge(look: Look, rate: float | None) -> tuple[Finding, ...]:
    """Every warning; *rate* is :func:`hit_rate`."""
    found = [*disk(look), *clock(look), *maintenance(look)]
    opcache = look.opcache
    if opcache is not None and opcache.enabled and not opcache.restart_pending:
        found += [*low_hit_rate(look, opcache, rate), *memory(look, opcache), *keys(look, opcache)]
        found += [*wasted(look, opcache), *restarted(look, opcache)]
    return tuple(found)


def sample(look: Look) -> Sample | None:
    """This look's counters; None when there are none."""
    opcache = look.opcache
    if opcache is None or look.runtime is None or not opcache.enabled or opcache.restart_pending:
        return None
    return Sample(look.now, opcache.hits, opcache.misses, look.runtime.own_requests)


def hit_rate(look: Look) -> float | None:
    """Over the window (at least since the last look), minus our own requests; None at the first look or when idle."""
    now = sample(look)
    before = look.memory.samples[0] if look.memory.samples else None
    if now is None or before is None or look.opcache is None or look.memory.since != look.opcache.since:
        return None
    hits = now.hits - before.hits
    misses = max(now.misses - before.misses - max(now.own - before.own, 0), 0)
    if hits < 0 or now.misses < before.misses or hits + misses < ENOUGH:
        return None
    return hits / (hits + misses)


def low_hit_rate(look: Look, opcache: Opcache, rate: float | None) -> Iterator[Finding]:
    """Below the threshold, once warm."""
    if rate is None or rate >= look.thresholds.hit_rate or look.now - opcache.since < WARM_UP:
        return
    before = look.memory.samples[0]
    yield HIT_RATE.finding(
        "OPcache",
        f"OPcache hit rate is below {figures.percent(look.thresholds.hit_rate, 0)}",
        (
            words.number("hit rate", round(rate, 4)),
            words.number("threshold", look.thresholds.hit_rate),
            words.number("look-ups", opcache.hits + opcache.misses - before.hits - before.misses),
            repro.ask(look, repro.OPCACHE),
        ),
    )


def memory(look: Look, opcache: Opcache) -> Iterator[Finding]:
    """Full, or nearly."""
    total = opcache.used_memory + opcache.free_memory + opcache.wasted_memory
    exhausted = opcache.cache_full and not _keys_full(opcache)
    if exhausted or (total > 0 and opcache.free_memory < total * (1 - FULL)):
        state = "full" if exhausted else "nearly full"
        yield MEMORY_FULL.finding("OPcache", f"OPcache's memory is {state}", _sizes(look, opcache))


def keys(look: Look, opcache: Opcache) -> Iterator[Finding]:
    """Too many scripts."""
    if _keys_full(opcache):
        evidence = (
            words.number("keys", opcache.cached_keys),
            words.number("most", opcache.max_cached_keys),
            repro.ask(look, repro.OPCACHE),
        )
        yield KEYS_FULL.finding("OPcache", "OPcache can hold hardly any more scripts", evidence)


def _keys_full(opcache: Opcache) -> bool:
    return opcache.max_cached_keys > 0 and opcache.cached_keys >= opcache.max_cached_keys * FULL


def wasted(look: Look, opcache: Opcache) -> Iterator[Finding]:
    """Memory that only a restart gives back."""
    total = opcache.used_memory + opcache.free_memory + opcache.wasted_memory
    if total > 0 and opcache.wasted_memory > total * WASTED:
        most = figures.percent(WASTED, 0)
        yield WASTED_MEMORY.finding("OPcache", f"more than {most} of OPcache's memory is wasted", _sizes(look, opcache))


def restarted(look: Look, opcache: Opcache) -> Iterator[Finding]:
    """It ran out of something between two looks."""
    if look.memory.at and (opcache.oom_restarts > look.memory.oom_restarts or opcache.hash_restarts > look.memory.hash_restarts):
        evidence = (
            words.number("out of memory", opcache.oom_restarts),
            words.number("out of keys", opcache.hash_restarts),
            repro.ask(look, repro.OPCACHE),
        )
        yield RESTARTED.finding("OPcache", "OPcache restarted by itself because it was full", evidence)


def disk(look: Look) -> Iterator[Finding]:
    """Hardly anything free."""
    host = look.host
    if host is None or host.disk_free is None or not host.disk_total:
        return
    if host.disk_free < min(host.disk_total * LEAST_FREE, LEAST_FREE_BYTES * 5) or host.disk_free < LEAST_FREE_BYTES:
        yield DISK.finding(
            look.root,
            "the disk of the app is nearly full",
            (words.size("free", host.disk_free), words.size("size", host.disk_total), words.command("df", "-h", look.root)),
        )


def clock(look: Look) -> Iterator[Finding]:
    """Another time over there than here."""
    offset = look.snapshot.clock_offset
    if offset is not None and abs(offset) > SKEW:
        way = "ahead of" if offset > 0 else "behind"
        yield CLOCK.finding(
            look.snapshot.server,
            f"the server's clock is {figures.span(offset)} {way} ours",
            (words.age("ahead", offset), words.command("date")),
        )


def maintenance(look: Look) -> Iterator[Finding]:
    """artisan down."""
    if look.host is not None and look.host.layout.maintenance:
        yield MAINTENANCE.finding(
            look.root,
            "the application is in maintenance mode and answers 503",
            (words.stat(words.absolute("storage/framework/down", look.root)),),
        )


def _sizes(look: Look, opcache: Opcache) -> tuple[Evidence, ...]:
    return (
        words.size("used", opcache.used_memory),
        words.size("free", opcache.free_memory),
        words.size("wasted", opcache.wasted_memory),
        repro.ask(look, repro.OPCACHE),
    )
