"""Search on every page: what is typed is found and lit, counted, gone through with n and N, and never reaches a key."""

from __future__ import annotations

import re
from concurrent.futures import Future
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from stalewatch.dashboard.render.lines import Line, Span, line
from stalewatch.dashboard.render.searching import HERE, MATCH, Match, Tally, first_from, lit, lit_rows, matches_in, pattern_of
from stalewatch.dashboard.screens.confirm import ConfirmScreen
from stalewatch.dashboard.screens.fleet import FleetScreen
from stalewatch.dashboard.screens.help import HelpScreen, HelpView
from stalewatch.dashboard.screens.server import ServerScreen
from stalewatch.engine.board import Pane
from stalewatch.runbook.plan import Choice, Request
from stalewatch.timeline import EventKind
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, burst, press, screen_text, settle, shown, typed
from tests.ui.test_timeline import fixed_by_mara

if TYPE_CHECKING:
    from stalewatch.dashboard.app import StalewatchApp


@pytest.mark.parametrize(
    ("typed", "text", "found"),
    [
        ("cache", "OPcache, cache", ["cache", "cache"]),
        ("opcache", "OPcache, opcache", ["OPcache", "opcache"]),
        ("OPcache", "OPcache, opcache", ["OPcache"]),
        (r"\S+\.php", "a Foo.php b", ["Foo.php"]),
        ("reset(", "opcache_reset() x", ["reset("]),
        ("$this->", "uses $this->x", ["$this->"]),
        ("web[12]", "web1 web3 web[12]", ["web1", "web[12]"]),
        ("+ good", "+ good 3", ["+ good"]),
        ("x*", "abc", []),
        ("", "abc", []),
    ],
)
def test_what_is_typed_is_found_as_it_stands_and_as_a_pattern_where_it_is_one(typed: str, text: str, found: list[str]) -> None:
    pattern = pattern_of(typed)
    matches = matches_in(pattern, [text]) if pattern else []
    assert [text[match.begin : match.end] for match in matches] == found


def test_matches_are_lit_across_spans_and_nothing_else_of_the_row_changes() -> None:
    row = line(Span("ab", "title"), Span("cd", "muted", "open"), Span("ef"))
    assert lit(row, [(1, 3, HERE), (5, 6, MATCH)]) == Line(
        (Span("a", "title"), Span("b", HERE), Span("c", HERE, "open"), Span("d", "muted", "open"), Span("e"), Span("f", MATCH))
    )
    assert lit(row, []) == row


BROKEN = [
    "  ✗ the pool never looks at the",
    "    disk, and /srv/app/Http/Contro",
    "    llers/Home.php runs old",
    "",
    "    never",
    "    web2",
]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("at the disk", [(0, 25, 31, (4, 8))]),
        ("the disk, AND", []),
        ("Http/Controllers", [(1, 23, 34, (4, 9))]),
        ("runs old never", []),
        ("never web2", []),
        ("never.*disk", []),
        ("the", [(0, 4, 7, None), (0, 28, 31, None)]),
    ],
)
def test_what_is_broken_over_two_rows_is_found_once_and_what_only_stands_below_is_not(
    typed: str, found: list[tuple[int, int, int, tuple[int, int] | None]]
) -> None:
    pattern = pattern_of(typed)
    assert pattern is not None
    assert [tuple(match) for match in matches_in(pattern, BROKEN, 34)] == found


def test_a_path_that_is_broken_behind_a_slash_is_found() -> None:
    pattern = pattern_of("app/Http")
    assert pattern is not None
    assert [tuple(match) for match in matches_in(pattern, ["  in /srv/app/", "    Http/VeryLongControllerName.php"], 36)] == [
        (0, 10, 14, (4, 8))
    ]


