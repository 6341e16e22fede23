"""Whoever shares the FPM master is asked before a reload and after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stalewatch.runbook.neighbours import Neighbours
from stalewatch.runbook.plan import Outcome, Status
from tests.unit.runbook.here import Here, application

DONE = Outcome(status=Status.DONE, evidence={})


def site(root: Path, *answers: int) -> Here:
    there = Here(application(root, root / "audit"))
    there.answers = list(answers)
    return there


@pytest.fixture
def shop(tmp_path: Path) -> Here:
    return site(tmp_path / "shop", 200)


async def after_a_reload(shop: Here, *others: Here, outcome: Outcome = DONE) -> Outcome:
    shop.others = list(others)
    neighbours = Neighbours(shop, recover=0.05, poll=0.01)
    await neighbours.before()
    return await neighbours.still(outcome)


@pytest.mark.parametrize(("before", "after"), [(200, 500), (200, 404), (302, 503)])
async def test_one_that_answered_and_does_not_is_a_failure_with_its_name(shop: Here, tmp_path: Path, before: int, after: int) -> None:
    ended = await after_a_reload(shop, site(tmp_path / "blog", before, after), site(tmp_path / "wiki", 200))
    assert ended.status is Status.FAILED
    assert ended.evidence["why"].startswith(f"answered before this and does not now: blog (GET / answers {after}")


@pytest.mark.parametrize("answers", [(500,), (404, 404), (200, 302), (200, 502, 200)])
async def test_one_that_was_broken_or_only_needs_a_moment_is_none(shop: Here, tmp_path: Path, answers: tuple[int, ...]) -> None:
    assert await after_a_reload(shop, site(tmp_path / "blog", *answers)) is DONE


async def test_a_reload_that_failed_needs_no_other_reason(shop: Here, tmp_path: Path) -> None:
    failed = Outcome(status=Status.FAILED, evidence={})
    blog = site(tmp_path / "blog", 200, 500)
    assert await after_a_reload(shop, blog, outcome=failed) is failed
    assert blog.asked == 1
