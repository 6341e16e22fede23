"""What a person meets on the page of one server before and beside what it says."""

from __future__ import annotations

import pytest

from stalewatch.dashboard.screens.server import ServerScreen
from stalewatch.diagnosis.rules import RULES
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press, screen_text, settle, shown
from tests.ui.hands import unhurried


async def test_the_page_of_a_server_that_connects_shows_its_app_once_it_is_found() -> None:
    board = build.Board()
    board.put(build.Pane(server="web1", app=build.SafeText(""), step="host key", step_since=97.0))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "not looked at yet" in await press(pilot, "enter")
        board.put(build.pane(build.stale("web1")), replaces=("web1", build.SafeText("")))
        assert "1 Verdict, and why" in await shown(pilot, "✗ STALE 24 min")


@pytest.mark.parametrize("word", ["/opcache", "/fpm", "/routes"])
async def test_a_word_typed_where_nothing_can_be_searched_does_nothing(word: str) -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 40)) as pilot:
        before = await press(pilot, "enter")
        await pilot.press(*("slash" if key == "/" else key for key in word))
        await settle(pilot)
        after = screen_text(app)
        assert isinstance(app.screen, ServerScreen)
        assert after.splitlines()[:-1] == before.splitlines()[:-1], "not frozen, nothing opened"
        assert "only in the fleet" in after
        await unhurried(pilot)
        assert "FROZEN" in await press(pilot, "p")


async def test_the_finding_under_the_cursor_is_explained_in_plain_sentences() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        await unhurried(pilot)
        said = await press(pilot, "x")
        assert "what it means" in said
        assert "opcache.stale-bytecode" in said
        assert " ".join(RULES["opcache.stale-bytecode"].meaning.split()[:6]) in said
        await unhurried(pilot)
        await press(pilot, "escape")
        assert isinstance(app.screen, ServerScreen)
        assert app.screen.finding is not None, "the cursor stays"
        assert app.screen.finding.code == "opcache.stale-bytecode"


async def test_where_nothing_was_found_there_is_nothing_to_explain() -> None:
    board = build.Board()
    board.put(build.pane(build.fresh("web2")))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        await unhurried(pilot)
        assert "no findings" in await press(pilot, "x")
        assert isinstance(app.screen, ServerScreen)
