"""``metrics``: what is known of a fleet, as Prometheus reads it.

Made for each scrape, so that a server, app or finding that is gone has no series any more. Times are moments by this machine's clock:
``time() - x`` is the age. No label holds a path or a message, and each has a bounded number of values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from stalewatch.diagnosis.fpm import BINARY_NEWER, BINARY_REPLACED
from stalewatch.model.app_names import names_apart
from stalewatch.model.replace import replace
from stalewatch.model.report import Verdict
from stalewatch.model.text import safe
from stalewatch.model.times import known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from prometheus_client.metrics_core import Metric

    from stalewatch.engine.seen_server import SeenServer
    from stalewatch.model.report import Report
    from stalewatch.model.runtime import Opcache

Sample: TypeAlias = "tuple[Sequence[str], float]"
"""Values of the labels after ``server`` and ``app``, and the value."""

APP = ("server", "app")
OTHER_BINARY = (BINARY_NEWER.code, BINARY_REPLACED.code)
"""The file on the disk is not the PHP-FPM that runs."""


def registry(servers: Callable[[], Iterable[SeenServer]]) -> CollectorRegistry:
    """What a scrape reads: *servers* is asked at each one."""
    made = CollectorRegistry()
    made.register(FleetCollector(servers))
    return made


def render(servers: Iterable[SeenServer]) -> bytes:
    """The text that one scrape gets, and that node_exporter's textfile collector reads."""
    seen = tuple(servers)
    return generate_latest(registry(lambda: seen))


class FleetCollector(Collector):
    """Metric families of the servers as they are at the moment of a scrape."""

    def __init__(self, servers: Callable[[], Iterable[SeenServer]]) -> None:
        self._servers = servers

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked for when it is registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        servers = tuple(self._servers())
        yield from _of_servers(servers)
        named = {one.server: _named_apart(one) for one in servers}
        yield from _of_apps([report for one in servers for report in named[one.server]])
        yield from _of_what_runs([report for one in servers if one.up for report in named[one.server]])


def _of_servers(servers: Sequence[SeenServer]) -> Iterator[Metric]:
    up = GaugeMetricFamily("stalewatch_up", "Whether the last look at the server succeeded (1) or not (0).", labels=("server",))
    took = GaugeMetricFamily("stalewatch_probe_duration_seconds", "How long the last look took.", labels=("server",))
    for one in servers:
        up.add_metric((one.server,), float(one.up))
        if one.up and one.took is not None:
            took.add_metric((one.server,), one.took)
    yield from (up, took)


def _of_apps(reports: Sequence[Report]) -> Iterator[Metric]:
    """What is known of every app, also of a server that was lost."""
    yield _family(
        "stalewatch_verdict",
        "What a layer is: exactly one verdict of each layer is 1.",
        reports,
        ("layer", "verdict"),
        lambda report: (
            ((layer.value, verdict.value), float(report.layers[layer] is verdict)) for layer in report.layers for verdict in Verdict
        ),
    )
    yield _family("stalewatch_findings", "Findings of the last look.", reports, ("code", "severity"), _findings)
    yield _moment("stalewatch_observed_timestamp_seconds", "When the app was looked at last.", reports, lambda report: report.observed_at)


def _of_what_runs(reports: Sequence[Report]) -> Iterator[Metric]:
    """What the last look saw; gone with it."""
    yield _moment(
        "stalewatch_stale_since_timestamp_seconds",
        "When the oldest change was made that does not run. Not there: nothing is stale, or nobody knows since when.",
        reports,
        lambda report: report.stale_since if report.verdict in (Verdict.STALE, Verdict.SUSPECT) else None,
    )
    yield _moment("stalewatch_deploy_timestamp_seconds", "When the last deploy was made.", reports, _deployed)
    yield _family(
        "stalewatch_fpm_worker_start_time_seconds",
        "When the oldest and the youngest PHP-FPM worker of the app's pool were started.",
        reports,
        ("worker",),
        _workers,
    )
    yield _family(
        "stalewatch_release_info",
        "What is on the disk, and which PHP runs and is installed; always 1.",
        reports,
        ("commit", "release", "php_running", "php_installed"),
        _release,
    )
    yield _family(
        "stalewatch_opcache_hit_ratio",
        "Share of OPcache lookups that hit, over the last minutes and without our own requests.",
        reports,
        (),
        lambda report: [((), report.hit_rate)] if report.hit_rate is not None else [],
    )
    for name, words, value in GAUGES:
        yield _opcache(GaugeMetricFamily(name, words, labels=APP), reports, value)
    for name, words, value in COUNTERS:
        yield _opcache(CounterMetricFamily(name, words, labels=APP), reports, value)


