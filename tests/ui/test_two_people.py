"""Somebody else's runbook is drawn as our own: in the pane, in the first line, as progress, and in what keys say."""

from __future__ import annotations

import msgspec
import pytest

from stalewatch.dashboard.render import their_runbook
from stalewatch.dashboard.render.presence import holder_lines
from stalewatch.dashboard.render.progress_lines import head_lines, hint, progress_lines
from stalewatch.dashboard.render.times import Clock
from stalewatch.model.replace import replace
from stalewatch.model.report import Report
from stalewatch.model.snapshot import LockedStep, LockHolder
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Progress, Status
from tests.builders import incident as build
from tests.builders.fake_engine import STEPS, FakeEngine
from tests.ui.conftest import app_of, press, screen_text, settle

CLOCK = Clock(build.NOW)
KEY = ("web1", build.APP)
ANNA = LockHolder(
    who=safe("anna@laptop"),
    since=build.at("12:50:02"),
    pid=4711,
    step=safe("config:cache"),
    reached=safe("config:cache"),
    what=safe("fix"),
    steps=tuple(
        LockedStep(safe(step), safe(label))
        for step, label in (
            ("fpm-test", "preflight"),
            ("config:cache", "rebuild"),
            ("route:cache", "rebuild"),
            ("reload", "reload"),
            ("look", "verify"),
        )
    ),
)
OLDER = LockHolder(who=ANNA.who, since=ANNA.since, pid=ANNA.pid, step=ANNA.step, reached=ANNA.reached, what=ANNA.what)
"""As version 0.2 tells it."""


def held(report: Report, lock: LockHolder | None) -> Report:
    assert report.snapshot is not None
    host = msgspec.structs.replace(report.snapshot.host, lock=lock)  # type: ignore[type-var]
    return replace(report, snapshot=msgspec.structs.replace(report.snapshot, host=host))


def busy(engine: FakeEngine, lock: LockHolder | None = ANNA, server: str = "web1") -> None:
    pane = next(pane for pane in engine.board.snapshot().panes if pane.server == server)
    assert pane.report is not None
    engine.board.put(replace(pane, report=held(pane.report, lock)))


def texts(rows: list) -> list[str]:  # type: ignore[type-arg]
    return [row.text.rstrip() for row in rows]


def test_her_steps_are_marked_as_ours_are() -> None:
    statuses = {item.step: item.status for item in their_runbook.progress_of(KEY, ANNA)}
    assert statuses == {"fpm-test": Status.DONE, "config:cache": Status.RUNNING}
    between = replace(ANNA, step=safe(""))
    assert {item.step: item.status for item in their_runbook.progress_of(KEY, between)}["config:cache"] is Status.DONE
    assert their_runbook.place_of(between) == "step 2 of 5 is over"
    assert their_runbook.place_of(replace(ANNA, step=safe(""), reached=safe(""))) == "5 steps"
    assert their_runbook.words(ANNA, CLOCK) == "anna@laptop runs fix since 12:50:02, step 2 of 5"


def test_a_step_that_is_not_in_the_plan_breaks_nothing() -> None:
    odd = replace(ANNA, step=safe("undo"), reached=safe("undo"))
    assert their_runbook.progress_of(KEY, odd) == ()
    assert their_runbook.place_of(odd) == "5 steps"


def test_the_pane_shows_the_step_that_runs_between_those_beside_it() -> None:
    rows = texts(holder_lines(held(build.stale(), ANNA), CLOCK, 76))
    said = " ".join(" ".join(rows).split())
    assert "★ anna@laptop runs fix here since 12:50, step 2 of 5 (step config:cache, pid 4711)" in said
    assert "✓ 1. preflight fpm-test ▸ 2. rebuild config:cache · 3. rebuild route:cache" in said


