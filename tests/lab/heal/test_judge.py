"""The judge, on courses made by hand: one of each end, and each way in which "done" can be wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stalewatch.model.report import Layer, Remedy, Verdict
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, LeftOut, Progress, Request, ServerPlan, Status
from tests.builders import runbook
from tests.lab.heal.__main__ import summed_up
from tests.lab.heal.judge import Course, End, Healing, judge
from tests.lab.truth.state import stale

CONFIG = runbook.finding(Layer.CONFIG, Verdict.STALE, Remedy.REBUILD)
PLAN = runbook.plan([runbook.report(CONFIG)], Request(choice=Choice.FIX)).servers[0]
STEP = PLAN.acting[0].id
NOTHING = ServerPlan(server="web1", app=safe(runbook.APP))
BY_HAND = (LeftOut(safe("the class map is old"), safe("by hand: composer dump-autoload")),)
LEFT = ServerPlan(server="web1", app=safe(runbook.APP), left_out=BY_HAND)
BLOCKED = ServerPlan(server="web1", app=safe(runbook.APP), steps=PLAN.steps, blocked=(safe("a deploy is under way"),))
HEALED = Course(plan=PLAN, status=Status.DONE, report=runbook.report(), before="old", after="new")


def told(*steps: str, why: str = "why not") -> tuple[Progress, ...]:
    """*steps* were begun; then the result."""
    begun = [Progress(server="web1", app=safe(runbook.APP), step=step, status=Status.RUNNING) for step in steps]
    result = Progress(server="web1", app=safe(runbook.APP), step="result", status=Status.FAILED, evidence={"why": safe(why)})
    return (*begun, result)


@pytest.mark.parametrize(
    ("course", "end"),
    [
        (HEALED, End.HEALED),
        (replace(HEALED, before="broken", after="old", disk="old"), End.HEALED),
        (replace(HEALED, after="old", disk="old"), End.HEALED),
        (replace(HEALED, after="old", disk="new"), End.WRONG),
        (replace(HEALED, before="broken", after="broken", disk="new"), End.WRONG),
        (replace(HEALED, after="not the same: ['new', 'old']"), End.WRONG),
        (replace(HEALED, after="broken", disk="broken"), End.WRONG),
        (replace(HEALED, after="down"), End.WRONG),
        (replace(HEALED, report=runbook.report(CONFIG)), End.WRONG),
        (replace(HEALED, again=("reload",)), End.WRONG),
        (replace(HEALED, report=None), End.WRONG),
        (replace(HEALED, plan=NOTHING), End.WRONG),
        (replace(HEALED, plan=LEFT, after="old"), End.LEFT),
        (replace(HEALED, plan=BLOCKED, after="old"), End.REFUSED),
        (replace(HEALED, status=Status.FAILED, after="old", told=told("parse")), End.REFUSED),
        (replace(HEALED, status=Status.FAILED, after="old", told=told("parse", STEP)), End.UNPROVEN),
        (replace(HEALED, status=Status.FAILED, after="down", told=told("parse", STEP)), End.WRONG),
    ],
)
def test_each_end(course: Course, end: End) -> None:
    assert judge(course)[0] is end


def test_what_was_not_healed_has_its_reason() -> None:
    assert judge(replace(HEALED, status=Status.FAILED, told=told(STEP, why="did not parse")))[1] == "did not parse"


def test_the_last_line_has_every_end() -> None:
    state = stale(name="a state")
    ended = [Healing(state, End.HEALED, "old", "new", sent=10), Healing(state, End.LEFT, "old", "old", sent=5, lost=1)]
    assert summed_up(ended) == "2 stale states: 1 healed, 1 left, 0 refused, 0 unproven, 0 wrong; 1 of 15 requests lost"
