"""The other applications that a reload reaches: those that answered before it must answer after it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stalewatch.model import figures
from stalewatch.model.app_names import app_name
from stalewatch.model.text import safe
from stalewatch.runbook.app_answers import AppAnswers
from stalewatch.runbook.plan import Outcome, Status

if TYPE_CHECKING:
    from stalewatch.runbook.app_session import AppSession


class Neighbours:
    """Of *session*'s application, as far as they are looked at too. Raises LinkLost, where the link is lost, and nothing else.

    *recover*, *poll*: as those of :class:`stalewatch.runbook.app_answers.AppAnswers`.
    """

    def __init__(self, session: AppSession, *, recover: float, poll: float) -> None:
        self._session = session
        self._recover = recover
        self._poll = poll
        self._answers: dict[str, AppAnswers] = {}

    async def before(self) -> None:
        """Ask each of them, just before the step."""
        self._answers = {
            app_name(str(other.report.app)): AppAnswers(other, other.smoke, recover=self._recover, poll=self._poll)
            for other in self._session.beside()
        }
        await asyncio.gather(*(answers.before() for answers in self._answers.values()))

    async def still(self, outcome: Outcome) -> Outcome:
        """*outcome* of the step, or ``failed`` where one that answered before it does not now."""
        if outcome.status is not Status.DONE:
            return outcome
        asked = {name: answers for name, answers in self._answers.items() if answers.answered}
        now = await asyncio.gather(*(answers.again() for answers in asked.values()))
        broken = [f"{name} ({answer.words})" for name, answer in zip(asked, now, strict=True) if not answer.answers]
        if not broken:
            return outcome
        why = f"answered before this and {figures.agree(len(broken), 'does', 'do')} not now: {figures.several(broken, most=3)}"
        return Outcome(status=Status.FAILED, evidence={"why": safe(why), **outcome.evidence})