def test_both_halves_of_what_is_broken_are_lit() -> None:
    pattern = pattern_of("the disk")
    assert pattern is not None
    drawn = lit_rows([line(Span(row)) for row in BROKEN], matches_in(pattern, BROKEN, 34), 0)
    assert [(span.text, span.role) for row in drawn for span in row.spans if span.role in (MATCH, HERE)] == [("the", HERE), ("disk", HERE)]


async def test_a_sentence_of_the_page_is_found_where_it_is_broken() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(50, 24)) as pilot:
        await press(pilot, "enter")
        text = await typed(pilot, "/disk (validate_timestamps=0)")
        page = app.screen.searched  # type: ignore[attr-defined]
        whole = sum("disk (validate_timestamps=0)" in row.text for row in page.lines)
        assert page.tally.many > whole
        assert f"1 of {page.tally.many}" in text


async def test_a_search_on_the_timeline_unfolds_the_runbook_that_has_the_hit() -> None:
    app = app_of(FakeEngine(fixed_by_mara()))
    async with app.run_test(size=(120, 40)) as pilot:
        folded = await press(pilot, "tab")
        text = await typed(pilot, "/lock: done")
        assert "1 of 1" in text
        assert "[-]" in text
        assert "[+5]" in await press(pilot, "escape"), "esc while it is typed: as if nothing had been searched for"
        await typed(pilot, "/lock\r")
        cursor = app.model.timeline.cursor()
        assert cursor is not None
        assert cursor.what.startswith("lock")
        assert "[-]" in await press(pilot, "escape"), "what was reached stays where it is read"
        assert app.model.timeline.cursor() == cursor
        assert await press(pilot, "enter", "home") == folded
        await typed(pilot, "/by mara\r")
        assert "[+5]" in await press(pilot, "escape"), "nothing is unfolded for what is seen without it"


async def test_a_runbook_that_ends_while_its_words_are_lit_is_unfolded_then() -> None:
    board = build.incident()
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "tab")
        assert "no match" in await typed(pilot, "/configuration cached\r")
        board.add(fixed_by_mara().snapshot().events[-5:])
        app.flush()
        text = await shown(pilot, "[-]")
        assert "configuration cached" in text
        assert "/configuration cached  1 " in text
        assert "[+5]" in await press(pilot, "escape"), "as if nothing had been searched for: none of it was reached"


@pytest.mark.parametrize(("row", "at"), [(0, 0), (3, 1), (4, 2), (9, 0)])
def test_a_search_begins_at_what_is_in_sight(row: int, at: int) -> None:
    assert first_from([Match(1, 0, 1), Match(3, 0, 1), Match(7, 0, 1)], row) == at
    assert first_from([], row) is None


def test_how_many_match_is_said() -> None:
    assert [Tally(None, 0).words, Tally(2, 12).words, Tally(None, 1200).words] == ["no match", "3 of 12", "1,200"]


async def test_search_on_a_servers_page_lights_counts_and_goes_round() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        text = await typed(pilot, "/fpm")
        page = app.screen.searched  # type: ignore[attr-defined]
        many = page.tally.many
        assert many > 3
        assert f"1 of {many}" in text
        lit_now = [(span.text.lower(), span.role) for row in page.lines for span in row.spans if span.role in (MATCH, HERE)]
        assert lit_now == [("fpm", HERE), *[("fpm", MATCH)] * (many - 1)]
        text = await press(pilot, "enter", "n")
        assert f"/fpm  2 of {many} " in text
        assert f"{many} of {many}  past the top: from the end" in await press(pilot, "N", "N")
        assert f"1 of {many}  past the end: from the top" in await press(pilot, "n")
        assert f"of {many}" not in await press(pilot, "escape")
        assert isinstance(app.screen, ServerScreen), "esc ended the search, not the page"
        assert not [span for row in page.lines for span in row.spans if span.role in (MATCH, HERE)]
        assert "finding 1 of" in await press(pilot, "n"), "without a search n goes to the next finding"


