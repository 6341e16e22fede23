"""Workers of FPM, and of queues: pid, state, start against the last deploy, requests, what is served now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render import report_parts
from stalewatch.dashboard.render.lines import BLANK, Line, Span, columns, crop, line, paragraph
from stalewatch.dashboard.render.signs import sign
from stalewatch.model import figures
from stalewatch.model.report import Layer, Verdict

if TYPE_CHECKING:
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import Deploy, PoolStatus, QueueWorker

WIDTHS = (8, 10, 27, 9)
"""The rest of a row is what is served."""
NOTE = "Worker age alone proves nothing: young workers can serve old bytecode, old ones new bytecode."


def lines(report: Report, clock: Clock, width: int) -> list[Line]:
    """FPM workers, the pool's counters, queue workers."""
    deploy = report_parts.last_deploy(report)
    page = report.status
    rows = (
        _pool(page, clock, width)
        if page
        else [line(Span("  the FPM status page is not visible (pm.status_path); start times are from /proc", "muted"))]
    )
    rows.append(_cells(width, "  pid", "state", "started", "requests", "serving", role="head"))
    if page is not None:
        for worker in page.workers:
            serving = f"{worker.method} {worker.uri} {figures.span(worker.duration)}" if worker.state != "Idle" else ""
            rows.append(
                _cells(width, f"  {worker.pid}", worker.state, _start(worker.started, deploy, clock), f"{worker.requests:>8}", serving)
            )
    elif (seen := report.fpm) is not None:
        rows += [
            _cells(width, f"  {worker.pid}", "", _start(worker.started, deploy, clock), "", str(worker.title)) for worker in seen.workers
        ]
    rows += paragraph(NOTE, width, "muted", "  ")
    host = report.host
    if host is not None and host.queue_workers:
        verdict = report.layers.get(Layer.WORKERS, Verdict.UNKNOWN)
        rows += [BLANK, line("  ", sign(verdict), Span(" queue workers hold the code they started with", "strong"))]
        rows += [_queue(worker, deploy, clock) for worker in host.queue_workers]
    return [crop(row, width) for row in rows]


def _start(at: float, deploy: Deploy | None, clock: Clock) -> str:
    against = "" if deploy is None else ", before deploy" if at < deploy.at else ", after deploy"
    return f"{clock.hms(at)}{against}"


def _pool(page: PoolStatus, clock: Clock, width: int) -> list[Line]:
    queue = Span(f"  listen queue {page.listen_queue} (max {page.max_listen_queue})", "warning" if page.listen_queue else "muted")
    full = Span(f"  max_children reached {page.max_children_reached}×" if page.max_children_reached else "", "warning")
    seen = f", as seen at {clock.hms(page.seen_at)}" if page.seen_at else ""
    first = line(Span(f"  pool {page.pool} since {clock.exact(page.started)}{seen}", "muted"))
    return [
        first,
        line(Span(f"  {page.active} active, {page.idle} idle;", "muted"), queue, full, Span(f"  {page.accepted} accepted", "muted")),
    ]


def _queue(worker: QueueWorker, deploy: Deploy | None, clock: Clock) -> Line:
    gone = "  its folder is deleted" if worker.process.cwd_deleted else ""
    where = f"  {worker.release}" if worker.release else ""
    return line(
        Span(f"    {worker.process.pid:<8}{worker.kind:<10}"),
        Span(_start(worker.process.started, deploy, clock)),
        Span(where, "muted"),
        Span(gone, "stale-mark"),
    )


def _cells(width: int, *cells: str, role: str = "text") -> Line:
    return columns([line(Span(cell, role)) for cell in cells], (*WIDTHS, max(4, width - sum(WIDTHS) - len(WIDTHS))))
