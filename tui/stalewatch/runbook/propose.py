"""What to do to these servers: every plan is made here, whichever face asks for it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.layers import Layer
from stalewatch.model.replace import replace
from stalewatch.model.smoke import Smoke
from stalewatch.model.text import safe
from stalewatch.runbook import planner
from stalewatch.runbook.fleet_order import in_order
from stalewatch.runbook.plan import Plan, ServerPlan
from stalewatch.runbook.sudoers import rights
from stalewatch.runbook.worker_reach import sharing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stalewatch.model.inventory import AppKey, Fleet
    from stalewatch.model.report import Report
    from stalewatch.runbook.plan import Request
    from stalewatch.runbook.rights import Rights


def propose(
    reports: Sequence[Report], fleet: Fleet, request: Request, *, batch: int = 1, cleared: Mapping[AppKey, frozenset[Layer]] | None = None
) -> Plan:
    """The plan for *reports*, in their order, *batch* servers at a time.

    *cleared*: layers that a clear has emptied and no rebuild has filled again
    (:func:`stalewatch.runbook.cleared_layers.cleared_layers`). A server for which no plan can be made is blocked, and says why.
    """
    inputs = _inputs(reports, fleet, cleared or {})
    again = replace(request, everything=False, cache_clear=False)
    servers = tuple(
        _server_plan(report, again if report.key in request.verified else request, each)
        for report, each in zip(reports, inputs, strict=True)
    )
    return in_order(Plan(request=request, servers=servers, batch=max(batch, 1)))


def sudo_rights(reports: Sequence[Report], fleet: Fleet) -> tuple[Rights, ...]:
    """What the plans of these servers may need of sudo, in the order of *reports*."""
    return tuple(
        rights(report, None if report.host is None else planner.access_of(report, report.host, each))
        for report, each in zip(reports, _inputs(reports, fleet, {}), strict=True)
    )


def _inputs(reports: Sequence[Report], fleet: Fleet, emptied: Mapping[AppKey, frozenset[Layer]]) -> Iterator[planner.PlanInputs]:
    production = frozenset(server.name for server in fleet.servers if server.production)
    read_only = fleet.read_only_servers
    units, smokes = fleet.units, fleet.smokes
    for report in reports:
        yield planner.PlanInputs(
            production=report.server in production,
            read_only=report.server in read_only,
            unit=units.get(report.key, ""),
            cleared=emptied.get(report.key, frozenset()),
            smoke=smokes.get(report.key, Smoke()),
            sharing=sharing(report, reports),
        )


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