async def test_the_count_on_a_servers_page_follows_what_comes() -> None:
    board = build.incident()
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "enter")
        assert "no match" in await typed(pilot, "/FRESH\r")
        board.put(build.pane(build.fresh("web1")))
        app.flush()
        assert re.search(r"/FRESH +2 ", (await press(pilot)).splitlines()[-2])


async def test_the_match_is_brought_into_sight_and_esc_while_typing_goes_back_to_where_one_was() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        text = await typed(pilot, "/alarms")
        assert "14 alarms" in text
        assert app.screen.searched.scroll_offset.y > 20  # type: ignore[attr-defined]
        await press(pilot, "escape")
        assert app.screen.searched.scroll_offset.y == 0  # type: ignore[attr-defined]
        assert "no match" in await typed(pilot, "/zzz")


async def test_a_hit_in_folded_evidence_unfolds_it_and_what_was_reached_stays_where_it_is_read() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "n", "n", "escape", "home")
        page = app.screen.searched  # type: ignore[attr-defined]
        folded = [row.text for row in page.lines]
        assert not any("source:" in row for row in folded), "it is in evidence only"
        text = await typed(pilot, "/source:")
        assert "1 of 2" in text
        assert "      source:   " in text
        await press(pilot, "escape")
        assert [row.text for row in page.lines] == folded, "esc while it is typed: as if nothing had been searched for"
        await typed(pilot, "/source:\r")
        before = await press(pilot, "n")
        row = row_of(before, "  source:", -1)
        after = await press(pilot, "escape")
        assert not [span for row in page.lines for span in row.spans if span.role in (MATCH, HERE)]
        assert [row.text.split()[0] for row in page.lines if row.text.startswith("      ")].count("source:") == 1
        assert row_of(after, "  source:", 0) == row, "what was read has not moved, although the finding above it is folded again"


def row_of(text: str, words: str, which: int) -> int:
    return [at for at, row in enumerate(text.splitlines()) if words in row][which]


def opened(app: StalewatchApp) -> set[str]:
    return {type(screen).__name__ for screen in app.screen_stack}


@pytest.mark.parametrize(
    "keys",
    [
        (),
        ("enter",),
        ("L",),
        ("question_mark",),
        ("enter", "x"),
        ("f",),
        ("tab",),
        ("colon",),
        ("enter", "right_square_bracket", "enter"),
        ("o",),
        ("q",),
    ],
    ids=str,
)
async def test_a_word_typed_behind_the_slash_in_one_burst_reaches_no_key(keys: tuple[str, ...]) -> None:
    """``/opcache`` holds o (the last runbook), p (freeze), c (a plan that clears) and h (another server)."""
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(100, 30)) as pilot:
        if keys in (("o",), ("q",)):
            app.model.fleet.runs.append((engine.plan([("web1", str(build.APP))], Request(choice=Choice.FIX)), Future()))
        await press(pilot, *keys)
        before, view, asked = opened(app), app.model.view, [*engine.asked]
        assert len(before) > 1 or keys in ((), ("tab",)), "something was opened"
        burst(app, "/opcache")
        await settle(pilot, 6)
        assert opened(app) == before
        box = app.focused
        assert isinstance(box, Input)
        assert box.value.lstrip("/") == "opcache"
        assert (app.model.view.frozen, app.model.view.selected) == (None, view.selected)
        assert engine.asked == asked


async def test_slash_searches_also_while_a_server_is_connecting() -> None:
    board = build.Board()
    board.put(Pane(server="web9", app=build.SafeText(""), step="ssh: connecting"))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        burst(app, "/opcache")
        await settle(pilot, 6)
        assert opened(app) == {"FleetScreen", "ServerScreen"}
        assert "no match" in screen_text(app)


async def test_what_comes_behind_enter_in_the_same_burst_is_for_nobody() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        burst(app, "/fpm\rcf")
        await settle(pilot, 6)
        assert opened(app) == {"FleetScreen", "ServerScreen"}
        assert "/fpm  1 of" in screen_text(app)


