"""The order of a fleet: a canary first and alone, a server that can't be reached, a run that goes on."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.model.fixing import WhenUnreachable
from stalewatch.model.report import Layer, Report
from stalewatch.model.snapshot import Unseen
from stalewatch.model.text import safe
from stalewatch.runbook.execute import Begin, Effect, execute
from stalewatch.runbook.plan import Choice, Outcome, Plan, Request, ServerPlan, Status
from stalewatch.runbook.steps.look import AGAIN
from tests.builders.runbook import APP, finding, plan, report

AWAY = Unseen(code="link.unreachable", message=safe("no route to host"))


def stale(server: str) -> Report:
    return report(finding(Layer.FPM), server=server)


def planned(*reports: Report, batch: int = 1, choice: Choice = Choice.FIX, **request: Any) -> Plan:
    return plan(reports, Request(choice=choice, **request), batch=batch)


def looks_twice(server: ServerPlan) -> bool:
    return [step.id for step in server.steps].count(AGAIN) == 1


def play(of: Plan, answer: dict[str, Outcome] | None = None) -> tuple[list[set[str]], dict[str, Status]]:
    """The servers that are at work together, and how each ended. *answer*: to ``Begin``, by server."""
    waves: list[set[str]] = []
    run = execute(of)

    def outcome(effect: Effect) -> Outcome:
        begun = isinstance(effect, Begin) and answer is not None and effect.server.server in answer
        return answer[effect.server.server] if begun and answer is not None else Outcome(status=Status.DONE)

    try:
        now = next(run)
        while True:
            waves.append({effect.server.server for effect in now})
            now = run.send(tuple(map(outcome, now)))
    except StopIteration as stop:
        return [wave for at, wave in enumerate(waves) if at == 0 or wave != waves[at - 1]], {key[0]: end for key, end in stop.value.items()}


def test_the_first_server_that_is_changed_goes_alone_and_is_verified_twice_then_come_the_batches() -> None:
    made = planned(report(server="fine"), *map(stale, ("web1", "web2", "web3", "web4")), batch=2)
    assert made.canary == "web1"
    assert [server.server for server in made.servers if looks_twice(server)] == ["web1"]
    waves, ended = play(made)
    assert [wave for wave in waves if wave != {"fine"}] == [{"web1"}, {"web2", "web3"}, {"web4"}]
    assert set(ended.values()) == {Status.DONE}


def test_a_canary_can_be_named() -> None:
    made = planned(*map(stale, ("web1", "web2", "web3")), canary="web3")
    assert [server.server for server in made.servers] == ["web3", "web1", "web2"]
    assert looks_twice(made.servers[0])
    assert planned(report(server="web1"), *map(stale, ("web2", "web3")), canary="web1").canary == "web2", "nothing is changed on web1"


@pytest.mark.parametrize(
    "made",
    [
        planned(stale("web1")),
        planned(stale("web1"), report(server="web2")),
        planned(*map(stale, ("web1", "web2")), choice=Choice.VERIFY),
        planned(*map(stale, ("web1", "web2")), verified=(("web1", APP),)),
    ],
)
def test_where_nobody_follows_or_one_was_before_there_is_none(made: Plan) -> None:
    assert made.canary == ""
    assert not any(map(looks_twice, made.servers))


def test_all_apps_of_the_canary_come_before_the_other_servers() -> None:
    other = report(finding(Layer.FPM), server="web1", app="/srv/other")
    waves, _ = play(planned(stale("web1"), other, *map(stale, ("web2", "web3")), batch=3))
    assert waves == [{"web1"}, {"web2", "web3"}]


def test_stop_runs_nothing_while_one_server_is_not_seen() -> None:
    servers = (stale("web1"), report(server="web2", host_facts=AWAY), report(server="web3"))
    made = planned(*servers, unreachable=WhenUnreachable.STOP)
    assert not made.runnable
    assert made.servers[0].blocked == ("web2 can't be reached, and nothing is run without (--unreachable stop)",)
    assert planned(*servers, unreachable=WhenUnreachable.SKIP).runnable
    assert planned(*servers).runnable
    assert planned(*map(stale, ("web1", "web2")), unreachable=WhenUnreachable.STOP).runnable


@pytest.mark.parametrize(
    ("unreachable", "last"),
    [
        (WhenUnreachable.LOST, Status.SKIPPED),
        (WhenUnreachable.STOP, Status.SKIPPED),
        (WhenUnreachable.SKIP, Status.DONE),
    ],
)
def test_a_server_that_is_lost_before_its_turn_stops_the_rest_unless_it_may_be_skipped(unreachable: WhenUnreachable, last: Status) -> None:
    made = planned(*map(stale, ("web1", "web2", "web3")), unreachable=unreachable)
    _, ended = play(made, {"web2": Outcome(status=Status.UNKNOWN, unreached=True)})
    assert ended == {"web1": Status.DONE, "web2": Status.UNKNOWN, "web3": last}


def test_what_fails_for_another_reason_is_never_skipped() -> None:
    made = planned(*map(stale, ("web1", "web2", "web3")), unreachable=WhenUnreachable.SKIP)
    _, ended = play(made, {"web2": Outcome(status=Status.FAILED)})
    assert ended["web3"] is Status.SKIPPED


def test_a_run_that_goes_on_does_only_what_is_stale_where_the_run_before_has_verified() -> None:
    done = (("web1", APP), ("web2", APP))
    made = planned(report(server="web1"), stale("web2"), report(server="web3"), everything=True, cache_clear=True, verified=done)
    acting = {server.server: [step.id for step in server.acting] for server in made.servers}
    assert acting["web1"] == []
    assert acting["web2"] == ["reload"]
    assert "cache:clear" in acting["web3"]