GAUGES: tuple[tuple[str, str, Callable[[Opcache], float]], ...] = (
    ("stalewatch_opcache_enabled", "Whether OPcache is on in the pool.", lambda opcache: float(opcache.enabled)),
    ("stalewatch_opcache_cached_scripts", "Scripts in the OPcache of the pool's master.", lambda opcache: opcache.cached_scripts),
    ("stalewatch_opcache_cached_keys", "Keys in use; a script may have several.", lambda opcache: opcache.cached_keys),
    ("stalewatch_opcache_max_cached_keys", "Keys that there is room for.", lambda opcache: opcache.max_cached_keys),
    ("stalewatch_opcache_used_memory_bytes", "Shared memory in use.", lambda opcache: opcache.used_memory),
    ("stalewatch_opcache_free_memory_bytes", "Shared memory that is free.", lambda opcache: opcache.free_memory),
    ("stalewatch_opcache_wasted_memory_bytes", "Shared memory lost until a restart of the cache.", lambda opcache: opcache.wasted_memory),
    ("stalewatch_opcache_start_time_seconds", "Since when the cache holds what it holds.", lambda opcache: opcache.since),
)

COUNTERS: tuple[tuple[str, str, Callable[[Opcache], float]], ...] = (
    ("stalewatch_opcache_hits", "Lookups that hit, as OPcache counts them: our own requests too.", lambda opcache: opcache.hits),
    ("stalewatch_opcache_misses", "Lookups that missed.", lambda opcache: opcache.misses),
    ("stalewatch_opcache_oom_restarts", "Restarts because memory was full.", lambda opcache: opcache.oom_restarts),
    ("stalewatch_opcache_hash_restarts", "Restarts because the keys were full.", lambda opcache: opcache.hash_restarts),
    ("stalewatch_opcache_manual_restarts", "Restarts that somebody asked for.", lambda opcache: opcache.manual_restarts),
)


def _family(
    name: str, words: str, reports: Iterable[Report], labels: Sequence[str], samples: Callable[[Report], Iterable[Sample]]
) -> GaugeMetricFamily:
    made = GaugeMetricFamily(name, words, labels=(*APP, *labels))
    for report in reports:
        for values, value in samples(report):
            made.add_metric((*_named(report), *values), value)
    return made


def _moment(name: str, words: str, reports: Iterable[Report], at: Callable[[Report], float | None]) -> GaugeMetricFamily:
    return _family(name, words, reports, (), lambda report: [((), ours)] if (ours := _ours(report, at(report))) is not None else [])


def _opcache(made: GaugeMetricFamily | CounterMetricFamily, reports: Iterable[Report], value: Callable[[Opcache], float]) -> Metric:
    for report in reports:
        if report.opcache is not None:
            made.add_metric(_named(report), value(report.opcache))
    return made


def _named_apart(one: SeenServer) -> tuple[Report, ...]:
    """Its reports, each with a name that no other one has: two series with the same labels break a whole scrape."""
    names = names_apart([report.app for report in one.reports])
    return tuple(replace(report, short_name=safe(names[report.app])) for report in one.reports)


def _named(report: Report) -> tuple[str, str]:
    return report.server, report.name if report.app else ""


def _ours(report: Report, at: float | None) -> float | None:
    """The moment *at* of the server's clock by this machine's clock; None for what is none."""
    if at is None or not known(at):
        return None
    return at - ((report.snapshot.clock_offset if report.snapshot is not None else None) or 0.0)


def _findings(report: Report) -> Iterator[Sample]:
    counted: dict[tuple[str, str], int] = {}
    for finding in report.findings:
        key = (finding.code, finding.severity.value)
        counted[key] = counted.get(key, 0) + 1
    yield from ((key, float(number)) for key, number in counted.items())


def _deployed(report: Report) -> float | None:
    return max((deploy.at for deploy in report.host.release.deploys), default=None) if report.host is not None else None


def _workers(report: Report) -> Iterator[Sample]:
    started = [at for process in (report.fpm.workers if report.fpm else ()) if (at := _ours(report, process.started)) is not None]
    if started:
        yield ("oldest",), min(started)
        yield ("youngest",), max(started)


def _release(report: Report) -> Iterator[Sample]:
    if report.host is None:
        return
    release = report.host.release
    name = release.root.rstrip("/").rpartition("/")[2] if release.link else ""
    running = str(report.runtime.php_version) if report.runtime is not None else ""
    yield (str(release.commit), name, running, _installed(report, running)), 1.0


def _installed(report: Report, running: str) -> str:
    """The version of the PHP on the disk: *running* where the pool was seen to run that file, else only its branch (``8.2``)."""
    same = report.runtime is not None and report.runtime.replaced is not None
    if same and not any(finding.code in OTHER_BINARY for finding in report.findings):
        return running
    return str(report.fpm.version) if report.fpm is not None else ""
