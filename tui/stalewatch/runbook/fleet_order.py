"""Which server of a plan is first, and whether any may be run while one can't be reached. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import figures
from stalewatch.model.fixing import WhenUnreachable
from stalewatch.model.replace import replace
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice
from stalewatch.runbook.steps.look import look_again

if TYPE_CHECKING:
    from stalewatch.runbook.plan import Plan, ServerPlan


def in_order(plan: Plan) -> Plan:
    """*plan* with its canary before the others, or with nothing that may be run."""
    if plan.request.choice is Choice.VERIFY:
        return plan
    if plan.request.unreachable is WhenUnreachable.STOP and (away := [server.server for server in plan.servers if server.unseen]):
        why = safe(f"{figures.several(list(dict.fromkeys(away)))} can't be reached, and nothing is run without (--unreachable stop)")
        return replace(plan, servers=tuple(_stopped(server, why) for server in plan.servers))
    return _with_canary(plan)


def _stopped(server: ServerPlan, why: str) -> ServerPlan:
    return server if server.blocked else replace(server, blocked=(safe(why),))


def _with_canary(plan: Plan) -> Plan:
    """The server that was named, where anything is changed there, else the first that is changed. A run that goes on has had one."""
    doing = [server for server in plan.servers if server.runnable and server.acting]
    if len({server.server for server in doing}) < 2 or plan.request.verified:
        return plan
    named = next((server.server for server in doing if server.server == plan.request.canary), "")
    canary = named or doing[0].server
    servers = [_twice(server) if server.server == canary and server.runnable and server.acting else server for server in plan.servers]
    if named:
        servers.sort(key=lambda server: server.server != named)
    return replace(plan, servers=tuple(servers), canary=canary)


def _twice(server: ServerPlan) -> ServerPlan:
    return replace(server, steps=(*server.steps, look_again()))
