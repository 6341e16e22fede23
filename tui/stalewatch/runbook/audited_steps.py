"""Entries of the audit log -> the steps that were taken. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.redaction import redacted
from stalewatch.model.text import safe
from stalewatch.runbook.steps import CHECKS
from stalewatch.timeline.incident import StepTaken

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from stalewatch.model.inventory import AppKey
    from stalewatch.runbook.audit_log import AuditEntry


def steps_taken(entries: Iterable[AuditEntry], apps: Collection[AppKey]) -> tuple[StepTaken, ...]:
    """Those on *apps*, in the order in which they began. One whose end was not written has no status."""
    sent: dict[tuple[str, str, str, str], AuditEntry] = {}
    taken: list[StepTaken] = []
    for entry in entries:
        if (entry.server, entry.app) not in apps:
            continue
        key = (entry.who, entry.server, entry.app, entry.step)
        if entry.event == "send":
            sent[key] = entry
        else:
            taken.append(_step(sent.pop(key, entry), entry))
    taken += [_step(entry, None) for entry in sent.values()]
    return tuple(sorted(taken, key=lambda step: step.at))


def _step(begun: AuditEntry, end: AuditEntry | None) -> StepTaken:
    return StepTaken(
        at=begun.at,
        server=safe(begun.server),
        app=safe(begun.app),
        who=safe(begun.who),
        step=safe(begun.step),
        checks=begun.step in CHECKS,
        command=redacted(begun.command),
        status=safe(end.status) if end is not None else "",
        ended=end.at if end is not None else None,
        proof={safe(name): redacted(value) for name, value in end.evidence.items()} if end is not None else {},
    )
