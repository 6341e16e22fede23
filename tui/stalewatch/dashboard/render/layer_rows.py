"""What a Report says about each layer in one line: source against cache, bytecode against disk, workers against the deploy. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render import report_parts
from stalewatch.dashboard.render.times import Clock
from stalewatch.diagnosis import composer, fpm, fpm_config, fpm_ini, symfony, worker_places
from stalewatch.diagnosis.paths import release_called
from stalewatch.model import figures
from stalewatch.model.layers import FILE_CACHED, Layer
from stalewatch.model.report import Report, Verdict
from stalewatch.model.snapshot import Unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stalewatch.model.snapshot import Compiled, FileStat


class LayerRow(NamedTuple):
    """The row of one layer: its one *wide* form, and its one *short* form for where not every pane has room for that."""

    layer: Layer
    verdict: Verdict | None
    wide: str
    short: str = ""


def rows_of(report: Report, clock: Clock) -> tuple[LayerRow, ...]:
    """All rows of a pane: one for each layer, by the place that its spec gives it."""
    clock = report_parts.clock_of(report, clock)
    return tuple(_ROWS[layer](report, clock) for layer in IN_A_PANE)


def release(report: Report, clock: Clock) -> LayerRow:
    """Commit, and when it came."""
    verdict = report.layers.get(Layer.RELEASE)
    seen = report.host
    if seen is None:
        return _unseen(report, Layer.RELEASE)
    commit = str(seen.release.commit)[:7]
    deploy = report_parts.last_deploy(report)
    if deploy is None:
        return LayerRow(Layer.RELEASE, verdict, commit or "no commit known", commit)
    if other := _other_release(report, verdict):
        return LayerRow(Layer.RELEASE, verdict, f"{commit} {clock.hm(deploy.at)}, {other}".strip(), f"{commit}, {other}".strip(", "))
    when = f"{'changed' if deploy.source == 'mtime' else 'deployed'} {clock.hm(deploy.at)}"
    age = "" if clock.relative else f", {clock.ago(deploy.at)}"
    if seen.release.under_way:
        age = ", a deploy is under way"
    wide, short = f"{commit} {when}{age}".strip(), f"{commit} {clock.hm(deploy.at)}".strip()
    return LayerRow(Layer.RELEASE, verdict, wide, short)


def _other_release(report: Report, verdict: Verdict | None) -> str:
    """What makes it stale or suspect: which release runs instead, or what the other servers have; "" neither is told."""
    finding = next((one for one in report.findings if one.layer is Layer.RELEASE and one.verdict is verdict), None)
    facts = {one.label: str(one.value) for one in finding.evidence if one.value} if finding is not None else {}
    if verdict is Verdict.STALE and "served" in facts:
        return f"{release_called(facts['served'])} runs"
    return f"others {facts['others'][:7]}" if verdict is Verdict.SUSPECT and "others" in facts and "contents" not in facts else ""


def cache(report: Report, clock: Clock, layer: Layer) -> LayerRow:
    """A file cache against the newest of what it is made from."""
    verdict = report.layers.get(layer)
    seen = report.host
    if seen is None or verdict is Verdict.UNKNOWN:
        return _unseen(report, layer)
    compiled = _compiled(report, layer)
    if compiled is not None:
        made: FileStat | None = compiled.file
        source = report_parts.newest(compiled.sources or ())
    else:
        found = report_parts.cache_file(seen, layer.value)
        made = found.stat if found is not None else None
        source = report_parts.newest(seen.inputs[layer].direct) if layer in seen.inputs else None
    if made is None:
        return LayerRow(layer, verdict, "not cached", "not cached")
    cached = made.mtime
    if source is None:
        return LayerRow(layer, verdict, f"cached {clock.hm(cached)}", f"cached {clock.hm(cached)}")
    when, changed = (clock.told((at,), (cached, source.mtime)) for at in (cached, source.mtime))
    if verdict in (Verdict.FRESH, Verdict.ABSENT, None):
        return LayerRow(layer, verdict, f"cached {when}, source {changed}", f"cached {clock.hm(cached)}")
    if source.mtime - cached >= 1:
        lag = f"{figures.span(source.mtime - cached)} older than source"
        return LayerRow(layer, verdict, f"cache {lag} ({when} → {changed})", lag)
    later = any(finding.code in (f"{layer}.stale", f"{layer}.suspect") for finding in report.findings)
    return LayerRow(layer, verdict, _summary(report, layer), "source changed later" if later else "")


def _compiled(report: Report, layer: Layer) -> Compiled | None:
    """What Symfony compiled for *layer* and the environment that is served."""
    facts = report.host.symfony if report.host is not None else None
    if facts is None:
        return None
    served = symfony.environment_served(report)
    return next((each for each in facts.compiled if (each.layer, each.environment) == (layer.value, served)), None)


def views(report: Report, clock: Clock) -> LayerRow:
    """Compiled Blade views against their sources."""
    verdict = report.layers.get(Layer.VIEWS)
    seen = report.host
    if seen is None or verdict is Verdict.UNKNOWN:
        return _unseen(report, Layer.VIEWS)
    known = seen.views.views
    if not known:
        return LayerRow(Layer.VIEWS, verdict, "not compiled", "not compiled")
    old = [view for view in known if report_parts.view_is_old(view)]
    if verdict in (Verdict.FRESH, Verdict.ABSENT, None) or not old:
        last = report_parts.newest(view.compiled for view in known)
        when = clock.hm(last.mtime) if last else ""
        return LayerRow(Layer.VIEWS, verdict, f"{figures.count(len(known), 'view')} compiled, last {when}", f"{len(known)} compiled")
    due = ", until the next render" if verdict is Verdict.PENDING else ""
    return LayerRow(Layer.VIEWS, verdict, f"{len(old)} of {len(known)} older than source{due}", f"{len(old)} of {len(known)} older")


_COMPOSER = {
    composer.CLASS_MAP.code: "class map is old",
    composer.AUTOLOAD.code: "autoloader is old",
    composer.LOCK.code: "not as locked",
    composer.HELD.code: "old paths in APCu",
}


def packages(report: Report, _clock: Clock) -> LayerRow:
    """Discovered packages against installed ones, by name; what Composer made, where that is old."""
    verdict = report.layers.get(Layer.PACKAGES)
    seen = report.host
    if seen is None or verdict is Verdict.UNKNOWN:
        return _unseen(report, Layer.PACKAGES)
    cached, installed = seen.packages.cached, seen.packages.installed
    old = _known(report, _COMPOSER)
    if old:
        return LayerRow(Layer.PACKAGES, verdict, old, old)
    if cached is None and verdict is Verdict.FRESH:
        return LayerRow(Layer.PACKAGES, verdict, "as composer.json says", "as composer.json")
    if cached is None:
        return LayerRow(Layer.PACKAGES, verdict, "not cached", "not cached")
    if installed is None or set(cached) == set(installed):
        return LayerRow(Layer.PACKAGES, verdict, f"{len(cached)} as installed", f"{len(cached)} as installed")
    missing, gone = len(set(installed) - set(cached)), len(set(cached) - set(installed))
    words = ", ".join(filter(None, [f"{missing} missing" if missing else "", f"{gone} too many" if gone else ""]))
    return LayerRow(Layer.PACKAGES, verdict, words, words)


def bytecode(report: Report, clock: Clock) -> LayerRow:
    """OPcache's scripts against the disk."""
    verdict = report.layers.get(Layer.OPCACHE)
    cached = report.opcache
    if cached is None or verdict is Verdict.UNKNOWN:
        return _unseen(report, Layer.OPCACHE)
    if not cached.enabled and not cached.restart_pending:
        return LayerRow(Layer.OPCACHE, verdict, "off: every request reads the disk", "off")
    total = cached.cached_scripts
    count, until = report_parts.scripts_of(report, verdict)
    if verdict is Verdict.STALE:
        return LayerRow(Layer.OPCACHE, verdict, f"{count} of {total} scripts older than disk", f"{count} of {total} older than disk")
    if verdict is Verdict.SUSPECT:
        return LayerRow(Layer.OPCACHE, verdict, f"{count} of {total} scripts may be old", f"{count} of {total} may be old")
    if verdict is Verdict.PENDING:
        heals = f"old until {clock.hm(until)}" if until else "old until used"
        return LayerRow(Layer.OPCACHE, verdict, f"{count} of {total} scripts {heals}", f"{count} of {total} {heals}")
    return LayerRow(Layer.OPCACHE, verdict, f"{total} scripts as on disk", f"{total} as on disk")


