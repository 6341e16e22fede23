"""What was not seen is not answered: bursts, pastes, held keys and clicks, on a clock that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual import events

from stalewatch.dashboard.screens.confirm import PASTED, ConfirmScreen
from stalewatch.dashboard.screens.quit_question import QuitScreen
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press, screen_text, settle
from tests.ui.hands import clock_of, painted, unhurried

if TYPE_CHECKING:
    from textual.pilot import Pilot


async def burst(pilot: Pilot[int], *keys: str) -> None:
    """*keys* as they come from the terminal when all are there at once."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await settle(pilot, 10)
    await painted(pilot)


@pytest.mark.parametrize("key", ["r", "f", "c", "b"])
@pytest.mark.parametrize("rest", [("enter",), ("tab", "enter"), ("tab", "tab", "enter"), ("right", "enter")])
@pytest.mark.parametrize("production", [False, True])
async def test_what_opens_a_plan_and_all_that_comes_with_it_runs_nothing(key: str, rest: tuple[str, ...], production: bool) -> None:
    engine = FakeEngine(build.incident(), production=production)
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await burst(pilot, key, *rest)
        assert isinstance(app.screen, ConfirmScreen)
        assert app.focused is not None
        assert app.focused.id == "cancel", "keys that came too early moved nothing"
        await unhurried(pilot)
        await settle(pilot, 5)
        assert engine.ran == [], "nor were they kept for later"
        if not production:
            await press(pilot, "tab", "enter")
            assert len(engine.ran) == 1


@pytest.mark.parametrize("keys", [("tab", "enter"), ("tab", "tab", "tab", "enter"), ("a", "tab", "enter"), ("right", "enter")])
async def test_keys_that_come_at_once_run_nothing_also_in_a_plan_that_was_seen(keys: tuple[str, ...]) -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f")
        await burst(pilot, *keys)
        assert engine.ran == []
        assert isinstance(app.screen, ConfirmScreen)


async def test_enter_meant_for_cancel_never_presses_run_also_when_tab_was_still_under_way() -> None:
    """Typed with time between them, and handled at once: as where the program had no time for its terminal."""
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f")
        clock_of(pilot).step = 1.0
        await burst(pilot, "tab", "enter")
        assert engine.ran == []
        clock_of(pilot).step = 0.0
        assert isinstance(app.screen, ConfirmScreen)
        await press(pilot, "enter")
        assert len(engine.ran) == 1


async def test_a_plan_that_changed_must_be_seen_again() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f")
        await pilot.press("a")
        await painted(pilot)
        for _ in range(3):
            clock_of(pilot).at += 0.1
            await pilot.press("tab", "enter")
        await settle(pilot)
        assert engine.ran == []
        assert app.focused is not None
        assert app.focused.id == "cancel"
        await press(pilot, "tab", "enter")
        assert len(engine.ran) == 1


async def test_it_says_when_enter_runs_it_and_not_before() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("f")
        await painted(pilot)
        assert "enter: run" not in screen_text(app)
        await unhurried(pilot)
        await settle(pilot)
        assert "tab, enter: run" in screen_text(app)
        text = await press(pilot, "tab")
        assert "enter: run" in text
        assert "tab, enter: run" not in text


async def test_a_held_key_does_not_answer_what_it_opened() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "ctrl+p", *"reload")
        await pilot.press("enter")
        for _ in range(100):
            if isinstance(app.screen, ConfirmScreen):
                break
            await pilot.pause(0.05)
        assert isinstance(app.screen, ConfirmScreen)
        await press(pilot, "enter", "enter", "enter")
        assert isinstance(app.screen, ConfirmScreen)
        await press(pilot, "tab", "enter")
        assert len(engine.ran) == 1


@pytest.mark.parametrize("how", ["marked as a paste", "as keys"])
async def test_a_name_that_is_pasted_is_not_typed(how: str) -> None:
    engine = FakeEngine(build.incident(), production=True)
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f", "tab")
        if how == "as keys":
            await burst(pilot, *"api-gateway", "enter", "enter")
        else:
            app.post_message(events.Paste("api-gateway\n\n"))
            await settle(pilot, 5)
        assert app.screen.query_one("#word").value == ""  # type: ignore[attr-defined]
        assert app.screen.query_one("#run").disabled
        assert PASTED in screen_text(app)
        await press(pilot, *"api-gateway", "enter", "enter")
        assert len(engine.ran) == 1


async def test_a_paste_runs_nothing_where_no_name_is_asked_for() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f", "tab")
        app.post_message(events.Paste("\n"))
        await burst(pilot, "enter")
        assert engine.ran == []


async def test_a_click_counts_as_little_as_a_key_before_the_plan_was_seen() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("f")
        await painted(pilot)
        await pilot.click("#run")
        await settle(pilot)
        assert engine.ran == []
        await unhurried(pilot)
        while app.screen.query_one("#run").has_class("-active"):  # Textual's button takes no click while it still shows the last one
            await pilot.pause(0.02)
        await pilot.click("#run")
        await settle(pilot)
        assert len(engine.ran) == 1


async def test_a_program_that_was_stopped_shows_the_plan_again_before_it_is_answered() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f", "tab")
        app.unsee()
        await pilot.press("enter")
        await settle(pilot)
        assert engine.ran == []
        app.paint_all()
        await press(pilot, "enter")
        assert len(engine.ran) == 1


async def test_the_question_before_leaving_is_asked_with_the_same_care() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f", "tab", "enter", "escape")
        await burst(pilot, "q", "tab", "enter")
        assert isinstance(app.screen, QuitScreen)
        assert app.is_running
        await press(pilot, "tab")
        assert app.focused is not None
        assert app.focused.id == "quit"
        await pilot.press("enter")
        await settle(pilot)
    assert app.return_code == 0


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_no_can_be_said_at_any_time(key: str) -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("f", key)
        await settle(pilot)
        assert not isinstance(app.screen, ConfirmScreen)
        assert engine.ran == []
