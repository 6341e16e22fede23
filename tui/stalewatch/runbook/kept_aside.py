"""What a rebuild writes is kept aside by the pool meanwhile, and put back where the new one can't run: a rebuild is all or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.errors import LinkError
from stalewatch.model.text import SafeText, safe
from stalewatch.runbook.commands import usable
from stalewatch.runbook.plan import Outcome, Status
from stalewatch.runbook.step_spec import outcome

if TYPE_CHECKING:
    from stalewatch.runbook.app_session import AppSession
    from stalewatch.runbook.plan import Step


ENVIRONMENT = "bootstrap/cache/.stalewatch/environment.php"
"""Where the PHP is that gives artisan the pool's environment, below the application."""


async def tidy(session: AppSession) -> dict[str, SafeText]:
    """Under the lock, before anything: what a run that was cut off has left aside goes, or is back where it is needed. File -> which.

    Raises LinkLost, where the link is lost, and nothing else: a pool that can't be asked keeps nothing aside either.
    """
    report = session.report
    host = report.host
    if host is None or host.layout.kind != "laravel":
        return {}
    root = host.release.root or report.app
    paths = [str(cache.path) if cache.path.startswith("/") else f"{root}/{cache.path}" for cache in host.caches]
    try:
        told = await session.artefacts("tidy", [path for path in paths if usable(path)], {"script": f"{report.app}/{ENVIRONMENT}"})
    except LinkError:
        _ = session.link
        return {}
    return {path: safe(f"left aside by a run that was cut off: {became}") for path, became in told.items() if became}


def keeps(step: Step) -> bool:
    """Whether something is kept aside, or written for artisan, while *step* runs."""
    return bool(step.keeps or step.script)


async def keep(session: AppSession, step: Step) -> Outcome | None:
    """Before *step*: None, or why it must not be run. Raises LinkError where the link is gone."""
    if not keeps(step):
        return None
    told = await session.artefacts("keep", step.keeps, {"script": step.script, "away": step.away})
    refused = {path: f"not kept aside: {why}" for path, why in told.items() if why}
    if not told:
        refused = {"why": "the pool does not keep files aside"}
    return outcome(Status.FAILED, **refused, state="nothing was run, and nothing was changed") if refused else None


async def settle(session: AppSession, step: Step) -> Outcome | None:
    """After *step* has ended: None, or what is wrong with what it left; what was there before is back then. Raises LinkError."""
    if not keeps(step):
        return None
    told = await session.artefacts("settle", step.keeps, {"script": step.script})
    wrong = {path: f"{why}: what was there before is back" for path, why in told.items() if why}
    return outcome(Status.FAILED, **wrong) if wrong else None


async def settle_later(session: AppSession, step: Step) -> Outcome | None:
    """As :func:`settle` for a step whose link was lost; None also where the pool can't be asked: the next rebuild does it then."""
    try:
        return await settle(session, step)
    except LinkError:
        return None
