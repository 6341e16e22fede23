"""``fix --format json``: one object a line, {server, app, step, status, evidence}; fields may be added, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.report import Verdict
from stalewatch.model.text import safe
from stalewatch.model.times import iso
from stalewatch.runbook.plan import Progress, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.report import Report
    from stalewatch.runbook.plan import Plan, ServerPlan


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    server: str
    app: str
    step: str
    status: Status
    evidence: dict[str, str]
    at: str | None = None


def line(progress: Progress) -> bytes:
    """One progress as one line."""
    return _encode(
        _Line(
            server=safe(progress.server),
            app=progress.app,
            step=safe(progress.step),
            status=progress.status,
            evidence=dict(progress.evidence),
            at=iso(progress.at),
        )
    )


def plan(plan: Plan) -> bytes:
    """What would be done, for ``--dry-run``: a step is ``waiting``, what is left out ``skipped``, what blocks a server ``failed``."""
    return b"".join(line(progress) for server in plan.servers for progress in _planned(server))


def left(report: Report) -> Progress:
    """A server for which there is nothing to do: done where it is fine, failed where only a person can help.

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


def blocked(server: ServerPlan) -> Progress:
    """A server on which nothing is run, and why."""
    return Progress(
        server=server.server, app=server.app, step="plan", status=Status.FAILED, evidence={"blocked": safe("; ".join(server.blocked))}
    )


def _planned(server: ServerPlan) -> Iterator[Progress]:
    def progress(step: str, status: Status, **evidence: str) -> Progress:
        told = {name: safe(value) for name, value in evidence.items() if value}
        return Progress(server=server.server, app=server.app, step=step, status=status, evidence=told)

    if server.blocked:
        yield blocked(server)
    for warning in server.warnings:
        yield progress("plan", Status.WAITING, warning=warning)
    for step in server.steps:
        yield progress(step.id, Status.WAITING, phase=step.phase, command=step.command, via=step.via, reason=step.reason)
    for left_out in server.left_out:
        yield progress(left_out.what, Status.SKIPPED, why=left_out.why)


def _encode(value: _Line) -> bytes:
    return msgspec.json.encode(value) + b"\n"
