"""From a key to a plan to a confirmation: nothing is executed by a single key."""

from __future__ import annotations

import base64

import msgspec
import pytest

from stalewatch.cli.commands.demo import ACTING
from stalewatch.dashboard.render import markdown
from stalewatch.dashboard.render.plan_words import cost
from stalewatch.dashboard.render.progress_lines import RunState, head_lines, progress_lines
from stalewatch.dashboard.render.times import Clock
from stalewatch.dashboard.screens.confirm import CHANGED, ConfirmScreen, PlanView
from stalewatch.dashboard.screens.progress import ProgressScreen
from stalewatch.model.fixing import Fixing, InFlight
from stalewatch.model.text import SafeText, safe
from stalewatch.runbook.plan import Choice, Progress, Request, ServerPlan, Status
from tests.builders import incident as build
from tests.builders.fake_engine import STEPS, FakeEngine
from tests.ui.conftest import app_of, press, screen_text, settle, shown


async def test_f_shows_every_command_and_cancel_has_the_focus() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "f")
        plan = " ".join(" ".join(row.text for row in app.screen.query_one(PlanView).lines).split())
        for step in STEPS:
            assert step.command in plan, "no command is cut"
            assert str(step.reason) in plan
        assert "left out: cache:clear" in text
        assert app.focused is not None
        assert app.focused.id == "cancel"
        await press(pilot, "enter")
        assert engine.ran == []
        assert not isinstance(app.screen, ConfirmScreen)


async def test_one_server_tab_enter_runs_exactly_the_confirmed_plan() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f")
        assert isinstance(app.screen, ConfirmScreen)
        shown = app.screen.plan
        await press(pilot, "tab", "enter")
        assert engine.ran == [shown]
        assert isinstance(app.screen, ProgressScreen)


@pytest.mark.parametrize("reason", ["production", "in_flight", "several", "deploying"])
async def test_where_it_is_dangerous_the_apps_name_is_typed(reason: str) -> None:
    engine = FakeEngine(build.incident(), production=reason == "production")
    engine.in_flight = 3 if reason == "in_flight" else 0
    engine.deploying = reason == "deploying"
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, *(("space", "space") if reason == "several" else ()), "r")
        assert app.screen.query_one("#run").disabled
        await press(pilot, "tab", *"api-gate", "enter")
        assert engine.ran == []
        await press(pilot, *"way")
        assert not app.screen.query_one("#run").disabled
        await press(pilot, "enter")
        assert engine.ran == []
        assert app.focused is not None
        assert app.focused.id == "run"
        await press(pilot, "enter")
        assert len(engine.ran) == 1


async def test_changed_evidence_refuses_the_answer_and_redraws_the_plan() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "f")
        engine.valid = False
        text = await press(pilot, "tab", "enter")
        assert engine.ran == []
        assert CHANGED[:60] in text
        assert len(engine.asked) == 2
        assert app.focused is not None
        assert app.focused.id == "cancel"


async def test_a_asks_for_the_whole_sequence() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f", "a", "a", "x")
    assert [(request.everything, request.cache_clear) for request in engine.asked] == [
        (False, False),
        (True, False),
        (False, False),
        (False, True),
    ]


async def test_v_looks_at_once_also_read_only() -> None:
    engine = FakeEngine(build.incident(), read_only=True)
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "v")
    assert engine.looked == [[("web1", build.APP)]]


@pytest.mark.parametrize("key", ["c", "b", "r", "f"])
async def test_a_server_that_the_file_keeps_read_only_says_so_and_gets_no_plan(key: str) -> None:
    engine = FakeEngine(build.incident())
    for pane in engine.board.snapshot().panes:
        engine.board.put(msgspec.structs.replace(pane, read_only=pane.server == "web1"))
    app = app_of(engine)
    async with app.run_test(size=(100, 24)) as pilot:
        text = await press(pilot, key)
        assert "read_only is set in stalewatch.toml: nothing is changed here" in text
        assert "· read-only" in text
        assert engine.asked == []
        await press(pilot, "space", "space", "r")
        assert len(engine.asked) == 1, "the other one that is marked may be acted on: the plan names the one that may not"


@pytest.mark.parametrize("key", ["c", "b", "r", "f"])
@pytest.mark.parametrize("where", ["fleet", "server"])
async def test_read_only_says_so_and_no_acting_key_opens_anything(key: str, where: str) -> None:
    engine = FakeEngine(build.incident(), read_only=True)
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        assert "READ-ONLY" in await press(pilot, *(["enter"] if where == "server" else []))
        text = await press(pilot, key)
        assert "read-only: nothing can be changed" in text
        assert engine.asked == []


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ("dashboard", "read-only here: stalewatch fix deploy@web1 --app /var/www/api-gateway"),
        ("demo", f"read-only here: {ACTING}"),
        ("server", "read_only is set in stalewatch.toml: only who may change that acts here"),
    ],
)
async def test_where_no_key_may_end_it_the_page_and_the_pane_say_what_does(kept: str, words: str) -> None:
    engine = FakeEngine(build.incident(), read_only=kept != "server")
    for pane in engine.board.snapshot().panes:
        engine.board.put(msgspec.structs.replace(pane, read_only=kept == "server"))
    engine.board.put(build.pane(build.stale("web3"), read_only=kept == "server"))
    app = app_of(engine, acting=ACTING if kept == "demo" else "")
    async with app.run_test(size=(200, 60)) as pilot:
        text = await press(pilot, "home")
        assert f"do: {words.partition(':')[0]}" in text, "of the other one, which the sentence above does not explain"
        text = await press(pilot, "enter")
        assert "what to press" not in text
        assert words in " ".join(text.partition("what to do")[2].split())


