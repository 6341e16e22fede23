"""Dialogs at every size: steps in the order of doing under one number, words that differ, errors whole, and what quitting ends."""

from __future__ import annotations

import re

import msgspec
import pytest

from stalewatch.dashboard.render.plan_lines import plan_lines
from stalewatch.dashboard.render.progress_lines import RunState, brief, progress_lines
from stalewatch.dashboard.render.quit_words import quit_lines
from stalewatch.dashboard.render.runbooks import Running
from stalewatch.dashboard.screens.quit_question import QuitScreen
from stalewatch.model.step_names import LOCK
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, LeftOut, Progress, Request, Status
from tests.builders import incident as build
from tests.builders.fake_engine import STEPS, FakeEngine
from tests.ui.conftest import app_of, press, settle, shown

SIZES = [(80, 24), (50, 15), (120, 40)]
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
KEY = ("web1", build.APP)
OLD, NEW = f"SHA256:{'o1D' * 14}o", f"SHA256:{'n3W' * 14}n"
CHANGED = f"the host key of web1 has changed: it is {NEW}, and known_hosts has {OLD}; ssh-keygen -R web1 removes the old one"


def plan_of(engine: FakeEngine):  # type: ignore[no-untyped-def]
    return engine.plan([KEY], Request(choice=Choice.FIX))


@pytest.mark.parametrize("width", [44, 71, 108])
def test_steps_stand_in_the_order_of_doing_with_the_number_that_they_keep(width: int) -> None:
    plan = plan_of(FakeEngine(build.incident()))
    planned = [int(found[1]) for row in plan_lines(plan, width) if (found := re.match(r" +(\d+) ", row.text))]
    assert planned == [1, 2, 3, 4, 5]
    ids = [*(step.id for step in STEPS), LOCK]
    items = [Progress(server="web1", app=build.APP, step=each, status=Status.DONE, at=build.NOW) for each in ids]
    rows = [row.text for row in progress_lines(RunState(plan, {KEY: items}, {}), width)]
    assert rows[1].split() == ["✓", "lock"], "it was taken before the first step, whenever that is told"
    told = [(int(found[1]), found[2]) for row in rows if (found := re.match(r" ✓ +(\d+) (\w+)", row))]
    assert told == [(number, step.label) for number, step in enumerate(STEPS, 1)]
    texts = [row.text for row in plan_lines(plan, width)]
    assert texts.index("Checks before") < texts.index("Commands that run") < texts.index("Checks after")


async def test_the_plan_of_one_server_says_what_runs_what_the_disk_has_and_why() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "f")
        said = " ".join(row.text.strip() for row in app.screen.scrolled.lines[:8])  # type: ignore[attr-defined]
        assert "Now RetellFunctionCallHandler.php runs as compiled" in said
        assert "the disk has 12:38" in said
        assert "Commands that run" in text, "what runs is still on the first screen"


async def test_the_plan_of_several_servers_says_what_runs_and_why_once_for_those_that_share_it() -> None:
    board = build.Board()
    for report in (build.stale("web1"), build.stale("web2"), build.fresh("web3")):
        board.put(build.pane(report))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "space", "down", "space", "f")
        rows = [row.text.strip() for row in app.screen.scrolled.lines]  # type: ignore[attr-defined]
        said = " ".join(rows[:10])
        assert said.count("Now RetellFunctionCallHandler.php runs as compiled") == 1
        assert "the pool never looks at the disk" in said
        assert rows.index("Checks before") > next(at for at, row in enumerate(rows) if row.startswith("Now ")), "in its head"


def test_servers_of_a_plan_that_run_other_things_are_named_with_them() -> None:
    server = plan_of(FakeEngine(build.incident())).servers[0]
    servers = tuple(msgspec.structs.replace(server, server=safe(f"web{number}")) for number in range(1, 9))
    plan = msgspec.structs.replace(plan_of(FakeEngine(build.incident())), servers=servers)
    why = {each.key: "the pool runs release 41" if number < 2 else f"A{number}.php is old" for number, each in enumerate(servers)}
    rows = [row.text for row in plan_lines(plan, 100, why=why)]
    assert "Now web1 and web2: the pool runs release 41." in rows
    assert "Now web3: A2.php is old." in rows
    assert "… and 3 more servers: each pane says why." in rows


