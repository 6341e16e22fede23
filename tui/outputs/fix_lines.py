"""``fix --format json``: one object a line, {server, app, step, status, evidence}; fields may be added, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tui.outputs.times import iso
from tui.runbook.plan import Progress, Status
from tui.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.report import Report
    from tui.runbook.plan import Plan, ServerPlan


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
            server=progress.server,
            app=progress.app,
            step=progress.step,
            status=progress.status,
            evidence=dict(progress.evidence),
            at=iso(progress.at),
        )
    )


def plan(plan: Plan) -> bytes:
    """What would be done, for ``--dry-run``: a step is ``waiting``, what is left out ``skipped``, what blocks a server ``failed``."""
    return b"".join(line(progress) for server in plan.servers for progress in _planned(server))


def unseen(report: Report) -> Progress:
    """A server that could not be looked at: nothing is planned for it, and nothing is proven."""
    reasons = {safe(error.code): error.message for error in report.errors}
    return Progress(server=report.server, app=report.app, step="look", status=Status.FAILED, evidence=reasons)


def left(report: Report) -> Progress:
    """A server for which there is nothing to do: done where it is fine, failed where only a person can help."""
    from tui.report import Verdict

    fine = report.verdict in (Verdict.FRESH, Verdict.PENDING)
    evidence = {"verdict": safe(report.verdict)} | {finding.code: finding.summary for finding in report.findings if finding.verdict.rank > 1}
    return Progress(server=report.server, app=report.app, step="look", status=Status.DONE if fine else Status.FAILED, evidence=evidence)


def _planned(server: ServerPlan) -> Iterator[Progress]:
    def progress(step: str, status: Status, **evidence: str) -> Progress:
        told = {name: safe(value) for name, value in evidence.items() if value}
        return Progress(server=server.server, app=server.app, step=step, status=status, evidence=told)

    for why in server.blocked:
        yield progress("plan", Status.FAILED, blocked=why)
    for warning in server.warnings:
        yield progress("plan", Status.WAITING, warning=warning)
    for step in server.steps:
        yield progress(step.id, Status.WAITING, phase=step.phase, command=step.command, via=step.via, reason=step.reason)
    for left_out in server.left_out:
        yield progress(left_out.what, Status.SKIPPED, why=left_out.why)


def _encode(value: _Line) -> bytes:
    return msgspec.json.encode(value) + b"\n"