async def test_the_steps_of_a_runbook_are_searched_and_its_keys_are_not_pressed() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(100, 30)) as pilot:
        app.model.fleet.runs.append((engine.plan([("web1", str(build.APP))], Request(choice=Choice.FIX)), Future()))
        assert "config:cache" in await press(pilot, "o")
        assert "1 of 2" in await typed(pilot, "/artisan")
        assert "/artisan  2 of 2" in await press(pilot, "enter", "n")
        assert opened(app) == {"FleetScreen", "ProgressScreen"}


async def test_on_the_timeline_a_search_moves_the_cursor_from_event_to_event() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "tab")
        await typed(pilot, "/web1\r")
        first = app.model.timeline.cursor()
        text = await press(pilot, "n")
        second = app.model.timeline.cursor()
        assert first is not None
        assert second is not None
        assert first.server == second.server == "web1"
        assert first != second
        assert "/web1  2 of" in text
        assert "web1  2 of" not in await press(pilot, "escape")
        assert app.model.view.on_timeline


async def test_n_goes_to_the_next_server_that_is_not_fresh_and_on_the_timeline_to_the_next_error() -> None:
    board = build.Board()
    for report in (build.fresh("web1"), build.stale("web2"), build.fresh("web3"), build.stale("web4")):
        board.put(build.pane(report))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        seen = []
        for _ in range(3):
            await press(pilot, "n")
            seen.append(app.model.selected().server)  # type: ignore[union-attr]
        assert sorted(seen[:2]) == ["web2", "web4"]
        assert seen[2] == seen[0]
        await press(pilot, "N")
        assert app.model.selected().server == seen[1]  # type: ignore[union-attr]
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "tab", "n")
        event = app.model.timeline.cursor()
        assert event is not None
        assert event.kind is EventKind.ERROR


async def test_in_help_and_in_a_plan_n_goes_through_matches_and_esc_ends_the_search_first() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "question_mark")
        await typed(pilot, "/server\r")
        text = await press(pilot, "n")
        assert "/server  2 of " in text
        assert isinstance(app.screen, HelpScreen)
        assert "/server" not in await press(pilot, "escape")
        assert isinstance(app.screen, HelpScreen)
        await press(pilot, "escape", "f")
        await typed(pilot, "/reload")
        await press(pilot, "enter")
        assert isinstance(app.screen, ConfirmScreen)
        assert "/reload  2 of " in await press(pilot, "n")
        assert isinstance(app.screen, ConfirmScreen), "n is no answer while there is a search"
        await press(pilot, "escape")
        assert isinstance(app.screen, ConfirmScreen)
        await press(pilot, "n")
        assert isinstance(app.screen, FleetScreen), "without one it is"
        assert engine.ran == []


async def test_in_help_only_rows_that_match_are_shown_below_their_heads_until_esc() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        before = await press(pilot, "question_mark", "pagedown")
        view = app.screen.query_one(HelpView)
        whole = [row.text for row in view.lines]
        text = await typed(pilot, "/copy")
        rows = [row.text for row in view.lines]
        assert [row for row in rows if not row.startswith(" ")] == ["View", "", "Dialogs"], "the heads of what is found, and no others"
        assert [row.split()[0] for row in rows if re.match(r"  \S", row)] == ["y", "Y", "y", "y"]
        assert "all of them (server)" in text, "a row is shown whole, also the lines of it that do not match"
        assert " of 4" in text
        assert await press(pilot, "escape") == before
        assert [row.text for row in view.lines] == whole
        text = await typed(pilot, "/old code\r")
        assert "proven to run old code" in text
        assert "copy" not in text
        await press(pilot, "escape")
        assert [row.text for row in view.lines] == whole, "also once it was kept"
        assert "no match" in await typed(pilot, "/xyzzy")
        assert not view.lines
