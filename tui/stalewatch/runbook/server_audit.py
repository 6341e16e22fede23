"""What is done to one server, in the audit log of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from stalewatch.model.step_names import RESULT
from stalewatch.model.text import safe
from stalewatch.runbook.audit_log import AuditEntry, AuditFailed
from stalewatch.runbook.plan import Outcome, Status

if TYPE_CHECKING:
    from stalewatch.runbook.audit_log import AuditLog
    from stalewatch.runbook.plan import ServerPlan, Step


class ServerAudit:
    """*began*: whether anything is written of this server."""

    def __init__(self, server: ServerPlan, who: str, log: AuditLog) -> None:
        self._server = server
        self._who = who
        self._log = log
        self.began = False

    async def sent(self, step: Step) -> None:
        """Before *step*. Raises AuditFailed: what can't be written down is not done."""
        entry = self._entry("send", step.id, command=step.command, reason=step.reason)
        await asyncio.to_thread(self._log.record, entry)
        self.began = True

    async def ended(self, step: Step, outcome: Outcome) -> Outcome:
        """*outcome* of *step*, with why it could not be written down."""
        entry = self._entry("outcome", step.id, status=outcome.status.value, evidence=dict(outcome.evidence))
        why = await self._recorded(entry)
        return Outcome(status=outcome.status, evidence={**outcome.evidence, "audit": safe(why)}) if why else outcome

    async def over(self, outcome: Outcome) -> None:
        """How the server's plan ended, where anything was done."""
        if self.began:
            await self._recorded(self._entry(RESULT, RESULT, status=outcome.status.value, evidence=dict(outcome.evidence)))

    def left(self, step: Step) -> None:
        """The program ends while *step* runs: at once, because nobody waits for it any more."""
        why = {"why": "the program ended while it ran; it runs to its end on the server"}
        with contextlib.suppress(AuditFailed):
            self._log.record(self._entry("outcome", step.id, status=Status.UNKNOWN.value, evidence=why))

    async def _recorded(self, entry: AuditEntry) -> str:
        """Why *entry* could not be written ("": it is)."""
        try:
            await asyncio.to_thread(self._log.record, entry)
        except AuditFailed as error:
            return error.message
        return ""

    def _entry(
        self, event: str, step: str, *, command: str = "", reason: str = "", status: str = "", evidence: dict[str, str] | None = None
    ) -> AuditEntry:
        return AuditEntry(
            at=time.time(),
            who=self._who,
            server=self._server.server,
            address=self._server.address,
            app=self._server.app,
            event=event,
            step=step,
            command=command,
            reason=reason,
            status=status,
            evidence=evidence or {},
        )
