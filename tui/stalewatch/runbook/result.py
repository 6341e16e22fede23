"""How a run ends: which servers need nothing run, how each of those is, and whether all is well. Decided here for every face. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis.fleet import mixed_of
from stalewatch.diagnosis.smoke import APP_ERROR
from stalewatch.model.report import Verdict
from stalewatch.model.step_names import RESULT
from stalewatch.model.text import safe
from stalewatch.model.times import iso
from stalewatch.runbook.needs import left_because
from stalewatch.runbook.plan import PROVEN, Plan, Progress, Status
from stalewatch.runbook.verify import remaining

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stalewatch.model.inventory import AppKey
    from stalewatch.model.report import Finding, Report


def blocked_ones(plan: Plan) -> dict[AppKey, Progress]:
    """The servers of *plan* on which nothing may be run, and why."""
    return {server.key: server.refusal(RESULT) for server in plan.servers if server.blocked}


def left_alone_ones(plan: Plan, reports: Iterable[Report]) -> dict[AppKey, Progress]:
    """The servers of *plan* with nothing to do, and how each of them is by the latest *reports*."""
    by_key = {report.key: report for report in reports}
    return {server.key: left_alone(by_key[server.key]) for server in plan.servers if not server.blocked and not server.steps}


def left_alone(report: Report) -> Progress:
    """A server with nothing to do: done where it is fine, failed where only a person can help, unknown where it can't be seen.

    While somebody else's runbook runs there, what looks fine is a moment between two of its steps.
    """
    holder = report.host.lock if report.host is not None else None
    broken = [finding for finding in report.findings if finding.code == APP_ERROR.code and not _maintained(report)]
    fresh = report.verdict is Verdict.FRESH or (report.verdict is Verdict.PENDING and not still_old(report))
    evidence = {"why": safe("nothing to do"), "verdict": safe(report.verdict)}
    if holder is not None:
        evidence["busy"] = safe(f"{holder.who} runs a runbook here since {iso(holder.since)}{holder.process}: look again when it has ended")
    for finding in report.findings:
        if finding.verdict.rank >= Verdict.PENDING.rank or finding in broken:
            evidence[finding.code] = safe(f"{finding.summary}{_by_hand(finding, report)}")
    status = Status.UNKNOWN if report.host is None else Status.DONE if fresh and not broken and holder is None else Status.FAILED
    return Progress(server=report.server, app=report.app, step=RESULT, status=status, evidence=evidence)


def _by_hand(finding: Finding, report: Report) -> str:
    """What a person must do about it, where that is known."""
    said = left_because(finding, report) if finding.verdict in (Verdict.SUSPECT, Verdict.STALE) else ""
    return f"; {said}" if "by hand: " in said else ""


def still_old(report: Report) -> float:
    """For how many seconds old code may be served yet by what is pending; 0: the next use heals it."""
    return remaining((finding for finding in report.findings if finding.verdict is Verdict.PENDING), report.observed_at or 0.0)


def compared_again(ended: Mapping[AppKey, Status], reports: Iterable[Report]) -> dict[AppKey, Progress]:
    """The verified servers that are not fresh once they are compared with the others, by *reports*, and why."""
    found: dict[AppKey, Progress] = {}
    for report in reports:
        mixed = mixed_of(report)
        if ended.get(report.key) is Status.DONE and mixed is not None and mixed.verdict is not Verdict.FRESH:
            evidence = {"why": safe("partly: what the runbook did is verified"), mixed.code: mixed.summary}
            found[report.key] = Progress(server=report.server, app=report.app, step=RESULT, status=Status.PARTLY, evidence=evidence)
    return found


def overall(statuses: Iterable[Status]) -> Status:
    """Of a whole run: done only if every server is; an unknown outcome weighs more than a failure, because it asks for a look."""
    found = set(statuses)
    if Status.UNKNOWN in found:
        return Status.UNKNOWN
    if found <= {Status.DONE}:
        return Status.DONE
    return Status.PARTLY if found <= set(PROVEN) else Status.FAILED


def _maintained(report: Report) -> bool:
    return report.host is not None and report.host.layout.maintenance
