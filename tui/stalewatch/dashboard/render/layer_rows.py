"""What a Report says about each layer in one line: source against cache, bytecode against disk, workers against the deploy. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render.times import Clock
from stalewatch.model import figures
from stalewatch.model.layers import FILE_CACHED, Layer
from stalewatch.model.report import Report, Severity, Verdict
from stalewatch.model.snapshot import Deploy, HostFacts, Unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from stalewatch.model.report import Finding
    from stalewatch.model.snapshot import CacheFile, CompiledView, FileStat


class LayerRow(NamedTuple):
    """The row of one layer: *wide* where there is room, *short* where there is not; *note* says what is remarkable about it, *hint* the
    same, shorter."""

    layer: Layer
    verdict: Verdict | None
    wide: str
    short: str = ""
    note: str = ""
    hint: str = ""


class Started(NamedTuple):
    """FPM workers: how many (*total*), and when the oldest and the youngest of them started (epoch seconds)."""

    total: int
    oldest: float
    youngest: float


def clock_of(report: Report | None, clock: Clock) -> Clock:
    """*clock* for that server: its zone, its skew."""
    if report is None or report.snapshot is None:
        return clock
    seen = report.host
    return clock.there(seen.utc_offset if seen else None, report.snapshot.clock_offset)


def roots(report: Report) -> tuple[str, ...]:
    """The folders that the app's own files are told below: its path, and the release that this path is a link to."""
    seen = report.host
    return tuple(root for root in (str(report.app), str(seen.release.root) if seen else "") if root.strip("/"))


def inside(path: str, roots: Sequence[str]) -> str:
    """*path* as it is called below one of *roots*; else as it is."""
    root = next((root for root in roots if path.startswith(f"{root.rstrip('/')}/")), "")
    return path[len(root.rstrip("/")) + 1 :] if root else str(path)


def last_deploy(report: Report) -> Deploy | None:
    """The newest deploy that the server knows of."""
    seen = report.host
    return max(seen.release.deploys, key=lambda deploy: deploy.at, default=None) if seen else None


def workers(report: Report) -> Started | None:
    """FPM workers by the status page, else by /proc."""
    page, seen = report.status, report.fpm
    starts = (
        [worker.started for worker in page.workers]
        if page and page.workers
        else [worker.started for worker in seen.workers]
        if seen
        else []
    )
    if not starts:
        return Started(0, 0.0, 0.0) if seen and seen.running else None
    return Started(len(starts), min(starts), max(starts))


def rows_of(report: Report, clock: Clock) -> tuple[LayerRow, ...]:
    """All rows of a pane: one for each layer, by the place that its spec gives it."""
    clock = clock_of(report, clock)
    return tuple(_ROWS[layer](report, clock) for layer in _IN_A_PANE)


def release(report: Report, clock: Clock) -> LayerRow:
    """Commit, and when it came."""
    verdict = report.layers.get(Layer.RELEASE)
    seen = report.host
    if seen is None:
        return _unseen(report, Layer.RELEASE)
    commit = str(seen.release.commit)[:7]
    deploy = last_deploy(report)
    if deploy is None:
        return LayerRow(Layer.RELEASE, verdict, commit or "no commit known", commit)
    word = "changed" if deploy.source == "mtime" else "deployed"
    when = f"{word} {clock.hm(deploy.at)}"
    note = "" if clock.relative else clock.since(deploy.at)
    if seen.release.under_way:
        note = "a deploy is under way"
    return LayerRow(Layer.RELEASE, verdict, f"{commit}   {when}" if commit else when, f"{commit} {clock.hm(deploy.at)}".strip(), note)


def newest(files: Iterable[FileStat]) -> FileStat | None:
    """The file that was written last."""
    return max(files, key=lambda file: file.mtime, default=None)


def cache_file(seen: HostFacts, layer: str) -> CacheFile | None:
    """The file that *layer* is cached in."""
    return next((file for file in seen.caches if file.name == layer), None)


def cache(report: Report, clock: Clock, layer: Layer) -> LayerRow:
    """A file cache against the newest of what it is made from."""
    verdict = report.layers.get(layer)
    seen = report.host
    if seen is None or verdict is Verdict.UNKNOWN:
        return _unseen(report, layer)
    found, source = cache_file(seen, layer.value), newest(seen.inputs[layer].direct) if layer in seen.inputs else None
    if found is None or found.stat is None:
        return LayerRow(layer, verdict, "not cached", "not cached")
    cached = found.stat.mtime
    if source is None:
        return LayerRow(layer, verdict, f"cached {clock.hm(cached)}", f"cached {clock.hm(cached)}")
    wide = f"source {clock.hm(source.mtime)} → cache {clock.hm(cached)}"
    behind = source.mtime - cached
    quiet = verdict in (Verdict.FRESH, Verdict.ABSENT, None)
    note = f"{figures.span(behind)} behind" if behind >= 1 else "" if quiet else _summary(report, layer)
    return LayerRow(layer, verdict, wide, f"{clock.hm(source.mtime)}→{clock.hm(cached)}", note)


