"""What happens after what: a generator of effects that takes outcomes. No I/O: :mod:`stalewatch.runbook.driver` does that.

So a link lost after any step is a loop in a unit test, and what was confirmed and what is executed are compared value by value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from stalewatch.model import figures
from stalewatch.model.fixing import WhenUnreachable
from stalewatch.model.replace import replace
from stalewatch.model.text import safe
from stalewatch.runbook.plan import LEFT, PROVEN, Choice, Outcome, Phase, Plan, ServerPlan, Status, Step

if TYPE_CHECKING:
    from collections.abc import Generator

    from stalewatch.model.inventory import AppKey


class Begin(msgspec.Struct, frozen=True):
    """Lock the server's app and FPM master."""

    server: ServerPlan


class Recheck(msgspec.Struct, frozen=True):
    """Check again that *step* is needed: ``done`` it is, ``skipped`` it is not any more."""

    server: ServerPlan
    step: Step


class Do(msgspec.Struct, frozen=True):
    """Run *step* and prove it by its artefacts. ``skipped``: the link was lost before it was begun.

    ``waiting``, of this, a Recheck and a Begin: somebody stops the run, and it was not begun."""

    server: ServerPlan
    step: Step


class Resolve(msgspec.Struct, frozen=True):
    """The link was lost while *step* ran: look again until it is known whether it was done."""

    server: ServerPlan
    step: Step


class Skip(msgspec.Struct, frozen=True):
    """*step* is not started, and why."""

    server: ServerPlan
    step: Step
    why: str


class End(msgspec.Struct, frozen=True):
    """This server's plan is over: unlock, say how it ended."""

    server: ServerPlan
    status: Status
    why: str = ""


_SENTENCES = frozenset({"why", "grant", "next", "link", "audit", "verdict"})
"""Evidence that needs no word before it."""
Effect: TypeAlias = Begin | Recheck | Do | Resolve | Skip | End
Run: TypeAlias = "Generator[tuple[Effect, ...], tuple[Outcome, ...], dict[AppKey, Status]]"


def execute(plan: Plan) -> Run:
    """Rolling: ``plan.batch`` servers at a time, the next ones only after these are verified; stops at the first failure.

    Yields the effects to do side by side (one per server of the batch), is sent their outcomes in the same order; returns the status of
    every server. A server whose plan was blocked is not run, which the person saw in the plan: it does not stop the others. The canary
    goes alone.
    """
    ended: dict[AppKey, Status] = {}
    unreached: set[AppKey] = set()
    skipped = unreached if plan.request.unreachable is WhenUnreachable.SKIP else frozenset()
    stopped_by = ""
    looking = plan.request.choice is Choice.VERIFY
    for wave in _waves(plan):
        if stopped_by:
            yield tuple(End(server, Status.SKIPPED, f"stopped: {stopped_by} is not verified") for server in wave)
            ended.update({server.key: Status.SKIPPED for server in wave})
            continue
        yield from _together(wave, ended, unreached)
        unproven = [
            server.server for server in wave if ended[server.key] not in PROVEN and not server.blocked and server.key not in skipped
        ]
        stopped_by = unproven[0] if unproven and not looking else ""
    return ended


def _waves(plan: Plan) -> list[tuple[ServerPlan, ...]]:
    """Batches in which no server occurs twice: two apps of one server may share the FPM master."""
    waves: list[list[ServerPlan]] = []
    for server in plan.servers:
        wave = waves[-1] if waves else None
        alone = wave is not None and plan.canary in (server.server, wave[0].server)
        if wave is None or alone or len(wave) >= plan.batch or any(other.server == server.server for other in wave):
            waves.append([server])
        else:
            wave.append(server)
    return [tuple(wave) for wave in waves]


def _together(
    wave: tuple[ServerPlan, ...], ended: dict[AppKey, Status], unreached: set[AppKey]
) -> Generator[tuple[Effect, ...], tuple[Outcome, ...], None]:
    running = [(server, server_run(server)) for server in wave]
    replies: list[Outcome | None] = [None] * len(running)
    while running:
        effects: list[Effect] = []
        going = []
        for (server, run), reply in zip(running, replies, strict=True):
            try:
                effects.append(next(run) if reply is None else run.send(reply))
                going.append((server, run))
            except StopIteration as stop:
                ended[server.key] = stop.value
        running = going
        if effects:
            replies = list((yield tuple(effects)))
            unreached |= {server.key for (server, _), reply in zip(running, replies, strict=True) if reply is not None and reply.unreached}


