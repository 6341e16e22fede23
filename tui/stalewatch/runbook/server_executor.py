"""One server's side of a running plan: its lock, its steps, the proof of each, and the progress that is reported."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.errors import LinkError, LinkTimeout, NotPermitted, StalewatchError
from stalewatch.model.replace import replace
from stalewatch.model.step_names import LOCK, RESULT
from stalewatch.model.text import SafeText, safe
from stalewatch.runbook import kept_aside, verify
from stalewatch.runbook.app_answers import AppAnswers
from stalewatch.runbook.as_the_pool import compared
from stalewatch.runbook.hottest import compile_hottest
from stalewatch.runbook.idle import until_idle
from stalewatch.runbook.in_short import IN_SHORT, Fixed, in_short
from stalewatch.runbook.kept_aside import KeptAside
from stalewatch.runbook.neighbours import Neighbours
from stalewatch.runbook.plan import PROVEN, Choice, Outcome, Phase, Progress, Status, Step
from stalewatch.runbook.preflight import in_flight
from stalewatch.runbook.remote_lock import Busy, RemoteLock, acquire
from stalewatch.runbook.server_audit import ServerAudit
from stalewatch.runbook.step_spec import last_lines
from stalewatch.runbook.steps.look import AGAIN
from stalewatch.runbook.steps.workers import told_to_end
from stalewatch.runbook.undo import taken_back, undo

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.model.report import Report
    from stalewatch.runbook.app_session import AppSession
    from stalewatch.runbook.audit_log import AuditLog
    from stalewatch.runbook.plan import Request, ServerPlan


log = logging.getLogger(__name__)


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. *poll*: between looks at what takes effect later; *confirm_delay*: between the two looks that prove a fix; *resolve*: how
    long to look again after a lost link; *recent*: how old the look may be that a step rests on; *recover*: how long an app may take to
    answer again after a step; *canary*: between the two verifications of the first server."""

    poll: float = 0.4
    confirm_delay: float = 1.0
    resolve: float = 45.0
    recent: float = 0.5
    recover: float = 3.0
    canary: float = 2.0


