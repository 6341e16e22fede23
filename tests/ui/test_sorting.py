"""The dense table by column: the order, the sign in its head, the keys, and that the cursor stays where it is."""

from __future__ import annotations

import re

import msgspec
import pytest
from textual import events

from stalewatch.dashboard import order
from stalewatch.dashboard.render.sorting import By, Sorting
from stalewatch.dashboard.render.table_head import Sight, column_at, head
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press, screen_text, settle


@pytest.mark.parametrize(
    ("sorting", "names"),
    [
        (Sorting(By.WORST), ["web1", "web3", "web2", "web10"]),
        (Sorting(By.WORST, True), ["web2", "web10", "web3", "web1"]),
        (Sorting(By.NAME), ["web1", "web2", "web3", "web10"]),
        (Sorting(By.NAME, True), ["web10", "web3", "web2", "web1"]),
        (Sorting(By.SINCE), ["web1", "web2", "web3", "web10"]),
        (Sorting(By.DEPLOY), ["web1", "web2", "web10", "web3"]),
        (Sorting(By.COMMIT), ["web1", "web2", "web10", "web3"]),
        (Sorting(By.RATE), ["web1", "web2", "web10", "web3"]),
        (Sorting(By.RATE, True), ["web2", "web10", "web1", "web3"]),
        (Sorting(By.AGE), ["web10", "web1", "web2", "web3"]),
        (Sorting(By.AGE, True), ["web1", "web2", "web10", "web3"]),
    ],
    ids=lambda value: f"{value.by}{value.sign}" if isinstance(value, Sorting) else "",
)
def test_a_column_orders_ties_go_by_name_and_what_is_not_known_is_last(sorting: Sorting, names: list[str]) -> None:
    old = build.fresh("web10", observed_at=build.NOW - 300)
    panes = [build.pane(build.fresh("web2")), build.unreachable("web3"), build.pane(old), build.pane(build.stale("web1"))]
    assert [server for server, _ in order.ordered(panes, sorting)] == names


def test_servers_that_answer_do_not_change_places_because_one_answered_later() -> None:
    panes = [build.pane(build.fresh(name, observed_at=build.NOW - ago)) for name, ago in (("b", 5), ("a", 1), ("c", 9))]
    assert [server for server, _ in order.ordered(panes, Sorting(By.AGE))] == ["a", "b", "c"]


def test_hit_rates_that_read_the_same_are_the_same() -> None:
    panes = [build.pane(build.fresh(name, hit_rate=rate)) for name, rate in (("b", 0.9901), ("a", 0.9904), ("c", 0.5))]
    assert [server for server, _ in order.ordered(panes, Sorting(By.RATE))] == ["c", "a", "b"]


def test_a_deploy_is_older_where_the_servers_clock_is_ahead_of_ours() -> None:
    ahead = build.fresh("a")
    assert ahead.snapshot is not None
    ahead = msgspec.structs.replace(ahead, snapshot=msgspec.structs.replace(ahead.snapshot, clock_offset=600.0))
    panes = [build.pane(ahead), build.pane(build.fresh("b"))]
    assert [server for server, _ in order.ordered(panes, Sorting(By.DEPLOY))] == ["b", "a"]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("by", By)
@pytest.mark.parametrize("reverse", [False, True])
def test_the_head_shows_what_orders_and_which_rows_are_in_sight(width: int, by: By, reverse: bool) -> None:
    sorting = Sorting(by, reverse)
    text = head(width, Sight(181, 196, 200), sorting).text
    assert text.count(sorting.sign) == 1
    assert "181–196 of 200" in text
    assert column_at(text.index(sorting.sign), width, sorting) is by, "a click on the sign turns it round"
    assert "…" not in text