def server_run(server: ServerPlan) -> Generator[Effect, Outcome, Status]:
    """One server's plan from lock to proof."""
    if server.blocked:
        status = Status.UNKNOWN if server.unseen else Status.FAILED
        yield End(server, status, f"blocked: {server.blocked[0]}")
        return status
    acting = any(step.phase is not Phase.VERIFY for step in server.steps)
    if acting:
        begun = yield Begin(server)
        if begun.status is not Status.DONE:
            if begun.status is Status.WAITING:
                begun = replace(begun, status=Status.SKIPPED)
            yield End(server, begun.status, "; ".join(begun.evidence.values()))
            return begun.status
    status, why = yield from _steps(server)
    yield End(server, status, why)
    return status


def _steps(server: ServerPlan) -> Generator[Effect, Outcome, tuple[Status, str]]:
    status, left = Status.DONE, ""
    for index, step in enumerate(server.steps):
        later = server.steps[index + 1 :]
        if step.causes:
            again = yield Recheck(server, step)
            if again.status is Status.WAITING:
                return (yield from _stopped(server, (step, *later), again))
            if again.status is Status.SKIPPED:
                continue
            if again.status is not Status.DONE:
                yield from _skip(server, (step, *later), "it could not be checked again whether it is needed")
                return Status.UNKNOWN, f"before {step.id}: {'; '.join(again.evidence.values())}; nothing was done after that"
        outcome = yield Do(server, step)
        if outcome.status is Status.WAITING:
            return (yield from _stopped(server, (step, *later), outcome))
        if outcome.status is Status.UNKNOWN:
            outcome = yield Resolve(server, step)
            rest = [other for other in later if other.phase is not Phase.VERIFY]
            if outcome.status is Status.DONE and rest:
                yield from _skip(server, later, "the link was lost: make a new plan")
                return Status.UNKNOWN, f"the link was lost at {step.id}, which was done; {figures.count(len(rest), 'step')} not started"
        if outcome.status is Status.SKIPPED:
            yield from _skip(server, later, "the link was lost: make a new plan")
            return Status.UNKNOWN, f"{step.id}: {'; '.join(outcome.evidence.values())}; nothing was done after that"
        if outcome.status is Status.PARTLY:
            status, left = Status.PARTLY, f"partly: not fixed: {outcome.evidence.get(LEFT, 'what the plan leaves')}"
        elif outcome.status is not Status.DONE:
            yield from _skip(server, later, f"{step.id} is {outcome.status.value}")
            return outcome.status, f"{step.id}: {_told(outcome)}"
    return status, left if server.steps else "nothing to do"


def _told(outcome: Outcome) -> str:
    """What was seen, each thing once with what it is of; the verdict of the whole server only where nothing says it of a layer."""
    of: dict[str, list[str]] = {}
    for label, value in outcome.evidence.items():
        if label != "verdict" or len(outcome.evidence) == 1:
            of.setdefault(value, []).append(label)
    return "; ".join(value if _SENTENCES.intersection(labels) else f"{', '.join(labels)}: {value}" for value, labels in of.items())


def _stopped(server: ServerPlan, rest: tuple[Step, ...], outcome: Outcome) -> Generator[Effect, Outcome, tuple[Status, str]]:
    """Somebody stops the run before the first step of *rest*."""
    why = "; ".join(outcome.evidence.values())
    yield from _skip(server, rest, why)
    return Status.FAILED, f"{why} before {rest[0].id}; {figures.count(sum(step.acting for step in rest), 'step')} not started"


def _skip(server: ServerPlan, steps: tuple[Step, ...], why: str) -> Generator[Effect, Outcome, None]:
    for step in steps:
        yield Skip(server, step, why)


DONE = Outcome(status=Status.DONE)


def refused(why: str) -> Outcome:
    """Something was not started."""
    return Outcome(status=Status.FAILED, evidence={"why": safe(why)})
