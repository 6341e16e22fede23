"""What is remembered of one app, as it was read back from where it was kept: a pure function of the look and of that memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stalewatch.diagnosis.worker_evidence import kinds_of
from stalewatch.model.snapshot import Unseen

if TYPE_CHECKING:
    from stalewatch.diagnosis.memory import Awaited, Memory
    from stalewatch.model.report import Report
    from stalewatch.model.text import SafeText


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What is remembered of one app. *kept* None: nothing was seen that could be kept. *scripts*: how many; None: OPcache is off there.

    *complete*: whether that is every script of this cache. *caches*: the Laravel caches whose sources are remembered. *errors*: what could
    not be looked at. *workers_ended*: the workers that are awaited no longer, in words ("" none).
    """

    server: str
    address: str
    app: SafeText
    observed_at: float | None
    kept: bool | None = None
    scripts: int | None = None
    complete: bool = True
    caches: tuple[str, ...] = ()
    errors: tuple[Unseen, ...] = ()
    workers_ended: str = ""


def marked(report: Report, memory: Memory, ended: tuple[Awaited, ...] = ()) -> Mark:
    """What *memory*, read back after the look of *report*, holds of it. *ended*: workers that are awaited no longer."""
    seen = Mark(server=report.server, address=report.address, app=report.app, observed_at=report.observed_at, errors=_unseen(report))
    snapshot = report.snapshot
    if snapshot is None or report.observed_at is None or not report.app:
        return seen
    opcache = snapshot.seen_opcache
    on = opcache is not None and opcache.enabled
    return replace(
        seen,
        kept=memory.at >= report.observed_at,
        scripts=len(memory.scripts) if on else None,
        complete=opcache is None or len(memory.scripts) >= opcache.cached_scripts,
        caches=tuple(name for name in memory.baselines if name != "workers"),
        workers_ended=kinds_of([one.worker for one in ended]) if ended else "",
    )


def _unseen(report: Report) -> tuple[Unseen, ...]:
    """Why bytecode or disk could not be looked at; what else is unknown does not matter to what is remembered."""
    snapshot = report.snapshot
    if snapshot is None or report.observed_at is None or not report.app:
        return report.errors
    if report.host is not None and not report.host.layout.exists:
        return report.errors
    parts = [snapshot.host, snapshot.runtime, report.runtime.opcache if report.runtime is not None else None]
    return tuple(part for part in parts if isinstance(part, Unseen))
