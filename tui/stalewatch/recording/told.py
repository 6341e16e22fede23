"""What a recording tells of a fleet and of a plan: nothing that may be a secret, and nothing that only this machine can use. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.redaction import redacted
from stalewatch.model.replace import replace
from stalewatch.model.smoke import Smoke
from stalewatch.model.ui import Ui
from stalewatch.recording.entries import Planned, PlannedServer, PlannedStep

if TYPE_CHECKING:
    from stalewatch.model.inventory import Fleet
    from stalewatch.runbook.plan import Plan, ServerPlan, Step


def fleet_told(fleet: Fleet) -> Fleet:
    """*fleet* without smoke requests (a path may hold a token) and without the name of the ssh configuration, nor how
    the recorder's own dashboard begins."""
    servers = (replace(server, apps=tuple(replace(app, smoke=Smoke()) for app in server.apps)) for server in fleet.servers)
    return replace(fleet, servers=tuple(servers), ssh_config="", ui=Ui(), ui_files={})


def plan_told(plan: Plan, *, at: float, who: str) -> Planned:
    """*plan* as *who* confirmed it *at* that time."""
    return Planned(at=at, who=who, choice=plan.request.choice.value, servers=tuple(_server(server) for server in plan.servers))


def _server(server: ServerPlan) -> PlannedServer:
    return PlannedServer(
        server=server.server,
        app=server.app,
        steps=tuple(_step(step) for step in server.steps),
        left_out=tuple((one.what, one.why) for one in server.left_out),
        warnings=server.warnings,
        blocked=server.blocked,
    )


def _step(step: Step) -> PlannedStep:
    return PlannedStep(id=step.id, phase=step.phase.value, command=redacted(step.command), reason=step.reason, acting=step.acting)
