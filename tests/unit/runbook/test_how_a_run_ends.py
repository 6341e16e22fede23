"""What a person reads of a run that stopped: which server, which steps were not begun, and why. Written for mutants that lived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stalewatch.model.report import Layer
from stalewatch.model.text import safe
from stalewatch.runbook.execute import Begin, Do, Effect, End, Recheck, Resolve, Skip, execute, refused
from stalewatch.runbook.plan import LEFT, Choice, Outcome, Plan, Request, ServerPlan, Status
from tests.builders.runbook import finding, plan, report, runtime, vt0

if TYPE_CHECKING:
    from collections.abc import Callable

PLAN = plan(
    [
        report(finding(Layer.CONFIG), finding(Layer.FPM), server=name, runtime_facts=runtime(opcache=vt0()))
        for name in ("web1", "web2", "web3")
    ],
    Request(choice=Choice.FIX),
)
WEB1, WEB2, WEB3 = PLAN.servers
DONE = Outcome(status=Status.DONE)


def told(status: Status, why: str = "the reason") -> Outcome:
    return Outcome(status=status, evidence=refused(why).evidence)


def play(of: Plan, answer: Callable[[Effect], Outcome | None]) -> list[Effect]:
    """All effects in order; what *answer* does not answer is done."""
    effects: list[Effect] = []
    run = execute(of)
    try:
        now = next(run)
        while True:
            effects += now
            now = run.send(tuple(answer(effect) or DONE for effect in now))
    except StopIteration:
        return effects


def ends(effects: list[Effect]) -> list[End]:
    return [effect for effect in effects if isinstance(effect, End)]


def skips(effects: list[Effect]) -> list[Skip]:
    return [effect for effect in effects if isinstance(effect, Skip)]


def step(name: str) -> int:
    return [each.id for each in WEB1.steps].index(name)


def is_(effect: Effect, kind: type[Do | Recheck | Resolve], name: str) -> bool:
    return isinstance(effect, kind) and effect.step.id == name


NOT_REACHED = [End(WEB2, Status.SKIPPED, "stopped: web1 is not verified"), End(WEB3, Status.SKIPPED, "stopped: web1 is not verified")]


def test_a_run_that_went_well_gives_no_reason() -> None:
    assert ends(play(PLAN, lambda _: None)) == [End(server, Status.DONE, "") for server in PLAN.servers]


def test_a_plan_without_steps_says_that_there_was_nothing_to_do() -> None:
    nothing = ServerPlan(server="web9", app=WEB1.app)
    assert play(Plan(request=PLAN.request, servers=(nothing,)), lambda _: None) == [End(nothing, Status.DONE, "nothing to do")]


def test_a_blocked_server_ends_with_what_blocks_it() -> None:
    blocked = ServerPlan(server="web0", app=WEB1.app, blocked=(refused("somebody runs a runbook here").evidence["why"],))
    assert play(Plan(request=PLAN.request, servers=(blocked,)), lambda _: None) == [
        End(blocked, Status.FAILED, "blocked: somebody runs a runbook here")
    ]


@pytest.mark.parametrize("status", [Status.FAILED, Status.UNKNOWN, Status.SKIPPED])
def test_a_server_that_cannot_be_locked_ends_with_the_reason_and_the_status_of_that(status: Status) -> None:
    effects = play(PLAN, lambda effect: told(status, "locked by eva") if isinstance(effect, Begin) else None)
    assert effects == [Begin(WEB1), End(WEB1, status, "locked by eva"), *NOT_REACHED]


def test_a_server_that_was_never_seen_is_unknown_and_not_failed() -> None:
    unseen = ServerPlan(server="web0", app=WEB1.app, blocked=(refused("not seen: no route to host").evidence["why"],), unseen=True)
    assert play(Plan(request=PLAN.request, servers=(unseen,)), lambda _: None) == [
        End(unseen, Status.UNKNOWN, "blocked: not seen: no route to host")
    ]


def test_where_the_plan_leaves_something_stale_it_ends_partly_says_what_and_the_next_server_follows() -> None:
    left = Outcome(status=Status.PARTLY, evidence={LEFT: refused("opcache stale").evidence["why"]})
    effects = play(PLAN, lambda effect: left if isinstance(effect, Do) and effect.step is effect.server.steps[-1] else None)
    assert ends(effects) == [End(server, Status.PARTLY, "partly: not fixed: opcache stale") for server in PLAN.servers]
    assert skips(effects) == []


def test_a_failed_step_is_named_at_the_end_and_at_each_step_that_was_not_begun() -> None:
    effects = play(PLAN, lambda effect: told(Status.FAILED, "exit code 1") if is_(effect, Do, "config:cache") else None)
    assert ends(effects) == [End(WEB1, Status.FAILED, "config:cache: exit code 1"), *NOT_REACHED]
    assert skips(effects) == [Skip(WEB1, each, "config:cache is failed") for each in WEB1.steps[step("config:cache") + 1 :]]


def test_a_reason_that_two_layers_have_is_told_once_and_the_verdict_of_the_whole_not_beside_it() -> None:
    seen = {"verdict": "unknown", "opcache": "unknown: no pool", "fpm": "unknown: no pool"}
    unproven = Outcome(status=Status.FAILED, evidence={name: safe(words) for name, words in seen.items()})
    effects = play(PLAN, lambda effect: unproven if is_(effect, Do, "verify") else None)
    assert ends(effects)[0].why == "verify: opcache, fpm: unknown: no pool"


def test_a_step_that_nobody_knows_the_end_of_is_named_as_unknown() -> None:
    lost = told(Status.UNKNOWN, "the link was lost")
    effects = play(PLAN, lambda effect: lost if is_(effect, Do, "config:cache") or is_(effect, Resolve, "config:cache") else None)
    assert ends(effects)[0] == End(WEB1, Status.UNKNOWN, "config:cache: the link was lost")
    assert {each.why for each in skips(effects)} == {"config:cache is unknown"}


def test_after_a_lost_link_the_rest_waits_for_a_new_plan_and_is_counted() -> None:
    effects = play(PLAN, lambda effect: told(Status.UNKNOWN) if is_(effect, Do, "config:cache") else None)
    rest = WEB1.steps[step("config:cache") + 1 :]
    assert skips(effects) == [Skip(WEB1, each, "the link was lost: make a new plan") for each in rest]
    acting = [each for each in rest if each.phase.value != "verify"]
    assert len(acting) == 1
    assert ends(effects)[0] == End(WEB1, Status.UNKNOWN, "the link was lost at config:cache, which was done; 1 step not started")


def test_a_link_lost_before_a_step_began_says_that_nothing_was_done_after_that() -> None:
    effects = play(PLAN, lambda effect: told(Status.SKIPPED, "no link") if is_(effect, Do, "config:cache") else None)
    assert skips(effects) == [Skip(WEB1, each, "the link was lost: make a new plan") for each in WEB1.steps[step("config:cache") + 1 :]]
    assert ends(effects)[0] == End(WEB1, Status.UNKNOWN, "config:cache: no link; nothing was done after that")


def test_a_step_whose_need_cannot_be_checked_again_is_not_begun_and_neither_is_the_rest() -> None:
    effects = play(PLAN, lambda effect: told(Status.UNKNOWN, "no answer") if is_(effect, Recheck, "config:cache") else None)
    assert skips(effects) == [
        Skip(WEB1, each, "it could not be checked again whether it is needed") for each in WEB1.steps[step("config:cache") :]
    ]
    assert not any(is_(effect, Do, "config:cache") for effect in effects)
    assert ends(effects)[0] == End(WEB1, Status.UNKNOWN, "before config:cache: no answer; nothing was done after that")


def test_a_step_that_is_no_longer_needed_does_not_keep_the_later_ones_from_being_done() -> None:
    effects = play(PLAN, lambda effect: told(Status.SKIPPED) if is_(effect, Recheck, "config:cache") else None)
    done = [effect.step.id for effect in effects if isinstance(effect, Do) and effect.server == WEB1]
    assert done == [each.id for each in WEB1.steps if each.id != "config:cache"]
    assert skips(effects) == []
