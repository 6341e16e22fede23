"""The filter's row: how many match, what it hides that nobody should miss, and the words that tab completes."""

from __future__ import annotations

import msgspec
import pytest

from stalewatch.dashboard import order
from stalewatch.dashboard.render.filtering import Completed, completed, known_words, matches_line
from stalewatch.engine.board import Pane
from stalewatch.model.report import Verdict
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press


def fleet() -> list[Pane]:
    """Two stale, one unknown, two fresh, and one that is still connecting."""
    unknown = msgspec.structs.replace(build.fresh("db1"), verdict=Verdict.UNKNOWN)
    seen = [build.fresh("web1"), build.stale("web7"), unknown, build.stale("api2"), build.fresh("web2")]
    return [*(build.pane(report) for report in seen), Pane(server="new1", app=build.SafeText(""), step="tcp")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("web1", "1 of 6  hides  ✗ 2 stale  web7 and api2"),
        ("web", "3 of 6  hides  ✗ 1 stale  api2"),
        ("stale", "2 of 6"),
        ("!fresh !connecting", "3 of 6"),
        ("nothing", "0 of 6  hides  ✗ 2 stale  web7 and api2"),
    ],
)
def test_a_filter_says_how_many_match_and_which_stale_ones_it_hides(words: str, said: str) -> None:
    panes = fleet()
    assert matches_line([pane for pane in panes if order.matches(pane, words)], panes, 56).text == said


def test_without_a_stale_one_it_says_what_is_worse_than_everything_that_is_shown() -> None:
    panes = [pane for pane in fleet() if pane.report is None or pane.report.verdict is not Verdict.STALE]
    fresh = [pane for pane in panes if pane.server == "web1"]
    unknown = [pane for pane in panes if pane.server == "db1"]
    assert matches_line(fresh, panes, 56).text == "1 of 4  hides  ? 1 unknown  db1"
    assert matches_line(unknown, panes, 56).text == "1 of 4", "what is hidden is no worse"


def test_many_hidden_ones_are_counted_and_what_is_cut_is_marked() -> None:
    panes = [build.pane(build.stale(f"server-with-a-long-name-{n}")) for n in range(9)]
    assert matches_line([], panes, 90).text.endswith(" and 7 more")
    narrow = matches_line([], panes, 36)
    assert narrow.width == 36
    assert narrow.text.endswith("…")
    assert "✗ 9 stale" in narrow.text


@pytest.mark.parametrize(
    ("value", "cursor", "made"),
    [
        ("sta", 3, Completed("stale ", 6)),
        ("!fre", 4, Completed("!fresh ", 7)),
        ("stale op", 8, Completed("stale opcache ", 14)),
        ("op stale", 2, Completed("opcache stale", 7)),
        ("s", 1, Completed("s", 1, ("stale", "suspect"))),
        ("WE", 2, Completed("web", 3, ("web1", "web2", "web7"))),
        ("zzz", 3, Completed("zzz", 3)),
    ],
)
def test_tab_completes_the_word_at_the_cursor_as_far_as_it_is_settled(value: str, cursor: int, made: Completed) -> None:
    got = completed(value, cursor, known_words(fleet()))
    assert (got.value, got.cursor, sorted(got.words)) == (made.value, made.cursor, sorted(made.words))


async def test_tab_completes_in_the_row_enter_keeps_the_filter_and_esc_clears_it() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "slash", *"s", "tab")
        assert "stale  suspect" in text
        text = await press(pilot, *"t", "tab")
        assert [pane.server for pane in app.model.panes()] == ["web1"]
        assert "1 of 3" in text
        assert not app.model.view.on_timeline, "tab stays in the row"
        text = await press(pilot, *"web2", "enter")
        assert "0 of 3  hides  ✗ 1 stale  web1" in text
        text = await press(pilot, "escape")
        assert "0 of 3" not in text
        assert len(app.model.panes()) == 3


async def test_esc_leaves_an_empty_filter() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "tab completes" in await press(pilot, "slash")
        assert "tab completes" not in await press(pilot, "escape")
        await press(pilot, "p")
        assert app.model.view.frozen is not None, "keys are the screen's again"


async def test_a_mark_that_the_filter_hides_is_said_and_takes_no_key() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 40)) as pilot:
        assert "■ 1 marked " in await press(pilot, "2", "space")
        assert "■ 1 marked, 1 hidden: left alone" in await press(pilot, "slash", *"web1", "enter")
        assert [pane.server for pane in app.model.targets()] == ["web1"]
        assert "web2" not in await press(pilot, "f")
        assert "■ 1 marked " in await press(pilot, "escape", "escape")
        assert [pane.server for pane in app.model.targets()] == ["web2"], "it is still marked"