async def test_a_plan_says_how_much_of_it_is_still_below() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "f")
        view = app.screen.scrolled  # type: ignore[attr-defined]
        before = int(re.search(r"(\d+) more lines?: ↓", text)[1])  # type: ignore[index]
        assert before == len(view.lines) - view.size.height
        assert f"{before - 1} more line" in await press(pilot, "down")
        assert "more line" not in await press(pilot, "end"), "nothing is below its end"
        assert f"{before} more line" in await press(pilot, "home")


def test_a_plan_that_cannot_run_is_good_news_only_where_nothing_is_left_to_do() -> None:
    plan = plan_of(FakeEngine(build.incident()))
    nothing = msgspec.structs.replace(plan.servers[0], steps=(), blocked=(), left_out=())
    left = msgspec.structs.replace(nothing, left_out=(LeftOut(safe("another tree"), safe("by hand: sudo systemctl restart php8.3-fpm")),))
    blocked = msgspec.structs.replace(plan.servers[0], blocked=("the new code does not parse",))
    good = "Nothing needs to be done"
    told = {
        what: " ".join(row.text.strip() for row in plan_lines(msgspec.structs.replace(plan, servers=(server,)), 100))
        for what, server in (("nothing", nothing), ("left", left), ("blocked", blocked))
    }
    assert good in told["nothing"]
    assert "nothing to do" in told["nothing"]
    assert good not in told["left"]
    assert "nothing to do" not in told["left"]
    assert "No key ends this" in told["left"]
    assert "by hand: sudo systemctl restart" in told["left"]
    assert good not in told["blocked"]
    assert "blocked, nothing will run here: the new code does not parse" in told["blocked"]


async def test_a_plan_with_nothing_to_run_says_how_it_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine(build.incident())
    plan = plan_of(engine)
    left = (LeftOut(safe("another tree"), safe("by hand: sudo systemctl restart php8.3-fpm")),)
    nothing = msgspec.structs.replace(plan, servers=(msgspec.structs.replace(plan.servers[0], steps=(), left_out=left),))
    monkeypatch.setattr(engine, "plan", lambda *_: nothing)
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "f")
        assert "nothing to run; esc closes" in text
        assert "enter: run" not in text
        assert "Cancel" not in await press(pilot, "escape")


def test_an_invalidation_is_no_reload_in_any_dialog() -> None:
    """What loses no request is called the same where it is planned, while it runs and once it is done."""
    from stalewatch.dashboard.render.plan_words import cost
    from stalewatch.runbook.steps import INVALIDATE

    step = INVALIDATE.step("opcache_invalidate('/srv/app/a.php', true)", "1 script is older", what="1 script in OPcache")
    server = msgspec.structs.replace(plan_of(FakeEngine(build.incident())).servers[0], steps=(step,))
    assert cost(server) == "no reload: no request is lost"
    plan = msgspec.structs.replace(plan_of(FakeEngine(build.incident())), servers=(server,))
    done = Progress(server="web1", app=build.APP, step=step.id, status=Status.DONE, at=build.NOW)
    for rows in (plan_lines(plan, 100), progress_lines(RunState(plan, {KEY: [done]}, {KEY: "done"}, True), 100)):
        text = "\n".join(row.text for row in rows).replace("no reload: no request is lost", "")
        assert "invalidate" in text
        assert "reload" not in text


@pytest.mark.parametrize("width", [20, 26, 31, 40, 55])
def test_two_commands_that_differ_in_one_word_still_do_when_they_are_cut(width: int) -> None:
    config, routes = brief(STEPS[1].command, width), brief(STEPS[2].command, width)
    assert len(config) <= width
    assert "config:cache" in config
    assert "route:cache" in routes


