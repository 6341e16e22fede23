"""Executes a confirmed plan: does the effects of :mod:`stalewatch.runbook.execute`, and nothing that the plan does not show."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import socket
from typing import TYPE_CHECKING

from stalewatch.model.text import safe
from stalewatch.runbook.app_session import AppSession
from stalewatch.runbook.audit_log import AuditLog
from stalewatch.runbook.execute import Begin, Do, End, Recheck, Resolve, execute
from stalewatch.runbook.plan import Outcome, Progress, Status
from stalewatch.runbook.server_executor import ServerExecutor, Timings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stalewatch.runbook.execute import Effect, Key
    from stalewatch.runbook.plan import Plan, ServerPlan


async def run(
    plan: Plan,
    sessions: Mapping[Key, AppSession],
    on_progress: Callable[[Progress], None],
    *,
    who: str = "",
    audit: AuditLog | None = None,
    timings: Timings | None = None,
) -> dict[Key, Status]:
    """Execute *plan*; the status of every server in it. Never raises LinkError: a lost link is ``unknown``.

    *who* is what others read (default: user@host of this machine). Cancelling lets the running step over there end by itself, and unlocks.
    """
    name, log, times = who or whoami(), audit or AuditLog(), timings or Timings()
    acting = {
        server.key: ServerExecutor(server, sessions[server.key], on_progress, who=name, audit=log, timings=times, request=plan.request)
        for server in plan.servers
        if server.key in sessions
    }
    running = execute(plan)
    try:
        effects = next(running)
        while True:
            outcomes = await asyncio.gather(*(_do(effect, acting.get(effect.server.key), on_progress) for effect in effects))
            effects = running.send(tuple(outcomes))
    except StopIteration as stop:
        ended: dict[Key, Status] = stop.value
        return ended
    finally:
        await asyncio.gather(*(one.release() for one in acting.values()))


async def _do(effect: Effect, acting: ServerExecutor | None, on_progress: Callable[[Progress], None]) -> Outcome:
    if acting is None:
        return _nobody(effect, on_progress)
    match effect:
        case Begin():
            return await acting.begin()
        case Recheck(step=step):
            return await acting.recheck(step)
        case Do(step=step):
            return await acting.do(step)
        case Resolve(step=step):
            return await acting.resolve(step)
        case End(status=status, why=why):
            return await acting.end(status, why)
        case _:
            return acting.skip(effect.step, effect.why)


def _nobody(effect: Effect, on_progress: Callable[[Progress], None]) -> Outcome:
    """No link to this server: nothing is known and nothing is done."""
    server: ServerPlan = effect.server
    if isinstance(effect, End):
        evidence = {"why": safe(effect.why or "there is no connection")}
        on_progress(Progress(server=server.server, app=server.app, step="result", status=effect.status, evidence=evidence))
    return Outcome(status=Status.UNKNOWN, evidence={"why": safe("there is no connection")})


def whoami() -> str:
    """``user@host`` of this machine, as others will read it."""
    user = str(os.getuid())
    with contextlib.suppress(KeyError, OSError):
        user = getpass.getuser()
    return safe(f"{user}@{socket.gethostname()}", 200)


__all__ = ["AppSession", "Timings", "run", "whoami"]