async def test_fix_on_a_fresh_server_says_why_not() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "fix: nothing is stale here" in await press(pilot, "down", "f")


async def test_progress_is_live_and_q_asks_while_it_runs() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f", "tab", "enter")
        engine.progress("web1", "preflight-fpm", running="rebuild-config")
        app.flush()
        await settle(pilot)
        text = screen_text(app)
        assert "✓  1 preflight" in text
        assert "▸  2 rebuild" in text
        text = await press(pilot, "escape", "q")
        assert "A runbook is running. Quit anyway?" in text
        await press(pilot, "enter")
        assert app.is_running
        engine.futures[0].set_result({("web1", build.APP): Status.DONE})
        assert "✓ verified" in await press(pilot, "o")


async def test_the_key_that_fixes_is_not_named_while_it_would_be_refused() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot)
        assert "· f fix" in text
        assert "press: f" in text
        await press(pilot, "f", "tab", "enter", "escape")
        engine.progress("web1", "preflight-fpm", running="rebuild-config")
        app.flush()
        text = await press(pilot, "down")
        assert "a runbook is running" in await press(pilot, "up", "f")
        assert "STALE  web1 runs old code since 12:38" in text
        assert "f fix" not in text.splitlines()[1] + text.splitlines()[2]
        assert "press: f" not in text
        assert "what to press" not in await press(pilot, "enter")
        engine.futures[0].set_result({("web1", build.APP): Status.FAILED})
        engine.progress("web1", "preflight-fpm")
        app.flush()
        assert "what to press" in await press(pilot)
        assert "· f fix" in await press(pilot, "escape")


async def test_y_copies_the_plan_through_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    app = app_of(FakeEngine(build.incident()))
    sent: list[str] = []
    async with app.run_test(size=(80, 24)) as pilot:
        monkeypatch.setattr(app, "write_escape", sent.append)
        await press(pilot, "f", "y", "escape", "y", "enter", "y")
    plan, status, findings = (base64.b64decode(text[7:-1]).decode() for text in sent)
    assert "sudo -n systemctl reload php8.3-fpm.service" in plan
    assert "**STALE** since 2025-10-24 12:38:02" in status
    assert "opcache.stale-bytecode" in findings


def test_choices_of_the_table_are_those_of_plans() -> None:
    from stalewatch.dashboard.actions import ACTIONS

    assert {action.choice for action in ACTIONS if action.choice} == set(Choice)


@pytest.mark.parametrize(("in_flight", "words"), [(0, "no request is in flight"), (2, "2 requests in flight will be killed")])
async def test_the_first_lines_say_what_will_change_and_what_that_costs(in_flight: int, words: str) -> None:
    engine = FakeEngine(build.incident())
    engine.in_flight = in_flight
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f")
        rows = [row.text for row in app.screen.query_one(PlanView).lines]
    assert rows[1] == "Rebuild config, routes; reload PHP-FPM gracefully;"
    assert rows[2] == f"{words}."
    first_check = next(at for at, row in enumerate(rows) if "php-fpm8.3 -t" in row)
    first_act = next(at for at, row in enumerate(rows) if "config:cache" in row)
    last_look = next(at for at, row in enumerate(rows) if "look again" in row)
    assert 2 < first_check < first_act < last_look, "what changes is said first; then the steps as they follow each other"


async def test_servers_that_are_done_alike_are_told_once_and_each_has_its_sentence() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "space", "space", "space", "r")
        rows = [row.text for row in app.screen.query_one(PlanView).lines]
    assert sorted(row.split()[0] for row in rows if "reload PHP-FPM gracefully" in row) == ["web1", "web2", "web3"]
    assert sum("systemctl reload" in row for row in rows) == 1
    assert any(sorted(row.split(", ")) == ["web1", "web2", "web3"] for row in rows)


async def test_i_takes_the_gentle_way_and_back_also_where_a_reload_was_asked_for() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "r", "i", "i")
    assert [(request.choice, request.invalidate) for request in engine.asked] == [
        (Choice.RELOAD, False),
        (Choice.FIX, True),
        (Choice.RELOAD, False),
    ]


