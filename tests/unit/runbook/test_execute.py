"""The order of effects, whatever becomes of the link."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalewatch.model.report import Layer
from stalewatch.runbook.execute import Begin, Do, Effect, End, Recheck, Resolve, Skip, execute
from stalewatch.runbook.plan import Choice, Outcome, Phase, Plan, Request, ServerPlan, Status
from tests.builders.runbook import finding, plan, report, runtime, vt0

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("web1", "web2", "web3")
REPORTS = [report(finding(Layer.CONFIG), finding(Layer.FPM), server=name, runtime_facts=runtime(opcache=vt0())) for name in NAMES]
PLAN = plan(REPORTS, Request(choice=Choice.FIX))
DONE = Outcome(status=Status.DONE)


def play(of: Plan, answer: Callable[[Effect], Status]) -> tuple[list[Effect], dict[tuple[str, str], Status]]:
    """All effects in order, and how it ended."""
    effects: list[Effect] = []
    run = execute(of)
    try:
        now = next(run)
        while True:
            effects += now
            now = run.send(tuple(Outcome(status=answer(effect)) for effect in now))
    except StopIteration as stop:
        return effects, stop.value


def did(effects: list[Effect], server: str = "") -> list[str]:
    return [effect.step.id for effect in effects if isinstance(effect, Do) and server in ("", effect.server.server)]


def test_what_was_confirmed_is_what_is_executed_value_by_value() -> None:
    effects, ended = play(PLAN, lambda _: Status.DONE)
    executed = [(effect.server.key, effect.step) for effect in effects if isinstance(effect, Do)]
    assert executed == [(server.key, step) for server in PLAN.servers for step in server.steps]
    assert set(ended.values()) == {Status.DONE}


def test_the_next_server_only_after_the_previous_is_verified_and_unlocked() -> None:
    effects, _ = play(PLAN, lambda _: Status.DONE)
    servers = [effect.server.server for effect in effects]
    assert servers == sorted(servers)
    web1 = [effect for effect in effects if effect.server.server == "web1"]
    assert isinstance(web1[0], Begin)
    assert isinstance(web1[-1], End)
    assert [effect.step.phase for effect in web1 if isinstance(effect, Do)][-1] is Phase.VERIFY


@pytest.mark.parametrize("bad", [Status.FAILED, Status.UNKNOWN])
@pytest.mark.parametrize("index", range(len(PLAN.servers[0].steps)))
def test_a_step_that_fails_stops_everything_after_it(index: int, bad: Status) -> None:
    broken = PLAN.servers[0].steps[index]
    effects, ended = play(PLAN, lambda effect: bad if isinstance(effect, Do | Resolve) and effect.step == broken else Status.DONE)
    assert did(effects) == [step.id for step in PLAN.servers[0].steps[: index + 1]]
    assert list(ended.values()) == [bad, Status.SKIPPED, Status.SKIPPED]
    skipped = [effect.step.id for effect in effects if isinstance(effect, Skip)]
    assert skipped == [step.id for step in PLAN.servers[0].steps[index + 1 :]]
    assert sum(isinstance(effect, End) for effect in effects) == 3


@pytest.mark.parametrize("index", range(len(PLAN.servers[0].steps)))
def test_a_link_lost_after_any_step_is_resolved_by_looking_and_nothing_is_done_twice(index: int) -> None:
    lost = PLAN.servers[0].steps[index]
    effects, ended = play(PLAN, lambda effect: Status.UNKNOWN if isinstance(effect, Do) and effect.step == lost else Status.DONE)
    web1 = did(effects, "web1")
    assert [effect.step for effect in effects if isinstance(effect, Resolve)][:1] == [lost]
    assert len(web1) == len(set(web1))
    if any(step.phase is not Phase.VERIFY for step in PLAN.servers[0].steps[index + 1 :]):
        assert ended["web1", "/srv/app"] is Status.UNKNOWN, "done, and the rest not begun: a link that was lost asks for a look"
        assert did(effects, "web2") == []
    else:
        assert ended["web1", "/srv/app"] is Status.DONE


def test_a_link_lost_before_a_step_was_begun_needs_no_resolving() -> None:
    effects, ended = play(PLAN, lambda effect: Status.SKIPPED if isinstance(effect, Do) and effect.step.id == "reload" else Status.DONE)
    assert not any(isinstance(effect, Resolve) for effect in effects)
    assert list(ended.values()) == [Status.UNKNOWN, Status.SKIPPED, Status.SKIPPED]


def test_a_lock_that_somebody_holds_means_nothing_is_run() -> None:
    effects, ended = play(PLAN, lambda effect: Status.FAILED if isinstance(effect, Begin) else Status.DONE)
    assert did(effects) == []
    assert list(ended.values()) == [Status.FAILED, Status.SKIPPED, Status.SKIPPED]


def test_what_is_no_longer_needed_is_skipped_and_the_rest_goes_on() -> None:
    effects, ended = play(PLAN, lambda effect: Status.SKIPPED if isinstance(effect, Recheck) else Status.DONE)
    assert "config:cache" not in did(effects)
    assert set(ended.values()) == {Status.DONE}


def test_what_justifies_a_step_is_read_again_just_before_it() -> None:
    effects, _ = play(PLAN, lambda _: Status.DONE)
    for before, now in pairwise(effects):
        if isinstance(now, Do) and now.step.causes:
            assert before == Recheck(now.server, now.step)


def test_a_server_blocked_in_the_plan_is_not_run_and_does_not_stop_the_others() -> None:
    blocked = ServerPlan(server="web0", app=PLAN.servers[0].app, blocked=PLAN.servers[0].warnings[:1])
    effects, ended = play(Plan(request=PLAN.request, servers=(blocked, *PLAN.servers)), lambda _: Status.DONE)
    assert did(effects, "web0") == []
    assert list(ended.values()) == [Status.FAILED, Status.DONE, Status.DONE, Status.DONE]


def test_a_batch_goes_side_by_side_but_never_twice_on_one_server() -> None:
    reports = [REPORTS[0], report(finding(Layer.FPM), server="web1", app="/srv/other"), *REPORTS[1:]]
    made = plan(reports, Request(choice=Choice.RELOAD), batch=2)
    run = execute(msgspec.structs.replace(made, canary=""))
    waves: list[set[tuple[str, str]]] = []
    try:
        now = next(run)
        while True:
            waves.append({effect.server.key for effect in now})
            assert len({effect.server.server for effect in now}) == len(now)
            now = run.send((DONE,) * len(now))
    except StopIteration:
        pass
    assert {("web1", "/srv/other"), ("web2", "/srv/app")} in waves


def test_looking_goes_to_every_server_whatever_is_found() -> None:
    looks = plan(REPORTS, Request(choice=Choice.VERIFY))
    effects, ended = play(looks, lambda effect: Status.FAILED if isinstance(effect, Do) else Status.DONE)
    assert [effect.server.server for effect in effects if isinstance(effect, Do)] == ["web1", "web2", "web3"]
    assert not any(isinstance(effect, Begin) for effect in effects)
    assert set(ended.values()) == {Status.FAILED}


@given(st.lists(st.sampled_from(list(Status)), min_size=200, max_size=200), st.integers(1, 3))
def test_whatever_the_outcomes_every_server_ends_once_and_no_step_runs_twice(statuses: list[Status], batch: int) -> None:
    answers = iter(statuses)
    made = plan(REPORTS, Request(choice=Choice.FIX), batch=batch)
    effects, ended = play(made, lambda _: next(answers))
    assert set(ended) == {server.key for server in made.servers}
    assert [effect.server.key for effect in effects if isinstance(effect, End)].count(made.servers[0].key) == 1
    done = [(effect.server.key, effect.step.id) for effect in effects if isinstance(effect, Do)]
    assert len(done) == len(set(done))
    proven = {effect.server.key for effect in effects if isinstance(effect, Do) and effect.step.phase is Phase.VERIFY}
    assert {key for key, status in ended.items() if status is Status.DONE} <= proven