class ServerExecutor:
    """Does the effects of one server, in order. Its methods never raise LinkError: what was lost is an Outcome."""

    def __init__(
        self,
        server: ServerPlan,
        session: AppSession,
        on_progress: Callable[[Progress], None],
        *,
        who: str,
        audit: AuditLog,
        timings: Timings,
        request: Request,
        stopped: Callable[[], str] = lambda: "",
    ) -> None:
        self._server = server
        self._session = session
        self._tell = on_progress
        self._who = who
        self._audit = ServerAudit(server, who, audit)
        self._timings = timings
        self._request = request
        self._stopped = stopped
        self._lock: RemoteLock | None = None
        self._before: Report | None = None
        self._looked_at = 0.0
        self._said = ""
        self._begun = False
        self._began: tuple[float, Report] | None = None
        self._done_at = 0.0
        self._lost: int | None = 0
        self._invalidated: dict[str, bool] = {}
        self._crash = ""
        self._answers = AppAnswers(session, server.smoke, recover=timings.recover, poll=timings.poll)
        self._neighbours = Neighbours(session, recover=timings.recover, poll=timings.poll)
        self._kept = KeptAside(session)

    async def begin(self) -> Outcome:
        """Take the locks, and ask whether the app answers before anything is done to it."""
        app, fpm = self._server.lock
        self._progress(LOCK, Status.RUNNING, {})
        try:
            steps = [(step.id, step.label) for step in self._server.steps]
            self._lock = await acquire(self._session.link, self._who, app or self._server.app, fpm, self._request.choice.value, steps=steps)
            left = {} if self._lock.warnings else await kept_aside.tidy(self._session)
            answer = await self._answers.before()
        except Busy as busy:
            outcome = _outcome(Status.FAILED, why=busy.message, grant=busy.grant)
        except NotPermitted as error:  # the server refuses the session of the lock's holder; the link itself works
            outcome = _outcome(Status.FAILED, why=f"the lock was not taken; nothing was started: {error.message}", grant=error.grant)
        except LinkError as error:  # no step can have begun: they are sent only once the lock is held
            why = "nothing was started" if self._lock is not None else "the lock was not taken; nothing was started"
            outcome = replace(_outcome(Status.UNKNOWN, why=f"{why}: {error.message}"), unreached=True)
        except StalewatchError as error:
            outcome = _outcome(Status.FAILED, why=error.message)
        else:
            self._began = (time.monotonic(), self._session.report)
            warnings = {f"warning {number}": text for number, text in enumerate(self._lock.warnings, 1)}
            outcome = Outcome(status=Status.DONE, evidence={**warnings, **left, "app": answer.words})
        self._progress(LOCK, outcome.status, outcome.evidence)
        return outcome

    async def recheck(self, step: Step) -> Outcome:
        """Read again what justified *step*."""
        try:
            outcome = verify.still_needed(step, await self._look())
        except LinkError as error:
            outcome = _outcome(Status.UNKNOWN, why=error.message)
        if outcome.status is not Status.DONE:
            self._progress(step.id, Status.SKIPPED, outcome.evidence)
        return outcome

    async def do(self, step: Step) -> Outcome:
        """Run *step* and prove it."""
        self._progress(step.id, Status.RUNNING, {})
        self._begun = step.via == "look"
        if step.id == AGAIN:
            await asyncio.sleep(self._timings.canary)
        try:
            outcome = await self._prove_fresh(step) if step.via == "look" else await self._act(step)
        except asyncio.CancelledError:
            if self._begun and step.via != "look":
                self._audit.left(step)
            raise
        except LinkTimeout as error:
            outcome = _outcome(Status.UNKNOWN, why=error.message)
        except LinkError as error:
            lost = Status.UNKNOWN if self._begun else Status.SKIPPED
            outcome = _outcome(lost, why=f"the link was lost{'' if self._begun else ' before it was started'}: {error.message}")
        except StalewatchError as error:
            outcome = _outcome(Status.FAILED, why=error.message, grant=error.grant)
        except Exception as error:
            log.exception("%s on %s", step.id, self._server.server)
            outcome = self.crashed(step, error)
        if step.via != "look":
            outcome = await self._audit.ended(step, outcome)
        return self._progress(step.id, outcome.status, outcome.evidence)

    async def resolve(self, step: Step) -> Outcome:
        """Look again until it is known whether *step* was done; never do it again.

        The lock says when it has ended: what still runs on the server keeps it. Ended, and not done, is ``failed``.
        """
        deadline = time.monotonic() + self._timings.resolve
        over, broken, settled = False, None, not kept_aside.keeps(step)
        while True:
            outcome = await self._look_back(step)
            if outcome.status in PROVEN and settled:
                break
            if time.monotonic() > deadline or (over and outcome.status is Status.FAILED):
                break
            if not over and outcome.status is not Status.UNKNOWN and (held := await self._lock_again()) is not None:
                broken = await self._kept.settle_later(step) or await self._answered_later(step)
                await self._kept.drop()
                over, settled = not held.warnings, True
                await held.release()
                if over:
                    deadline = time.monotonic() + step.timeout
                    continue
            await asyncio.sleep(self._timings.poll)
        if outcome.status is Status.DONE and broken is not None:
            outcome, over = broken, True
        if outcome.status in PROVEN:
            status, words = outcome.status, "not known while it ran; looked again: done"
        elif over:
            status, words = Status.FAILED, "not known while it ran; it has ended since; looked again: not done"
        else:
            status, words = Status.UNKNOWN, "not known while it ran; looked again: still not known whether it was done"
        outcome = Outcome(status=status, evidence={"link": safe(words), **outcome.evidence})
        if step.via != "look":
            outcome = await self._audit.ended(step, outcome)
        return self._progress(step.id, status, outcome.evidence)

    async def _answered_later(self, step: Step) -> Outcome | None:
        """None where the pool would make the same and the app still answers, or can't be asked; else which is not so, and what was put
        back."""
        try:
            made = await compared(self._session, self._server, step, Outcome(status=Status.DONE))
            if made.status is Status.FAILED:
                return await taken_back(step, made, self._kept)
            outcome = await self._answers.still(Outcome(status=Status.DONE))
            if outcome.status is Status.FAILED:
                return await undo(step, outcome, self._kept, self._answers)
            beside = await self._neighbours.still(outcome)
            return beside if beside.status is Status.FAILED else None
        except LinkError:
            return None

    async def _look_back(self, step: Step) -> Outcome:
        try:
            report = await self._session.look()
            if step.via == "look":
                return await self._prove_fresh(step)
            if self._before is None:
                return _outcome(Status.UNKNOWN, why="what was there before it is not known")
            return verify.prove(step, self._server, self._before, report, said=self._said, invalidated=self._invalidated)
        except LinkError:
            return _outcome(Status.UNKNOWN, why="the link is not back")

    async def _lock_again(self) -> RemoteLock | None:
        """The lock, once nothing that runs on the server keeps it."""
        app, fpm = self._server.lock
        try:
            return await acquire(self._session.link, self._who, app, fpm, f"looking back at {self._request.choice.value}")
        except StalewatchError:
            return None

    def skip(self, step: Step, why: str) -> Outcome:
        """*step* is not started."""
        return self._progress(step.id, Status.SKIPPED, {"why": safe(why)})

    async def end(self, status: Status, why: str) -> Outcome:
        """Unlock, and say how it ended."""
        await self.release()
        why, status = self._crash or why, self.ended_as(status)
        evidence = {"why": safe(why)} if why else {}
        if status is Status.DONE and self._began is not None and self._done_at:
            began, before = self._began
            seconds = time.monotonic() - began
            fixed = Fixed(before=before, after=self._session.report, done_at=self._done_at, seconds=seconds, lost=self._lost)
            evidence[IN_SHORT] = in_short(fixed)
        await self._audit.over(Outcome(status=status, evidence=evidence))
        return self._progress(RESULT, status, evidence)

    def crashed(self, step: Step | None, error: Exception) -> Outcome:
        """An exception that nobody foresaw broke off *step* (None: taking the lock, or the end): its outcome is unknown."""
        self._crash = f"stalewatch met a bug of its own{f' at {step.id}' if step else ''} ({type(error).__name__}: {error}): look again"
        return _outcome(Status.UNKNOWN, why=self._crash)

    def ended_as(self, status: Status) -> Status:
        """How this server's plan ended: what crashed is unknown, unless a later look has proven that all is well."""
        return Status.UNKNOWN if self._crash and status not in PROVEN else status

    async def release(self) -> None:
        """Unlock. Never raises, may be called twice."""
        held, self._lock = self._lock, None
        if held is not None:
            await self._drop(held)
            await held.release()

    async def _drop(self, held: RemoteLock) -> None:
        """Remove what is kept aside, if *held* still is."""
        if self._kept.anything:
            with contextlib.suppress(LinkError):
                await held.still_held()
                await self._kept.drop()

    # ------------------------------------------------------------------------------------------------------------ acting

    async def _act(self, step: Step) -> Outcome:
        if self._lock is None:
            return _outcome(Status.FAILED, why="the lock is not held")
        if step.phase is Phase.PREFLIGHT:
            await self._audit.sent(step)
            if step.scripts is not None:
                return verify.judge(step, self._server, self._session.report, "", 0, await self._session.parse(step.scripts))
            ended = await self._lock.step(step.id, step.command, step.timeout, acting=False)
            unwritable = await kept_aside.unwritable(self._session, step)
            return verify.judge(step, self._server, self._session.report, ended.output, ended.code, unwritable=unwritable)
        self._before = await self._look()
        self._invalidated, self._said = {}, ""
        if step.scripts is not None:
            may = verify.may_run(step, self._server, self._before, await self._session.parse(step.scripts))
            if may.status is not Status.DONE:
                return may
        if step.idle is not None:
            tell = partial(self._progress, step.id, Status.RUNNING)
            if (refused := await until_idle(self._session, step, self._timings.poll, tell, self._stopped)) is not None:
                return refused
            self._before = self._session.report
        if step.kind == "reload":
            await self._neighbours.before()
        await self._audit.sent(step)
        await self._lock.still_held()
        if (refused := await self._kept.keep(step)) is not None:
            return refused
        then = await self._kept.alone(step)
        if step.via == "fastcgi":
            await self._lock.note(f"{step.id} on {self._server.app}: {len(step.paths)} scripts")
        if workers := told_to_end(step, self._before):
            await self._session.await_workers(workers)
        self._begun = True
        if step.interrupts:
            killed = in_flight(self._before)
            self._lost = None if killed is None or self._lost is None else self._lost + killed
        if step.via == "fastcgi":
            self._invalidated = await self._session.invalidate(step.paths)
        else:
            ended = await self._lock.step(step.id, step.command, step.timeout, then=then)
            self._said = ended.output
            if (broken := await self._kept.settle(step, ended.then)) is not None:
                return Outcome(status=broken.status, evidence={**broken.evidence, "said": last_lines(self._said)})
            if ended.code != 0 and (_never_ran(ended.output, ended.code) or _was_not_reached(step, ended.output)):
                return _outcome(Status.FAILED, why=last_lines(ended.output) or f"exit code {ended.code}")
        self._looked_at = 0.0
        proven = await compared(self._session, self._server, step, await self._proof(step, self._before))
        if step.kind == "reload":
            proven = await compile_hottest(self._session, self._before, proven)
        outcome = self._kept.noted(await self._answered(step, proven))
        return await self._neighbours.still(outcome) if step.kind == "reload" else outcome

    async def _answered(self, step: Step, proven: Outcome) -> Outcome:
        """*proven*, where the app still answers; else, and where it is no success, what was there before is put back."""
        outcome = await self._answers.still(proven)
        if outcome.status is not Status.FAILED or self._lock is None:
            return outcome
        self._looked_at = 0.0
        await self._lock.still_held()
        if proven.status is Status.FAILED:
            return await taken_back(step, outcome, self._kept)
        return await undo(step, outcome, self._kept, self._answers)

    async def _proof(self, step: Step, before: Report) -> Outcome:
        """Look until the artefacts say done or failed; what says "not yet" is asked until the step's time is over."""
        deadline = time.monotonic() + step.timeout
        while True:
            after = await self._session.look()
            outcome = verify.prove(step, self._server, before, after, said=self._said, invalidated=self._invalidated)
            if outcome.status is not Status.RUNNING:
                self._done_at = after.observed_at or 0.0
                self._looked_at = time.monotonic() if outcome.status is Status.DONE else 0.0
                break
            if time.monotonic() > deadline:
                outcome = Outcome(status=Status.FAILED, evidence={"why": safe("did not take effect in time"), **outcome.evidence})
                break
            self._progress(step.id, Status.RUNNING, outcome.evidence)
            await asyncio.sleep(self._timings.poll)
        if self._said.strip() and outcome.status is Status.FAILED:
            outcome = Outcome(status=outcome.status, evidence={**outcome.evidence, "said": last_lines(self._said)})
        return outcome

    async def _prove_fresh(self, step: Step) -> Outcome:
        """Fresh at two looks, a moment apart. A stale one is asked again: what heals may need the next request."""
        looking = self._request.choice is Choice.VERIFY
        invalidated = frozenset(path for path, gone in self._invalidated.items() if gone)
        deadline = time.monotonic() + (0 if looking else step.timeout)
        proven = 0
        while True:
            outcome = verify.is_fixed(self._server, await self._session.look(), invalidated=invalidated, strict=looking)
            proven = proven + 1 if outcome.status in PROVEN else 0
            if proven == 2:
                outcome = await self._answers.finally_(outcome)
                broke = outcome.status is Status.FAILED and self._answers.answered and self._lock is not None
                return await undo(step, outcome, self._kept, self._answers) if broke else outcome
            if proven == 0 and time.monotonic() >= deadline:
                return Outcome(status=Status.FAILED, evidence=outcome.evidence)
            await asyncio.sleep(self._timings.confirm_delay)

    async def _look(self) -> Report:
        """A look that is not older than a moment."""
        if time.monotonic() - self._looked_at > self._timings.recent:
            await self._session.look()
            self._looked_at = time.monotonic()
        return self._session.report

    # --------------------------------------------------------------------------------------------------------- reporting

    def _progress(self, step: str, status: Status, evidence: dict[str, SafeText]) -> Outcome:
        snapshot = self._session.report.snapshot
        at = time.time() + ((snapshot.clock_offset or 0.0) if snapshot else 0.0)
        self._tell(Progress(server=self._server.server, app=self._server.app, step=step, status=status, evidence=evidence, at=at))
        return Outcome(status=status, evidence=evidence)


def _never_ran(output: str, code: int) -> bool:
    """Whether the command was refused before it did anything (sudo's or systemctl's own words, or no such program)."""
    refusals = ("sudo:", "Failed to connect to bus", "Failed to reload")
    return code in (126, 127) or any(line.startswith(refusals) for line in output.splitlines())


def _was_not_reached(step: Step, output: str) -> bool:
    """Whether a reload ended at what is tested before it in the same line: systemd names its job where it was asked for one."""
    return step.kind == "reload" and " && " in step.command and not output.startswith("Job for")


def _outcome(status: Status, /, **evidence: str) -> Outcome:
    return Outcome(status=status, evidence={key: safe(value) for key, value in evidence.items() if value})