_POOL = {
    fpm.BINARY_NEWER.code: "older than the binary",
    fpm.BINARY_REPLACED.code: "older than the binary",
    fpm.EXTENSION_REPLACED.code: "older than an extension",
    fpm.CONFIG_NEWER.code: "older than the settings",
    fpm_config.DIFFERS.code: "older than the settings",
    fpm.CONFIG_INVALID.code: "with broken settings",
    fpm_ini.GONE.code: "older than the settings",
    fpm.OTHER_TREE.code: "in another tree",
}
"""What is wrong with the workers of a pool, in the place of what a deploy has not to do with it."""


def pool(report: Report, clock: Clock) -> LayerRow:
    """FPM workers, and what is wrong with them, else whether they started before or after the last deploy."""
    verdict = report.layers.get(Layer.FPM)
    found = report_parts.workers(report)
    if found is None:
        return _unseen(report, Layer.FPM)
    if found.total == 0:
        return LayerRow(Layer.FPM, verdict, "none running (idle pool)", "none running")
    deploy = report_parts.last_deploy(report)
    words = f"{found.total} {clock.begun(found.oldest)}"
    if verdict is Verdict.STALE:
        wrong = _known(report, _POOL)
        return LayerRow(Layer.FPM, verdict, f"{words}, {wrong}" if wrong else words, f"{found.total} {wrong}" if wrong else words)
    place = ""
    if deploy is not None:
        when = "before" if found.youngest < deploy.at else "after" if found.oldest >= deploy.at else "around"
        place = f", {when} the deploy"
    return LayerRow(Layer.FPM, verdict, f"{words}{place}", words)


