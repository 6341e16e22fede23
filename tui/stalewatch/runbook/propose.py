"""What to do to these servers: every plan is made here, whichever face asks for it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.layers import Layer
from stalewatch.model.smoke import Smoke
from stalewatch.model.text import safe
from stalewatch.runbook import planner
from stalewatch.runbook.plan import Plan, ServerPlan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalewatch.model.inventory import AppKey, Fleet
    from stalewatch.model.report import Report
    from stalewatch.runbook.plan import Request


def propose(
    reports: Sequence[Report], fleet: Fleet, request: Request, *, batch: int = 1, cleared: Mapping[AppKey, frozenset[Layer]] | None = None
) -> Plan:
    """The plan for *reports*, in their order, *batch* servers at a time.

    *cleared*: layers that a clear has emptied and no rebuild has filled again
    (:func:`stalewatch.runbook.cleared_layers.cleared_layers`). A server for which no plan can be made is blocked, and says why.
    """
    production = frozenset(server.name for server in fleet.servers if server.production)
    units, smokes, emptied = fleet.units, fleet.smokes, cleared or {}
    servers = tuple(
        _server_plan(
            report,
            request,
            planner.PlanInputs(
                production=report.server in production,
                unit=units.get(report.key, ""),
                cleared=emptied.get(report.key, frozenset()),
                smoke=smokes.get(report.key, Smoke()),
            ),
        )
        for report in reports
    )
    return Plan(request=request, servers=servers, batch=max(batch, 1))


def _server_plan(report: Report, request: Request, inputs: planner.PlanInputs) -> ServerPlan:
    try:
        return planner.server_plan(report, request, inputs)
    except Exception as error:  # noqa: BLE001  the border of one server: the others get their plan
        why = safe(f"stalewatch could not plan this server ({type(error).__name__}: {error}): this is a bug in stalewatch")
        return ServerPlan(
            server=report.server,
            app=report.app,
            address=report.address,
            production=inputs.production,
            blocked=(why,),
            short_name=report.short_name,
        )
