"""Executes a confirmed plan: does the effects of :mod:`stalewatch.runbook.execute`, and nothing that the plan does not show."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from stalewatch.model.step_names import RESULT
from stalewatch.model.text import safe
from stalewatch.probe.who import who as ourselves
from stalewatch.runbook.app_session import AppSession
from stalewatch.runbook.audit_log import AuditLog
from stalewatch.runbook.execute import Begin, Do, End, Recheck, Resolve, Skip, execute
from stalewatch.runbook.plan import Outcome, Phase, Progress, Status
from stalewatch.runbook.server_executor import ServerExecutor, Timings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stalewatch.model.inventory import AppKey
    from stalewatch.runbook.execute import Effect
    from stalewatch.runbook.plan import Plan, ServerPlan

log = logging.getLogger(__name__)


async def run(
    plan: Plan,
    sessions: Mapping[AppKey, AppSession],
    on_progress: Callable[[Progress], None],
    *,
    who: str = "",
    audit: AuditLog | None = None,
    timings: Timings | None = None,
    stopped: Callable[[], str] = lambda: "",
) -> dict[AppKey, Status]:
    """Execute *plan*; the status of every server in it. Never raises an Exception: a lost link or a bug is that server's ``unknown``.

    *stopped*: why no further step may be begun, in words ("": go on); what runs is finished, proven and unlocked first, and
    what waits for requests to end is not begun.

    *sessions*: by (server, app). *who* is what others read (default: user@host of this machine). Cancelling lets the running step end
    by itself on the server, writes that into the audit log, and unlocks.
    """
    name, written, times, tell = who or ourselves(), audit or AuditLog(), timings or Timings(), _guarded(on_progress)
    executors = {
        server.key: ServerExecutor(
            server, sessions[server.key], tell, who=name, audit=written, timings=times, request=plan.request, stopped=stopped
        )
        for server in plan.servers
        if server.key in sessions
    }
    running = execute(plan)
    try:
        effects = next(running)
        while True:
            outcomes = await asyncio.gather(*(_do(effect, executors.get(effect.server.key), tell, stopped()) for effect in effects))
            effects = running.send(tuple(outcomes))
    except StopIteration as stop:
        ended: dict[AppKey, Status] = stop.value
        return {key: executors[key].ended_as(status) if key in executors else status for key, status in ended.items()}
    finally:
        await asyncio.gather(*(executor.release() for executor in executors.values()))


async def _do(effect: Effect, executor: ServerExecutor | None, tell: Callable[[Progress], None], stopped: str) -> Outcome:
    if executor is None:
        return _nobody(effect, tell)
    if stopped and (isinstance(effect, Begin | Recheck) or (isinstance(effect, Do) and effect.step.phase is not Phase.VERIFY)):
        return Outcome(status=Status.WAITING, evidence={"why": safe(stopped)})
    try:
        return await _apply(effect, executor)
    except Exception as error:  # the border of one server: whatever goes wrong in it, the others get their result
        log.exception("%s of %s", type(effect).__name__, effect.server.server)
        return executor.crashed(effect.step if isinstance(effect, Recheck | Do | Resolve | Skip) else None, error)


async def _apply(effect: Effect, executor: ServerExecutor) -> Outcome:
    match effect:
        case Begin():
            return await executor.begin()
        case Recheck(step=step):
            return await executor.recheck(step)
        case Do(step=step):
            return await executor.do(step)
        case Resolve(step=step):
            return await executor.resolve(step)
        case End(status=status, why=why):
            return await executor.end(status, why)
        case Skip(step=step, why=why):
            return executor.skip(step, why)


def _guarded(on_progress: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """*on_progress*, whose own trouble does not break off a runbook."""

    def tell(progress: Progress) -> None:
        try:
            on_progress(progress)
        except Exception:
            log.exception("progress of %s could not be shown", progress.server)

    return tell


def _nobody(effect: Effect, tell: Callable[[Progress], None]) -> Outcome:
    """No link to this server: nothing is known and nothing is done."""
    server: ServerPlan = effect.server
    if isinstance(effect, End):
        evidence = {"why": safe(effect.why or "there is no connection")}
        tell(Progress(server=server.server, app=server.app, step=RESULT, status=effect.status, evidence=evidence))
    unreached = isinstance(effect, Begin)
    return Outcome(status=Status.UNKNOWN, evidence={"why": safe("there is no connection")}, unreached=unreached)


__all__ = ["AppSession", "Timings", "run"]