@sizes
async def test_why_a_step_failed_is_whole_with_both_fingerprints(size: tuple[int, int]) -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "f", "tab", "enter")
        old = next(pane for pane in engine.board.snapshot().panes if pane.server == "web1")
        failed = Progress(server="web1", app=build.APP, step=STEPS[1].id, status=Status.FAILED, evidence={"why": safe(CHANGED, 1000)})
        engine.board.put(msgspec.structs.replace(old, progress=(failed,)))
        engine.futures[0].set_result({KEY: Status.FAILED})
        app.flush()
        await shown(pilot, "✗ web1 failed")
        rows = "".join("".join(row.text.split()) for row in app.screen.scrolled.lines)  # type: ignore[attr-defined]
        assert NEW in rows
        assert OLD in rows
        assert "removestheoldone" in rows
        assert "look ag" in await press(pilot, *["down"] * 12), "the last row can be reached"


@sizes
async def test_quitting_asks_about_everything_that_runs_and_says_what_becomes_of_it(size: tuple[int, int]) -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine, recording="/var/tmp/night.rec")
    async with app.run_test(size=size) as pilot:
        assert "● REC" in (await press(pilot)).split("\n")[0]
        await press(pilot, "f", "tab", "enter")
        engine.progress("web1", STEPS[0].id, running=STEPS[1].id)
        app.flush()
        text = await press(pilot, "escape", "q")
        said = "".join("".join(row.text.split()) for row in app.screen.scrolled.lines)  # type: ignore[attr-defined]
        for words in ("2 things are running. Quit anyway?", "▸ fix web1 2/5", "No later step starts", "● recording /var/tmp/night.rec"):
            assert "".join(words.split()) in said, words
        assert "Stay" in text
        assert re.search(r"Quit +│", text)
        assert "Staying is the safe answer" in await press(pilot, *["down"] * 6)


async def test_a_recording_alone_is_asked_about_and_nothing_at_all_is_not() -> None:
    for recording, asks in (("night.rec", True), ("", False)):
        app = app_of(FakeEngine(build.incident()), recording=recording)
        async with app.run_test(size=(80, 24)) as pilot:
            text = await press(pilot, "q")
            assert isinstance(app.screen, QuitScreen) is asks if app.screen_stack else not asks
            if asks:
                assert "This is being recorded. Quit anyway?" in text
                await press(pilot, "tab", "enter")
        assert app.return_code == 0


async def test_the_question_before_leaving_follows_what_runs() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f", "tab", "enter")
        engine.progress("web1", STEPS[0].id, running=STEPS[1].id)
        app.flush()
        assert "▸ fix web1 2/5" in await press(pilot, "escape", "q")
        engine.progress("web1", STEPS[0].id, STEPS[1].id, running=STEPS[2].id)
        app.flush()
        assert "Quit anyway?" in await shown(pilot, "▸ fix web1 3/5")
        engine.futures[0].set_result({KEY: Status.DONE})
        text = await shown(pilot, "Nothing runs any more. Quit?")
        assert "The runbook has ended: o shows how." in text
        assert "anyway" not in text
        assert "fix web1" not in text
        await press(pilot, "tab", "enter")
    assert app.return_code == 0


async def test_what_ended_behind_the_question_is_asked_anew() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f", "tab", "enter", "escape", "q", "tab")
        engine.futures[0].set_result({KEY: Status.FAILED})
        await shown(pilot, "Nothing runs any more")
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, QuitScreen), "nobody has seen it yet"
        await press(pilot, "escape")
        assert app.is_running


def test_what_others_run_is_not_ended_by_quitting() -> None:
    rows = " ".join(row.text for row in quit_lines([Running("fix", "web1", 2, 5)], "", 60))
    assert "A runbook is running. Quit anyway?" in rows
    assert "recording" not in rows


async def test_somebody_elses_runbook_does_not_keep_anybody_here() -> None:
    from tests.ui.test_two_people import busy

    engine = FakeEngine(build.incident())
    busy(engine)
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("q")
        await settle(pilot)
        assert not isinstance(app.screen, QuitScreen) if app.screen_stack else True
    assert app.return_code == 0
