"""What artisan has cached is held against what the pool would make: the pool may have another php.ini, other extensions, and what the web
server passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import smoke
from stalewatch.model import figures
from stalewatch.model.errors import LinkError
from stalewatch.model.layers import Layer
from stalewatch.model.remade import Remade
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Outcome, Status

if TYPE_CHECKING:
    from stalewatch.runbook.app_session import AppSession
    from stalewatch.runbook.plan import ServerPlan, Step


async def compared(session: AppSession, server: ServerPlan, step: Step, proven: Outcome) -> Outcome:
    """*proven* of *step*, or ``failed`` where the pool would make another configuration than the one that was cached. Where that cannot
    be told, it is said. Raises LinkLost, where the link is lost, and nothing else."""
    if step.kind != "rebuild" or step.layer is not Layer.CONFIG or proven.status is not Status.DONE:
        return proven
    remade = await _remade(session, server, step)
    if remade.why:
        said = safe(f"with what the pool would make: {remade.why}", 300)
        return Outcome(status=Status.DONE, evidence={**proven.evidence, "not compared": said})
    if not remade.differs:
        return proven
    keys = figures.several([*map(str, remade.differs), *[""] * remade.more], len(remade.differs))
    why = f"the pool would make another value of: {keys} (artisan made it with another php.ini or environment)"
    instead = f"the pool itself makes it at each request after: stalewatch fix {server.address} --only clear,reload"
    return Outcome(status=Status.FAILED, evidence={"why": safe(why, 1000), **proven.evidence, "instead": safe(instead)})


async def _remade(session: AppSession, server: ServerPlan, step: Step) -> Remade:
    report = session.report
    root = report.host.release.root if report.host is not None else ""
    if not step.keeps:
        return Remade(why=safe("the pool cannot be asked"))
    try:
        return await session.remake(step.keeps[0], str(root or report.app), smoke.parameters(report, server.smoke) or {})
    except LinkError as error:
        _ = session.link  # raises where there is none any more
        return Remade(why=safe(error.message))
