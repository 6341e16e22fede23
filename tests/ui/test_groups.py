"""Groups in the dense table: there by themselves where the inventory names them, with how each of them stands."""

from __future__ import annotations

import re

from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press, screen_text, settle


def two_groups(count: int) -> build.Board:
    """*count* fresh servers in each of two groups, and one stale in the second."""
    board = build.Board()
    for number in range(1, count + 1):
        for group in ("shop", "api"):
            board.put(build.pane(build.fresh(f"{group}{number}"), group=group))
    board.put(build.pane(build.stale(f"api{count + 1}"), group="api"))
    return board


async def test_a_table_of_several_groups_starts_grouped_and_z_takes_the_heads_away_and_brings_them_back() -> None:
    app = app_of(FakeEngine(two_groups(3)))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        text = screen_text(app)
        assert re.search(r"api · production +✗ 1 stale +✓ 3 fresh", text)
        assert re.search(r"shop · production +✓ 3 fresh", text)
        assert [pane.server for pane in app.model.panes()] == ["api4", "api1", "api2", "api3", "shop1", "shop2", "shop3"]
        text = await press(pilot, "z")
        assert "api · production" not in text
        assert [pane.server for pane in app.model.panes()][:3] == ["api4", "shop1", "api1"]
        assert "api · production" in await press(pilot, "z")


async def test_production_beside_other_servers_is_a_group_and_one_group_alone_is_none() -> None:
    board = build.incident()
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        assert "api · production" not in await press(pilot, "t")
        board.put(build.pane(build.fresh("stage1"), production=False))
        app.flush()
        await settle(pilot)
        assert re.search(r"api · production +✗ 1 stale +✓ 2 fresh", screen_text(app))
        assert re.search(r"^ api  +✓ 1 fresh", screen_text(app), re.MULTILINE)


async def test_panes_stay_worst_first_and_the_order_by_a_column_holds_within_each_group() -> None:
    board = build.Board()
    for name, group, rate in (("a1", "shop", 0.9), ("b1", "api", 0.8), ("a2", "shop", 0.5), ("b2", "api", 0.99)):
        board.put(build.pane(build.fresh(name, hit_rate=rate), group=group))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(200, 60)) as pilot:
        await settle(pilot)
        assert [pane.server for pane in app.model.panes()] == ["a1", "b1", "a2", "b2"], "panes are not grouped"
        await press(pilot, "t", *"SSSSS")
        assert [pane.server for pane in app.model.panes()] == ["a2", "a1", "b1", "b2"]
        await press(pilot, "t")
        assert [pane.server for pane in app.model.panes()] == ["a2", "b1", "a1", "b2"]


async def test_a_filter_that_leaves_one_group_leaves_its_head() -> None:
    app = app_of(FakeEngine(two_groups(3)))
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "t", "t", "slash", *"shop", "enter")
    assert re.search(r"shop · production +✓ 3 fresh", text)
    assert "api · production" not in text