def test_an_older_version_tells_no_steps_and_that_is_said() -> None:
    rows = " ".join(" ".join(texts(holder_lines(held(build.stale(), OLDER), CLOCK, 60))).split())
    assert "anna@laptop runs fix here since 12:50 (step config:cache, pid 4711), steps not told" in rows
    run = their_runbook.run_state(KEY, OLDER, CLOCK)
    assert any("steps not told" in row for row in texts(progress_lines(run, 76)))
    assert their_runbook.words(OLDER, CLOCK).endswith("step config:cache, steps not told")


def test_progress_says_by_whom_and_that_it_is_not_yours() -> None:
    run = their_runbook.run_state(KEY, ANNA, CLOCK)
    head = texts(head_lines(run, 76))
    assert "★ web1: fix, step 2 of 5" in head[0]
    assert head[1] == "run by anna@laptop since 12:50:02 (pid 4711)"
    assert "read-only: it is not yours" in hint(run)
    rows = "\n".join(texts(progress_lines(run, 76)))
    assert " ▸" in rows
    assert rows.index("config:cache") < rows.index("route:cache")


@pytest.mark.parametrize("key", ["c", "b", "r", "f"])
async def test_keys_that_act_say_who_runs_what_and_open_nothing(key: str) -> None:
    engine = FakeEngine(build.incident())
    busy(engine)
    app = app_of(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, key)
        assert "anna@laptop runs fix since 12:50:02, step 2 of 5" in text
        assert engine.asked == []
        assert "★ anna@laptop: fix web1 2/5" in text.split("\n")[0]


async def test_o_shows_it_and_its_end_with_what_the_server_is_then() -> None:
    engine = FakeEngine(build.incident())
    busy(engine)
    app = app_of(engine)
    async with app.run_test(size=(100, 30)) as pilot:
        text = await press(pilot, "o")
        assert "run by anna@laptop since 12:50:02" in text
        assert "▸  2 rebuild" in text
        busy(engine, replace(ANNA, step=safe("reload"), reached=safe("reload")))
        app.flush()
        await settle(pilot)
        assert "fix, step 4 of 5" in screen_text(app)
        engine.board.put(build.pane(build.fresh("web1")))
        app.flush()
        await settle(pilot)
        text = screen_text(app)
        assert "anna@laptop's fix is over: web1 is FRESH" in text
        assert "not seen from here" in text, "the last step: nobody here knows whether it was done"
        assert "★" not in text.split("\n")[0]


def test_where_it_was_over_before_the_next_look_that_is_said_once() -> None:
    at = their_runbook.progress_of(KEY, replace(ANNA, step=safe(""), reached=safe("")), over=True)
    assert [item.status for item in at] == [Status.UNKNOWN] * len(ANNA.steps)
    assert [bool(item.evidence) for item in at] == [True] + [False] * (len(ANNA.steps) - 1)


async def test_another_server_is_free_and_our_own_lock_is_not_hers() -> None:
    engine = FakeEngine(build.incident())
    busy(engine, server="web3")
    app = app_of(engine)
    async with app.run_test(size=(120, 30)) as pilot:
        await press(pilot, "f", "tab", "enter")
        assert len(engine.ran) == 1
        mine = replace(ANNA, who=safe("me@desk"))
        pane = next(pane for pane in engine.board.snapshot().panes if pane.server == "web1")
        assert pane.report is not None
        got = Progress(server="web1", app=build.APP, step="lock", status=Status.DONE, at=build.NOW)
        going = Progress(server="web1", app=build.APP, step=STEPS[1].id, status=Status.RUNNING, at=build.NOW)
        engine.board.put(replace(pane, report=held(pane.report, mine), progress=(got, going)))
        app.flush()
        row = (await press(pilot, "escape")).split("\n")[0]
        assert "▸ 2 runbooks" in row, "ours and hers on web3"
        engine.futures[0].set_result({KEY: Status.DONE})
        app._tick()
        row = (await press(pilot)).split("\n")[0]
        assert "me@desk" not in row
        assert "★ anna@laptop: fix web3 2/5" in row
