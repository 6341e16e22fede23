"""A reload that would kill requests in flight waits until there are none, and is refused where that does not come."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from stalewatch.model import figures
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Outcome, Status
from stalewatch.runbook.preflight import in_flight, where_in_flight

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.model.text import SafeText
    from stalewatch.runbook.app_session import AppSession
    from stalewatch.runbook.plan import Step


async def until_idle(
    session: AppSession,
    step: Step,
    poll: float,
    tell: Callable[[dict[str, SafeText]], object],
    stopped: Callable[[], str] = lambda: "",
) -> Outcome | None:
    """Look every *poll* seconds until *step* would kill no request; the refusal where its time is over before that. *tell* is called with
    what is waited for. Where nobody can count them it goes on: that was said in the plan. ``waiting`` where somebody stops the run
    meanwhile (*stopped*: in words). Raises LinkError.

    It begins with a look: since the last one the pool has parsed every script that would go live, and requests came meanwhile."""
    deadline = time.monotonic() + (step.idle or 0.0)
    await session.look()
    while running := in_flight(session.report):
        if why := stopped():
            return Outcome(status=Status.WAITING, evidence={"why": safe(why)})
        where = where_in_flight(session.report)
        if time.monotonic() >= deadline:
            why = f"{figures.count(running, 'request')} in flight after {step.idle:g} s ({where}): a reload would kill what runs"
            grant = "set process_control_timeout = 10s in php-fpm.conf; or choose what to do with them: fix --in-flight invalidate, or kill"
            return Outcome(status=Status.FAILED, evidence={"why": safe(why), "grant": safe(grant)})
        tell({"waits for": safe(f"{figures.count(running, 'request')} in flight ({where})")})
        await asyncio.sleep(poll)
        await session.look()
    return None
