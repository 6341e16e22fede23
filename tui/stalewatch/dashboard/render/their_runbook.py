"""Somebody else's runbook, as the lock on the server tells it, in the same values as our own: so it is drawn in the same way. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render.lines import Span
from stalewatch.dashboard.render.runbooks import Running
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, Phase, Plan, Progress, Request, ServerPlan, Status, Step

if TYPE_CHECKING:
    from stalewatch.dashboard.render.progress_lines import RunState
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.engine.board import Pane
    from stalewatch.model.inventory import AppKey
    from stalewatch.model.snapshot import LockHolder

NOT_TOLD = "steps not told"
NOT_SEEN = safe("not seen from here, nor what follows: it was over before the next look")


def what_of(lock: LockHolder) -> str:
    """``fix``; ``a runbook`` where it is not told."""
    return lock.what or "a runbook"


def place_of(lock: LockHolder) -> str:
    """``step 2 of 5``; ``step 2 of 5 is over``; ``5 steps``; ``step config:cache, steps not told``."""
    if not lock.steps:
        return f"step {lock.step}, {NOT_TOLD}" if lock.step else NOT_TOLD
    number = number_of(lock)
    if not number:
        return f"{len(lock.steps)} steps"
    return f"step {number} of {len(lock.steps)}{'' if lock.step else ' is over'}"


def number_of(lock: LockHolder) -> int:
    """The how manyeth step runs, or ran last; 0: none was seen yet."""
    ids = [step.id for step in lock.steps]
    return ids.index(lock.reached) + 1 if lock.reached in ids else 0


def statuses(lock: LockHolder) -> list[Status]:
    """Of its steps, in their order: what comes before the one that was seen last is done."""
    number = number_of(lock)
    seen = [Status.DONE] * (number - 1) + [Status.RUNNING if lock.step else Status.DONE] * bool(number)
    return seen + [Status.WAITING] * (len(lock.steps) - len(seen))


def _since(lock: LockHolder, clock: Clock) -> str:
    return f" since {clock.hms(lock.since)}" if lock.since else ""


def words(lock: LockHolder, clock: Clock) -> str:
    """``anna@laptop runs fix since 12:50:02, step 2 of 5``: why no key acts there."""
    return f"{lock.who} runs {what_of(lock)}{_since(lock, clock)}, {place_of(lock)}"


def running(server: str, lock: LockHolder) -> Running:
    """For the first line."""
    return Running(lock.what or "runbook", server, number_of(lock), len(lock.steps), lock.who)


def plan_of(key: AppKey, lock: LockHolder) -> Plan:
    """What is known of her plan: its steps by their names; their commands stay with her."""
    steps = tuple(
        Step(id=step.id, kind="", phase=Phase.VERIFY, command=step.id, reason=safe("planned by somebody else"), label=step.label)
        for step in lock.steps
    )
    choice = next((choice for choice in Choice if choice.value == lock.what), Choice.FIX)
    server, app = key
    return Plan(request=Request(choice=choice), servers=(ServerPlan(server=server, app=safe(app), steps=steps),))


def progress_of(key: AppKey, lock: LockHolder, *, over: bool = False) -> tuple[Progress, ...]:
    """How far it is: what comes before the step that was seen last is done. *over*: of the others nobody here knows, and
    the first of them says so."""
    server, app = key
    at_the_end = {Status.RUNNING: Status.DONE, Status.WAITING: Status.UNKNOWN}
    unseen = next((step.id for step, told in zip(lock.steps, statuses(lock), strict=True) if told is Status.WAITING), "")
    return tuple(
        Progress(
            server=server,
            app=safe(app),
            step=step.id,
            status=status,
            at=lock.since,
            evidence={"why": NOT_SEEN} if over and step.id == unseen else {},
        )
        for step, told in zip(lock.steps, statuses(lock), strict=True)
        if (status := at_the_end.get(told, told) if over else told) is not Status.WAITING
    )


def lock_of(pane: Pane) -> LockHolder | None:
    """Who holds the lock there, as seen last."""
    host = pane.report.host if pane.report is not None else None
    return host.lock if host is not None else None


def run_state(key: AppKey, lock: LockHolder, clock: Clock, *, over: str = "") -> RunState:
    """Her runbook as our progress dialog shows one. *over*: what the server is, once nobody holds the lock any more."""
    from stalewatch.dashboard.render.progress_lines import RunState

    by = f"run by {lock.who}{_since(lock, clock)}" + (f" (pid {lock.pid})" if lock.pid else "")
    if over:
        head = Span(f"{lock.who}'s {what_of(lock)} is over: {key[0]} is {over}", "strong")
    else:
        head = Span(f"★ {key[0]}: {what_of(lock)}, {place_of(lock)}", "strong")
    return RunState(plan_of(key, lock), {key: progress_of(key, lock, over=bool(over))}, {}, bool(over), head=head, by=by)
