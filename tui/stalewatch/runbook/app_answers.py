"""Whether the application answers, before a runbook and after each of its steps: an app that answered must keep answering."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from stalewatch.diagnosis import smoke
from stalewatch.model.errors import LinkError
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.diagnosis.smoke import SmokeAnswer
    from stalewatch.model.smoke import Smoke
    from stalewatch.runbook.app_session import AppSession


async def ask(session: AppSession, asked: Mapping[str, str] | None, wanted: Smoke) -> SmokeAnswer:
    """What the app says to *asked*, the parameters of its smoke request (None: no entry script is known). Never raises."""
    if asked is None:
        return smoke.not_asked("its entry script is not known")
    try:
        return smoke.judge(await session.request(asked), wanted)
    except LinkError as error:
        return smoke.no_answer(wanted, error.message)


class AppAnswers:
    """The smoke requests of one app during one runbook. Raises LinkLost, where the link is lost, and nothing else.

    *recover*: how many seconds it may take to answer again after a step; *poll*: between two requests then.
    """

    def __init__(self, session: AppSession, wanted: Smoke, *, recover: float, poll: float) -> None:
        self._session = session
        self._wanted = wanted
        self._recover = recover
        self._poll = poll
        self._first: SmokeAnswer | None = None
        self._parameters: dict[str, str] | None = None

    async def before(self) -> SmokeAnswer:
        """The answer that the ones after each step are held against."""
        self._first = await self._ask()
        return self._first

    async def still(self, outcome: Outcome) -> Outcome:
        """*outcome* of a step, or ``failed`` where the app answered before the runbook and does not now."""
        if not self.answered or outcome.status is not Status.DONE:
            return outcome
        if (now := await self.again()).answers:
            return outcome
        why = safe(f"the app answered before this and does not now: {now.words}")
        return Outcome(status=Status.FAILED, evidence={"why": why, **outcome.evidence})

    async def again(self) -> SmokeAnswer:
        """Its answer, or the last one that was none when it had its time to recover."""
        deadline = time.monotonic() + self._recover
        while (now := await self._ask()).answers is not True:
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(self._poll)
        return now

    @property
    def answered(self) -> bool:
        """Whether it answered before the runbook."""
        return self._first is not None and self._first.answers is True

    async def finally_(self, outcome: Outcome) -> Outcome:
        """*outcome* of the whole runbook with what the app answers: fresh code that answers 5xx is no success, whoever broke
        it. In maintenance mode it has to."""
        if self._first is None:
            return outcome
        now = await self._ask()
        host = self._session.report.host
        if now.answers is False and not (host is not None and host.layout.maintenance):
            why = safe(f"the layers are fresh, and {now.words}")
            return Outcome(status=Status.FAILED, evidence={"why": why, **outcome.evidence})
        return Outcome(status=outcome.status, evidence={**outcome.evidence, "app": now.words})

    async def _ask(self) -> SmokeAnswer:
        """The same request each time, as a look after a step may not tell of the entry script. It is held against the first answer."""
        if self._parameters is None:
            self._parameters = smoke.parameters(self._session.report, self._wanted)
        answer = await ask(self._session, self._parameters, self._wanted)
        if answer.answers is None:
            _ = self._session.link  # raises where there is none any more: nothing is known of the app then
        return answer if self._first is None else answer.after(self._first)
