"""How a run ends: which servers need nothing run, how each of those is, and whether all is well. Decided here for every face. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.report import Verdict
from stalewatch.model.text import safe
from stalewatch.model.times import iso
from stalewatch.runbook.plan import Plan, Progress, ServerPlan, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stalewatch.model.inventory import AppKey
    from stalewatch.model.report import Report


def nothing_to_run(plan: Plan, reports: Sequence[Report]) -> dict[AppKey, Progress]:
    """The servers of *plan* on which nothing is run, and how each of them is: failed if blocked, else as :func:`left_alone` says."""
    by_key = {report.key: report for report in reports}
    found: dict[AppKey, Progress] = {}
    for server in plan.servers:
        if server.blocked:
            found[server.key] = blocked(server)
        elif not server.steps:
            found[server.key] = left_alone(by_key[server.key])
    return found


def blocked(server: ServerPlan) -> Progress:
    """A server on which nothing is run, and why."""
    evidence = {"blocked": safe("; ".join(server.blocked))}
    return Progress(server=server.server, app=server.app, step="plan", status=Status.FAILED, evidence=evidence)


def left_alone(report: Report) -> Progress:
    """A server with nothing to do: done where it is fine, failed where only a person can help.

    While somebody else's runbook runs there, what looks fine is a moment between two of its steps.
    """
    holder = report.host.lock if report.host is not None else None
    fine = report.verdict in (Verdict.FRESH, Verdict.PENDING) and holder is None
    evidence = {"verdict": safe(report.verdict)}
    if holder is not None:
        evidence["busy"] = safe(f"{holder.who} runs a runbook here since {iso(holder.since)}: look again when it has ended")
    for finding in report.findings:
        if finding.verdict.rank >= Verdict.PENDING.rank:
            evidence[finding.code] = finding.summary
    return Progress(server=report.server, app=report.app, step="look", status=Status.DONE if fine else Status.FAILED, evidence=evidence)


def overall(statuses: Iterable[Status]) -> Status:
    """Of a whole run: done only if every server is; an unknown outcome weighs more than a failure, because it asks for a look."""
    found = set(statuses)
    if Status.UNKNOWN in found:
        return Status.UNKNOWN
    return Status.DONE if found <= {Status.DONE} else Status.FAILED