async def test_s_goes_through_the_columns_o_turns_round_and_the_cursor_stays_with_its_server() -> None:
    board = build.incident()
    for number, rate in ((4, 0.5), (5, 0.9)):
        board.put(build.pane(build.fresh(f"web{number}", hit_rate=rate)))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "down")
        chosen = app.model.selected()
        text = await press(pilot, *"SSSSS")
        assert [pane.server for pane in app.model.panes()] == ["web4", "web1", "web5", "web2", "web3"]
        assert "sorted by hit rate ▲ lowest first" in text.splitlines()[-1]
        assert "hit %▲" in text
        text = await press(pilot, "O")
        assert [pane.server for pane in app.model.panes()] == ["web2", "web3", "web5", "web1", "web4"]
        assert "sorted by hit rate ▼ highest first" in text.splitlines()[-1]
        assert app.model.selected() is chosen
        assert "▼ hit rate" in (await press(pilot, "home")).splitlines()[-1], "the last line goes on saying what orders"
        text = await press(pilot, "V")
        assert next(pane.server for pane in app.model.panes()) == "web1"
        assert "verdict ▼" in text
        assert "hit rate" not in text.splitlines()[-1]


async def test_an_order_by_column_is_kept_when_the_figures_move_but_waits_while_somebody_reads() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "t", *"SSSSS")
        engine.board.put(build.pane(build.fresh("web3", hit_rate=0.4)))
        app.flush()
        assert [pane.server for pane in app.model.panes()] == ["web1", "web2", "web3"]
        app.model.last_key = None
        engine.board.put(build.pane(build.fresh("web3", hit_rate=0.3)))
        app.flush()
        assert [pane.server for pane in app.model.panes()] == ["web3", "web1", "web2"]


async def test_a_click_on_a_head_orders_by_it_and_a_second_one_turns_it_round() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "t")
        row = next(at for at, words in enumerate(text.splitlines()) if "verdict ▼" in words)
        x = text.splitlines()[row].index("hit rate")
        for sign in "▲▼":
            await pilot.click(offset=(x, row))
            await settle(pilot)
            assert f"hit rate {sign}" in screen_text(app).splitlines()[row]
        await pilot.click(offset=(3, row))
        await settle(pilot)
        assert [pane.server for pane in app.model.panes()] == ["web1", "web2", "web3"]


async def test_the_wheel_scrolls_the_table_and_the_cursor_stays_in_sight() -> None:
    board = build.incident()
    for number in range(4, 41):
        board.put(build.pane(build.fresh(f"web{number}")))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        seen = await press(pilot)
        for _ in range(8):
            app.screen._forward_event(events.MouseScrollDown(None, 5, 6, 0, 1, 0, False, False, False))
        moved = await press(pilot)
        assert "▸ web1 " in seen
        assert "▸ web1 " not in moved
        rows = moved.splitlines()
        assert rows[next(at for at, row in enumerate(rows) if " 9–" in row and "of 40" in row) + 1].startswith("▸"), (
            "the first row that is left"
        )
        for _ in range(8):
            app.screen._forward_event(events.MouseScrollUp(None, 5, 6, 0, -1, 0, False, False, False))
        back = await press(pilot)
        assert re.search(r"(?m)^. web1 ", back)
        assert "▸ web" in back


async def test_what_has_no_column_is_shown_in_the_last_one_and_panes_are_ordered_too() -> None:
    board = build.incident()
    board.put(build.pane(build.fresh("web3", observed_at=build.NOW - 600)))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, *"SSSSSS")
        assert app.model.panes()[0].server == "web3"
        assert text.index("─ web3") < text.index("━ web1"), "the panes stand in that order"
        text = await press(pilot, "t")
        rows = text.splitlines()
        assert any("data from ▼" in row for row in rows)
        assert any("web3" in row and row.endswith("10 min") for row in rows)
        assert any("web1" in row and row.endswith("live") for row in rows)


async def test_a_table_that_has_room_for_all_of_its_rows_shows_all_of_them_at_once() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "G", "t")
    assert "of 3" not in text
    assert all(any(row[2:].startswith(f"web{n} api") for row in text.splitlines()) for n in (1, 2, 3))