def views(report: Report, clock: Clock) -> LayerRow:
    """Compiled Blade views against their sources."""
    verdict = report.layers.get(Layer.VIEWS)
    seen = report.host
    if seen is None or verdict is Verdict.UNKNOWN:
        return _unseen(report, Layer.VIEWS)
    known = seen.views.views
    if not known:
        return LayerRow(Layer.VIEWS, verdict, "not compiled", "not compiled")
    old = [view for view in known if view_is_old(view)]
    if verdict in (Verdict.FRESH, Verdict.ABSENT, None) or not old:
        last = newest(view.compiled for view in known)
        when = clock.hm(last.mtime) if last else ""
        return LayerRow(Layer.VIEWS, verdict, f"{figures.count(len(known), 'view')} compiled, last {when}", f"{len(known)} compiled")
    note = "next render" if verdict is Verdict.PENDING else ""
    return LayerRow(Layer.VIEWS, verdict, f"{len(old)} of {len(known)} older than source", f"{len(old)} of {len(known)} old", note)


def view_is_old(view: CompiledView) -> bool:
    """Whether Blade would compile it again."""
    return view.source is not None and view.source.mtime >= view.compiled.mtime


def packages(report: Report, _clock: Clock) -> LayerRow:
    """Discovered packages against installed ones, by name."""
    verdict = report.layers.get(Layer.PACKAGES)
    seen = report.host
    if seen is None or verdict is Verdict.UNKNOWN:
        return _unseen(report, Layer.PACKAGES)
    cached, installed = seen.packages.cached, seen.packages.installed
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
    count, until = scripts_of(report, verdict)
    if verdict is Verdict.STALE:
        return LayerRow(Layer.OPCACHE, verdict, f"{count} of {total} scripts older than disk", f"{count} of {total} older than disk")
    if verdict is Verdict.SUSPECT:
        return LayerRow(Layer.OPCACHE, verdict, f"{count} of {total} scripts may be old", f"{count} of {total} may be old")
    if verdict is Verdict.PENDING:
        note = f"heals by {clock.hm(until)}" if until else "heals by itself"
        return LayerRow(
            Layer.OPCACHE,
            verdict,
            f"{count} of {total} scripts old",
            f"{count} of {total} old",
            note,
            f"till {clock.hm(until)}" if until else "",
        )
    return LayerRow(Layer.OPCACHE, verdict, f"{total} scripts as on disk", f"{total} as on disk")


def scripts_of(report: Report, verdict: Verdict | None) -> tuple[int, float | None]:
    """How many scripts have *verdict*, and when the last of them heals."""
    found = [finding for finding in report.findings if finding.layer is Layer.OPCACHE and finding.verdict is verdict]
    until = max((finding.until for finding in found if finding.until), default=None)
    return sum(max(1, len(finding.paths)) for finding in found), until


def hit_rate(report: Report, threshold: float) -> tuple[str, str]:
    """The rate over the window as text, and a note where it is below *threshold*."""
    if report.hit_rate is None:
        return ("idle", "") if report.opcache else ("not seen", "")
    low = report.hit_rate < threshold
    return figures.percent(report.hit_rate), f"below {figures.percent(threshold, 0)}" if low else ""


def pool(report: Report, clock: Clock) -> LayerRow:
    """FPM workers, and whether they started before or after the last deploy."""
    verdict = report.layers.get(Layer.FPM)
    found = workers(report)
    if found is None:
        return _unseen(report, Layer.FPM)
    if found.total == 0:
        return LayerRow(Layer.FPM, verdict, "none running (idle pool)", "none running")
    deploy = last_deploy(report)
    note = ""
    if deploy is not None:
        note = (
            "before the deploy" if found.youngest < deploy.at else "after the deploy" if found.oldest >= deploy.at else "around the deploy"
        )
    since = f"since {clock.hm(found.oldest)}"
    hint = {"before the deploy": "pre-deploy", "after the deploy": "post-deploy"}.get(note, "")
    return LayerRow(Layer.FPM, verdict, f"{found.total}, {since}", f"{found.total} {since}", note, hint)


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
    words = f"{len(seen.queue_workers)} {'+'.join(kinds)}, since {clock.hm(since)}"
    note = "old code" if verdict is Verdict.STALE else ""
    return LayerRow(Layer.WORKERS, verdict, words, words, note)


def health(report: Report) -> tuple[Finding, ...]:
    """Warnings beside the verdict, without the hit rate, which has a row of its own."""
    return tuple(
        finding
        for finding in report.findings
        if finding.verdict in (Verdict.FRESH, Verdict.ABSENT) and finding.severity is not Severity.INFO and "hit-rate" not in finding.code
    )


def why(report: Report) -> Finding | None:
    """The finding that says most about the verdict."""
    return next(
        (finding for finding in report.findings if finding.verdict is report.verdict and finding.severity is not Severity.INFO), None
    ) or next(iter(report.findings), None)


def problems(report: Report) -> tuple[Unseen, ...]:
    """Why something is unknown, each reason once."""
    return tuple({(error.code, error.message): error for error in report.errors}.values())


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
    if not words and layer is Layer.OPCACHE:
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
_IN_A_PANE = tuple(sorted(Layer, key=lambda layer: layer.spec.place))