_QUEUE = {
    worker_places.OLD_BINARY.code: "old PHP",
    worker_places.OLD_RELEASE.code: "old release",
    worker_places.DELETED.code: "of a folder that was removed",
}


def queue(report: Report, clock: Clock) -> LayerRow:
    """Long-running PHP processes."""
    verdict = report.layers.get(Layer.WORKERS)
    seen = report.host
    if seen is None or verdict is Verdict.UNKNOWN:
        return _unseen(report, Layer.WORKERS)
    if not seen.queue_workers:
        return LayerRow(Layer.WORKERS, verdict, "none running", "none running")
    kinds = sorted({str(worker.kind) for worker in seen.queue_workers})
    since = min(worker.process.started for worker in seen.queue_workers)
    words = f"{len(seen.queue_workers)} {'+'.join(kinds)} {clock.begun(since)}"
    wrong = _known(report, _QUEUE) or "old code"
    return LayerRow(Layer.WORKERS, verdict, f"{words}, {wrong}" if verdict is Verdict.STALE else words, words)


def _known(report: Report, words: Mapping[str, str]) -> str:
    """What *words* say of the first finding that they know."""
    return next((words[finding.code] for finding in report.findings if finding.code in words), "")


def plain(report: Report, _clock: Clock, layer: Layer) -> LayerRow:
    """A layer that has no row of its own: its verdict, and the finding that says most."""
    verdict = report.layers.get(layer)
    if report.host is None or verdict is Verdict.UNKNOWN:
        return _unseen(report, layer)
    words = "not cached" if verdict is Verdict.ABSENT else _summary(report, layer) or "as on disk"
    return LayerRow(layer, verdict, words, words)


def _summary(report: Report, layer: Layer) -> str:
    found = next((finding for finding in report.findings if finding.layer is layer), None)
    return str(found.summary) if found else ""


def _unseen(report: Report, layer: Layer) -> LayerRow:
    """A row for what was not seen: the reason if the report has one for this layer."""
    verdict = report.layers.get(layer)
    if verdict is Verdict.ABSENT:
        return LayerRow(layer, verdict, "not cached", "not cached")
    words = _summary(report, layer) or next((str(error.message) for error in report.errors if error.code.startswith(layer.value)), "")
    if not words and layer is Layer.OPCACHE and report_parts.is_down(report):
        words = "PHP-FPM is down"
    elif not words and layer is Layer.OPCACHE:
        found = report.runtime
        seen = found.opcache if found else report.snapshot.runtime if report.snapshot else None
        words = str(seen.message) if isinstance(seen, Unseen) else ""
    return LayerRow(layer, verdict or Verdict.UNKNOWN, words or "not seen", "not seen")


_ROWS: dict[Layer, Callable[[Report, Clock], LayerRow]] = {
    **{layer: partial(plain, layer=layer) for layer in Layer},
    **{layer: partial(cache, layer=layer) for layer in FILE_CACHED},
    Layer.RELEASE: release,
    Layer.VIEWS: views,
    Layer.PACKAGES: packages,
    Layer.OPCACHE: bytecode,
    Layer.FPM: pool,
    Layer.WORKERS: queue,
}
"""How a pane draws each layer."""
IN_A_PANE = tuple(sorted(Layer, key=lambda layer: layer.spec.place))
"""The layers in the order of their rows."""
