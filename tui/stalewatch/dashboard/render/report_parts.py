"""What several drawings read out of a Report: its clock, its last deploy, its workers, and what says most. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.diagnosis.fpm import DEAD, DOWN
from stalewatch.model import figures
from stalewatch.model.layers import Layer
from stalewatch.model.reasons import FPM_PORT_REFUSED
from stalewatch.model.report import Severity, Verdict
from stalewatch.model.times import written_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.report import Finding, Report
    from stalewatch.model.snapshot import CacheFile, CompiledView, Deploy, FileStat, HostFacts, Unseen


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
    """The folders that the paths of the app's own files are shortened by: its path, and the release that this symlink leads to."""
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


def newest(files: Iterable[FileStat]) -> FileStat | None:
    """The file that was written last."""
    return max(files, key=lambda file: file.mtime, default=None)


def cache_file(seen: HostFacts, layer: str) -> CacheFile | None:
    """The file that *layer* is cached in."""
    return next((file for file in seen.caches if file.name == layer), None)


def view_is_old(view: CompiledView) -> bool:
    """Whether Blade would compile it again."""
    return view.source is not None and written_by(view.source.mtime, view.source.ctime) >= view.compiled.mtime


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
    """Why something is unknown, each reason once; not that nobody answers where a finding says that PHP-FPM is down."""
    said = DEAD - {FPM_PORT_REFUSED.code} if is_down(report) else frozenset()  # that one says what else it can be
    return tuple({(error.code, error.message): error for error in report.errors if error.code not in said}.values())


def is_down(report: Report) -> bool:
    """Whether a finding says that PHP-FPM serves nobody."""
    return any(finding.code in DOWN for finding in report.findings)
