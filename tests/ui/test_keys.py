"""Habits of vim, less and k9s: a command after a colon, half a page, one line, a column by its letter."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Input

from stalewatch.dashboard.actions import SCREEN_ACTIONS, ActionContext
from stalewatch.dashboard.app import StalewatchApp
from stalewatch.dashboard.render.sorting import WORST, By, Sorting
from stalewatch.dashboard.screens.confirm import ConfirmScreen
from stalewatch.dashboard.screens.fleet import FleetScreen
from stalewatch.dashboard.screens.help import HelpScreen
from stalewatch.dashboard.screens.palette import ActionPalette, called, likeness
from stalewatch.dashboard.screens.quit_question import QuitScreen
from stalewatch.dashboard.widgets.footer import footer_line
from stalewatch.model.report import Verdict
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press, screen_text, settle, shown
from tests.ui.hands import unhurried


def burst(app: StalewatchApp, *keys: str) -> None:
    """All of *keys* at once, as a terminal brings what was typed while it was busy."""
    for key in keys:
        app.post_message(events.Key({":": "colon", "?": "question_mark"}.get(key, key), key if len(key) == 1 else None))


@pytest.mark.parametrize(("typed", "at_once"), [("q", False), ("q", True), ("q!", True)])
async def test_colon_q_and_enter_quits(typed: str, at_once: bool) -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        if at_once:
            burst(app, ":", *typed, "enter")
        else:
            await pilot.press("colon", *typed, "enter")
        await settle(pilot, 6)
    assert app._exit
    assert app.return_code == 0


async def test_colon_q_asks_while_a_runbook_runs() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f", "tab", "enter", "escape")
        assert engine.futures
        burst(app, ":", "q", "!", "enter")
        await settle(pilot, 6)
        assert isinstance(app.screen, QuitScreen)


@pytest.mark.parametrize(("typed", "screen"), [("help", HelpScreen), ("fix", ConfirmScreen)])
async def test_what_is_typed_after_a_colon_is_no_key(typed: str, screen: type) -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        burst(app, ":", *typed, "enter")
        await settle(pilot, 8)
        assert isinstance(app.screen, screen)
        assert len(engine.asked) == (typed == "fix")
        assert app.model.view.sorting == WORST


@pytest.mark.parametrize(
    "typed", [("fix", "enter", "tab", "enter", "enter", "enter"), ("q", "z", "escape", "escape"), ("help", "enter", "enter")]
)
async def test_a_second_enter_or_esc_behind_a_command_closes_nothing_but_the_palette(typed: tuple[str, ...]) -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        burst(app, ":", *typed[0], *typed[1:])
        await settle(pilot, 8)
        assert isinstance(app.screen_stack[0], FleetScreen)
        assert not isinstance(app.screen, ActionPalette)
        assert not engine.ran
    assert app.return_code != 1


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_ctrl_c_closes_the_palette_as_esc_does(key: str) -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(100, 30)) as pilot:
        await press(pilot, "colon", "r", key)
        assert app.screen is app.screen_stack[0]
        assert app.is_running
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)


async def test_of_a_text_that_is_pasted_into_the_palette_only_as_much_is_searched_for_as_a_command_has() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(100, 30)) as pilot:
        await press(pilot, "colon")
        await pilot.press(*"the table is bare, and the fish is rare " * 5)
        await settle(pilot)
        assert len(app.screen.query_one(Input).value) == 40


async def test_a_command_that_cannot_be_done_says_why_and_nothing_is_lost_after_it() -> None:
    app = app_of(FakeEngine(build.incident(), read_only=True))
    async with app.run_test(size=(80, 24)) as pilot:
        burst(app, ":", *"fix", "enter")
        await settle(pilot, 8)
        assert "fix: read-only: nothing can be changed" in screen_text(app).splitlines()[-1]
        await press(pilot, "A")
        assert app.model.view.sorting == Sorting(By.NAME)


@pytest.mark.parametrize("typed", ["nonsense", "set nu", "e!", "%s/a/b"])
async def test_a_slip_behind_a_colon_does_nothing(typed: str) -> None:
    """The letters of "nonsense" stand in this order in the sentence about the filter: Enter opened that."""
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "colon")
        for char in typed:
            app.post_message(events.Key(char, char))
        before = app.model.view
        assert "No matches" in await shown(pilot, "No matches")
        await press(pilot, "enter", "escape")
        assert app.model.view == before
        assert isinstance(app.screen, FleetScreen)
        assert app.focused is None, "no row to type in was opened"


@pytest.mark.parametrize(
    ("typed", "first"),
    [("so", "sort"), ("reload", "reload"), ("interv", "interval"), ("hit rate", "by hit rate")],
)
def test_what_begins_with_what_was_typed_comes_first(typed: str, first: str) -> None:
    best = max(SCREEN_ACTIONS, key=lambda action: likeness(action, typed))
    assert best.label == first


async def test_a_colon_in_a_dialog_or_a_filter_holds_no_keys_back() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        burst(app, "?", ":")
        await settle(pilot, 6)
        while app.screen is not app.screen_stack[0]:
            await press(pilot, "escape")
        await press(pilot, "A")
        assert app.model.view.sorting == Sorting(By.NAME)
        await press(pilot, "slash", "w", "colon", "e")
        assert app.model.view.filter == "w:e"
        assert not isinstance(app.screen, ActionPalette)


@pytest.mark.parametrize(
    ("words", "id"), [("sort b", None), ("wq", "quit"), ("by name", "sort_name"), ("SORT_NAME", "sort_name"), ("h", "help"), ("", None)]
)
def test_an_action_is_called_by_its_id_or_label_or_short_form(words: str, id: str | None) -> None:
    found = called(words)
    assert (found.id if found else None) == id


async def test_a_letter_sorts_by_its_column_and_again_the_other_way_round() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "t", "down")
        chosen = app.model.selected()
        for key, by in zip("ABDCHM", (By.NAME, By.SINCE, By.DEPLOY, By.COMMIT, By.RATE, By.AGE), strict=True):
            for sorting in (Sorting(by), Sorting(by, True))[: 2 if key in "AM" else 1]:
                text = await press(pilot, key)
                assert app.model.view.sorting == sorting
                assert sorting.words in text.splitlines()[-1]
                assert text.count(sorting.sign) >= 2, "in the head of a column too"
        assert app.model.selected() is chosen
        await press(pilot, "V")
        assert app.model.view.sorting == WORST
        assert app.model.selected().server == "web1"  # type: ignore[union-attr]
        assert "best first" in await press(pilot, "V")


async def test_half_a_page_and_a_line_in_the_table() -> None:
    board = build.incident()
    for number in range(4, 60):
        board.put(build.pane(build.fresh(f"web{number:02}")))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "pagedown")
        at = app.model.panes().index(app.model.selected())  # type: ignore[arg-type]
        await press(pilot, "home", "ctrl+d")
        half = app.model.panes().index(app.model.selected())  # type: ignore[arg-type]
        assert half == at // 2
        await press(pilot, "ctrl+u")
        assert app.model.panes().index(app.model.selected()) == 0  # type: ignore[arg-type]
        await press(pilot, "down", "down", "ctrl+e")
        assert app.model.panes().index(app.model.selected()) == 2, "the cursor stays"  # type: ignore[arg-type]
        assert " 2–" in screen_text(app)
        await press(pilot, "ctrl+e", "ctrl+e")
        assert app.model.panes().index(app.model.selected()) == 3, "at the edge it comes along"  # type: ignore[arg-type]
        assert " 4–" in screen_text(app)
        await press(pilot, "ctrl+y")
        assert app.model.panes().index(app.model.selected()) == 3  # type: ignore[arg-type]
        assert " 3–" in screen_text(app)


async def test_half_a_page_and_a_line_on_a_servers_page_and_in_help() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "ctrl+d", "ctrl+e")
        page = app.screen.query_one("#detail")
        half = page.scroll_offset.y
        assert 8 < half < page.size.height - 4
        await press(pilot, "ctrl+y", "ctrl+u")
        assert page.scroll_offset.y == 0
        await press(pilot, "question_mark", "ctrl+d", "ctrl+e")
        assert app.screen.query_one("#help").scroll_offset.y == 7
        await press(pilot, "ctrl+u", "ctrl+y", "G")
        assert app.screen.query_one("#help").scroll_offset.y > 40
        await press(pilot, "g")
        assert app.screen.query_one("#help").scroll_offset.y == 0


async def test_why_a_key_is_refused_is_said_for_a_while_and_what_comes_with_it_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stalewatch.dashboard.app.REFUSAL", 60.0)
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        burst(app, "x", "2", "f", "enter", "q", "space")
        app.post_message(events.Paste("fq\r"))
        await settle(pilot, 6)
        assert "only on a server's page" in screen_text(app).splitlines()[-1]
        assert app.screen is app.screen_stack[0]
        assert engine.asked == []
        assert app.model.view.marked == frozenset()
        assert app.model.selected().server == "web1"  # type: ignore[union-attr]
        assert not app._exit
        monkeypatch.setattr("stalewatch.dashboard.app.REFUSAL", 0.2)
        await unhurried(pilot)
        burst(app, "x")
        await shown(pilot, "f fix  c clear")


async def test_i_goes_through_the_intervals_and_the_header_says_which() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(120, 24)) as pilot:
        for seconds in (5, 10, 30, 60, 2):
            text = await press(pilot, "i")
            assert engine.interval == seconds
            assert f"looks every {seconds} s" in text.splitlines()[-1]
            assert f"every {seconds} s" in text.splitlines()[0]


async def test_help_begins_with_what_can_be_done_here_now_and_explains_every_mark() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(100, 40)) as pilot:
        text = await press(pilot, "question_mark")
        assert text.index("Here, now") < text.index("f fix") < text.index("Runbook")
        rows = "\n".join(" ".join(row.text.split()) for row in app.screen.query_one("#help").lines)  # type: ignore[attr-defined]
        for words in ("▸ the server that keys act on", "■ marked", "▼ urgent", "▲ ▼ in the head of a column", "▒▒▒"):
            assert words in rows


@pytest.mark.parametrize(("verdict", "first"), [(Verdict.STALE, "f fix"), (Verdict.FRESH, "c clear")])
def test_the_key_that_is_right_now_is_the_first_of_the_last_line(verdict: Verdict, first: str) -> None:
    assert footer_line(ActionContext(verdicts=(verdict,)), 80).text.strip().startswith(first)
