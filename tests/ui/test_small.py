"""In a terminal of 50×15 there is the sentence and the worst server, and a plan can be read, answered and left; below that one line."""

from __future__ import annotations

from itertools import product

import pytest

from stalewatch.dashboard.screens.confirm import ConfirmScreen
from stalewatch.dashboard.screens.progress import ProgressScreen
from stalewatch.dashboard.screens.quit_question import QuitScreen
from stalewatch.dashboard.screens.sizes import LEAST, Wanted, share
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui import recorded
from tests.ui.conftest import app_of, press, screen_text, settle
from tests.ui.test_snapshots import at_the_end

SMALL = (50, 15)


@pytest.mark.parametrize("height", [12, 13, 15, 19, 20, 23, 24, 40, 100])
def test_every_row_is_somebodys_at_every_size(height: int) -> None:
    for width, panes, dense, filtering, reading in product(
        (50, 60, 79, 80, 132, 300), (0, 1, 3, 12, 200), (None, True, False), (0, 1), (False, True)
    ):
        sizes = share(width, height, panes, panes, Wanted(dense, filtering, reading))
        rows = sizes.summary + sizes.table + sizes.strip + sizes.grid + sizes.lanes + sizes.events
        assert rows + 2 + filtering == height, (width, panes, dense, filtering, reading, sizes)
        assert min(sizes) >= 0


async def test_the_sentence_and_the_worst_server_and_what_to_press() -> None:
    app = recorded.app(recorded.engine())
    async with app.run_test(size=SMALL) as pilot:
        await at_the_end(app, pilot)
        rows = (await press(pilot)).splitlines()
        told = " ".join(" ".join(rows[1:5]).split())
        assert "✗ STALE web1 runs old code since 12:38: HomeController.php runs as compiled 12:27, the disk has 12:38" in told
        assert "the pool never looks at the disk" in told
        assert told.endswith("f fix")
        assert rows[5].startswith("┏━ web1")
        assert rows[5].endswith("✗ STALE 24 min ━┓")
        assert [row[:14] for row in rows[6:9]] == ["┃ release  · 2", "┃ config   ✗ 1", "┃ routes   ✗ 1"], "what was said is not said twice"
        assert any("opcache  ✗" in row for row in rows)
        assert rows[-2].startswith("┗")
        assert "f fix" in rows[-1]
        assert "┏━ web2" in await press(pilot, "j"), "the others are one key away"
        assert "timeline" in await press(pilot, "tab")


async def test_a_plan_is_read_to_its_end_and_run() -> None:
    app = recorded.app(recorded.engine())
    async with app.run_test(size=SMALL) as pilot:
        await at_the_end(app, pilot)
        text = await press(pilot, "f")
        assert isinstance(app.screen, ConfirmScreen)
        assert "more lines" in text
        seen: list[str] = []
        for _ in range(9):
            box = text.splitlines()[1:14]
            assert all(len(row) == 50 and row[0] == row[-1] == "│" for row in box)
            assert "Cancel" in text
            assert "Run" in text
            seen += [row.strip("│ ▁▂▃▄▅▆▇█") for row in box]
            text = await press(pilot, "pagedown")
        whole = "\n".join(seen)
        for step in app.screen.plan.servers[0].steps:
            assert step.label in whole or not step.acting
        assert app.screen.plan.servers[0].left_out == () or "left out" in whole
        await press(pilot, "tab", *"app", "enter", "enter")
        assert isinstance(app.screen, ProgressScreen)
        app.model.fleet.runs[-1][1].cancel()


@pytest.mark.parametrize("size", [(20, 5), (49, 40), (120, 11), (34, 2)])
async def test_below_that_one_line_says_so_and_q_leaves(size: tuple[int, int]) -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        rows = [row for row in screen_text(app).splitlines() if row]
        assert len(rows) == 1
        assert f"needs {LEAST[0]}×{LEAST[1]}" in rows[0]
        assert "q quits" in rows[0]
        await pilot.press("q")
        await settle(pilot)
        assert app.return_code == 0


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_a_window_too_small_to_ask_does_not_end_a_runbook(key: str) -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f", "tab", "enter", "escape")
        assert engine.futures
        await pilot.resize_terminal(20, 5)
        await settle(pilot)
        assert "runs; quit at 50×12" in await press(pilot, key)
        assert app.is_running
        await pilot.resize_terminal(80, 24)
        await press(pilot, "q")
        assert isinstance(app.screen, QuitScreen)
        engine.futures[0].set_result({})


async def test_a_question_that_lost_its_room_is_there_again_when_it_has_it() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f")
        await pilot.resize_terminal(20, 5)
        await settle(pilot)
        assert "Cancel" not in screen_text(app)
        await pilot.press("enter", "n")
        await pilot.resize_terminal(*SMALL)
        await settle(pilot)
        assert isinstance(app.screen, ConfirmScreen)
        assert not app.screen.answers.is_open(app.key_clock.now()), "it has to be seen again first"
        assert "Cancel" in await press(pilot)


@pytest.mark.parametrize("size", [SMALL, (80, 24), (120, 40)])
async def test_the_rows_that_a_short_sentence_does_not_need_are_somebody_elses(size: tuple[int, int]) -> None:
    board = build.incident()
    board.put(build.unreachable("db1"))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=size) as pilot:
        rows = (await press(pilot)).splitlines()
        assert rows[1].endswith("ssh-keygen -R db1")
        assert rows[2].strip() != ""
