"""``fix --format json``: one object a line, {server, app, step, status, evidence}; fields may be added, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.text import safe
from stalewatch.model.times import iso
from stalewatch.runbook.plan import Progress, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def _planned(server: ServerPlan) -> Iterator[Progress]:
    def progress(step: str, status: Status, **evidence: str) -> Progress:
        words = {name: safe(value) for name, value in evidence.items() if value}
        return Progress(server=server.server, app=server.app, step=step, status=status, evidence=words)

    if server.blocked:
        yield server.refusal("plan")
    for warning in server.warnings:
        yield progress("plan", Status.WAITING, warning=warning)
    for step in server.steps:
        yield progress(step.id, Status.WAITING, phase=step.phase, command=step.command, via=step.via, reason=step.reason)
    for left_out in server.left_out:
        yield progress(left_out.what, Status.SKIPPED, why=left_out.why)


def _encode(value: _Line) -> bytes:
    return msgspec.json.encode(value) + b"\n"
