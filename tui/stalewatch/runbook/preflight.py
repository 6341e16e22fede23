"""What would break the server, or lose requests, said before anything is done. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.snapshot import Unseen
from stalewatch.model.text import SafeText, safe
from stalewatch.model.times import utc
from stalewatch.runbook.commands import usable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import PoolWorker
    from stalewatch.runbook.draft import Draft


def blocked_at_all(report: Report) -> tuple[SafeText, ...]:
    """Why nothing at all can be planned for this server."""
    snapshot = report.snapshot
    if snapshot is None:
        why = [str(error.message) for error in report.errors] or ["this server was never seen"]
        return tuple(safe(f"not seen: {reason}") for reason in why)
    if isinstance(snapshot.host, Unseen):
        return (safe(f"not seen: {snapshot.host.message}"),)
    if not report.app or not snapshot.host.layout.exists:
        return (safe(f"there is no application at {report.app}" if report.app else "no application was found here"),)
    if not usable(report.app):
        return (safe("the application's path can't be used in a command"),)
    return ()


def blocks(draft: Draft) -> Iterator[str]:
    """Why nothing of *draft* may be run, whatever its steps are."""
    holder = draft.host.lock
    if holder is not None:
        yield f"{holder.who} runs a runbook here since {utc(holder.since)}"


def warns(draft: Draft, *, production: bool) -> Iterator[str]:
    """What a person must know of *draft*, whatever its steps are."""
    if production:
        yield "this is production"
    way = draft.host.release.under_way
    if way is not None:
        yield f"a deploy is under way ({way.sign}, since {utc(way.since)}): what is rebuilt now may be old again in a moment"


def in_flight(report: Report) -> int | None:
    """Requests that a reload would kill: 0 where it waits for them, None where it is not known."""
    fpm, status = report.fpm, report.status
    if fpm is not None and fpm.process_control_timeout:
        return 0
    if status is None:
        return None
    pool = fpm.pool if fpm is not None else None
    ours = str(pool.status_path) if pool else ""
    if status.workers:
        return sum(worker.state != "Idle" and not _ours(worker, ours) for worker in status.workers)
    return max(status.active - 1, 0)  # the one that answers is active too


def _ours(worker: PoolWorker, status_path: str) -> bool:
    return bool(status_path and worker.uri.startswith(status_path)) or "stalewatch" in worker.script