async def test_w_reloads_now_or_waits_again_where_requests_are_in_flight() -> None:
    engine = FakeEngine(build.incident())
    engine.fleet = msgspec.structs.replace(engine.fleet, fixing=Fixing(in_flight_wait=5.0))
    app = app_of(engine)
    async with app.run_test(size=(150, 40)) as pilot:
        await press(pilot, "r", "w")
        engine.in_flight = 3
        await press(pilot, "escape", "r")
        assert "w reload now, kills 3" in screen_text(app)
        await press(pilot, "w")
        assert "w wait for idle" in screen_text(app)
        await press(pilot, "w")
    assert [(request.in_flight, request.in_flight_wait) for request in engine.asked] == [
        (InFlight.WAIT, 5.0),  # nothing is in flight: w does nothing
        (InFlight.WAIT, 5.0),
        (InFlight.KILL, 5.0),
        (InFlight.WAIT, 5.0),
    ]


async def test_d_overrides_a_deploy_under_way_and_nothing_where_there_is_none() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(150, 40)) as pilot:
        await press(pilot, "r", "d", "escape")
        engine.deploying = True
        await press(pilot, "r")
        assert "d despite the deploy" in screen_text(app)
        await press(pilot, "d", "d")
    assert [request.during_deploy for request in engine.asked] == [False, False, True, False]


def test_a_plan_that_waits_does_not_say_that_it_kills() -> None:
    reload = next(step for step in STEPS if step.interrupts)
    waits = ServerPlan(server="web1", app=SafeText("/srv/app"), steps=(msgspec.structs.replace(reload, idle=30.0),), in_flight=2)
    assert cost(waits) == "waits up to 30 s for 2 requests in flight, then refuses the reload"
    assert cost(msgspec.structs.replace(waits, steps=(reload,))) == "2 requests in flight will be killed"


@pytest.mark.parametrize("key", ["escape", "enter", "q"])
async def test_the_result_stands_on_top_any_key_closes_it_and_q_then_quits(key: str) -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f", "tab", "enter")
        assert "▸ running" in screen_text(app)
        engine.futures[0].set_result({("web1", build.APP): Status.DONE})
        await shown(pilot, "✓ web1 verified: runs the code on its disk")
        await press(pilot, key)
        assert not isinstance(app.screen, ProgressScreen)
        await press(pilot, "q")
    assert app.return_code == 0


@pytest.mark.parametrize(
    ("status", "words"),
    [(Status.FAILED, "✗ web1 failed"), (Status.UNKNOWN, "? web1: outcome unknown, look again"), (Status.SKIPPED, "– web1 not started")],
)
def test_how_it_ended_is_said_in_plain_words(status: Status, words: str) -> None:
    engine = FakeEngine(build.incident())
    plan = engine.plan([("web1", build.APP)], Request(choice=Choice.FIX))
    run = RunState(plan, {}, {("web1", build.APP): status.value}, True)
    assert head_lines(run, 76)[0].text.strip().startswith(words)
    assert "verified" not in head_lines(run, 76)[0].text


def test_what_is_done_partly_is_not_called_verified() -> None:
    engine = FakeEngine(build.incident())
    plan = engine.plan([("web1", build.APP)], Request(choice=Choice.FIX))
    run = RunState(plan, {}, {("web1", build.APP): "partly"}, True)
    head = head_lines(run, 120)[0]
    assert head.text.strip() == "~ web1 partly: the planned changes are in place, and not everything is fresh"
    assert head.spans[0].role == "suspect"
    assert "~ partly" in "".join(row.text for row in progress_lines(run, 120))


async def test_at_the_end_the_result_is_in_sight_however_far_the_steps_had_scrolled() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f", "tab", "enter")
        engine.progress(
            "web1", *(step.id for step in STEPS[:-1]), running=STEPS[-1].id, proof={f"proof {n}": safe("seen") for n in range(6)}
        )
        app.flush()
        screen = app.screen
        assert isinstance(screen, ProgressScreen)
        await shown(pilot, "▸ web1: verify")
        await settle(pilot)
        assert screen.scrolled.scroll_offset.y > 0
        engine.futures[0].set_result({("web1", build.APP): Status.DONE})
        await shown(pilot, "✓ web1 verified")
        assert screen.scrolled.scroll_offset.y == 0


SENTENCE = "web1 ran old code 18 min; fixed in 6 s; 0 requests lost; errors stopped 2025-10-24 10:52:24Z"


def test_the_sentence_after_a_fix_is_in_the_dialog_and_in_what_y_copies() -> None:
    engine = FakeEngine(build.incident())
    plan = engine.plan([("web1", build.APP)], Request(choice=Choice.FIX))
    result = Progress(server="web1", app=build.APP, step="result", status=Status.DONE, evidence={"in short": safe(SENTENCE)}, at=build.NOW)
    run = RunState(plan, {("web1", build.APP): (result,)}, {("web1", build.APP): "done"}, True, clock=Clock(build.NOW))
    said = "web1 ran old code 18 min; fixed in 6 s; 0 requests lost; errors stopped 12:52:24"
    assert said in " ".join(" ".join(row.text for row in progress_lines(run, 120)).split())
    pane = msgspec.structs.replace(build.pane(build.fresh("web1")), progress=(result,))
    assert said in markdown.status([pane], Clock(build.NOW), "")
    assert "fixed in" not in markdown.status([build.pane(build.fresh("web1"))], Clock(build.NOW), "")
