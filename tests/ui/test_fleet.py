"""What the first screen tells a person who sees no colours, and what its keys do."""

from __future__ import annotations

import base64
import re

import msgspec
import pytest

from stalewatch.dashboard.render.pane_lines import RenderOptions, pane_lines
from stalewatch.dashboard.render.times import Clock
from stalewatch.model.report import Verdict
from stalewatch.timeline.stale_spans import stale_spans
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press, screen_text, settle, shown

SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_text_alone_says_which_server_is_stale_since_when_and_why(size: tuple[int, int]) -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        text = screen_text(app)
    assert re.search(r"web1.*✗ STALE 24 min", text)
    assert "✗ 1 stale" in text
    assert "✓ 2 fresh" in text
    assert re.search(r"config +✗ (cache )?12 min older than source", text)
    assert "(12:26 → 12:38)" in text or size[0] == 120, "three narrow panes have the short form"
    assert re.search(r"opcache +✗ 2 of 382", text)
    assert re.search(r"hit rate ! 71.3 % .*below 85 %", text)
    assert "runs: RetellFunctionCallHandler.php" in text
    assert "as compiled 12:27" in text
    assert "on disk: 12:38" in text
    assert re.search(r"why: the pool never looks at the (disk|.*\n)", text)
    assert "press: f " in text


async def test_a_deploy_to_the_right_of_the_reload_is_the_picture_of_the_bug() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        lanes = [row for row in screen_text(app).splitlines() if "◆ deploy" in row]
    web1, web2 = (next(row for row in lanes if name in row) for name in ("web1", "web2"))
    assert web1.index("▲ reload") < web1.index("◆ deploy") < web1.index("▒") < web1.index("! errors ×14")
    assert "▲" not in web1[web1.index("◆") :], "web1 was not reloaded after it"
    assert web2.rindex("▲ reload") > web2.index("◆ deploy")
    assert "▒" not in web2


async def test_connecting_shows_a_frame_at_once_with_the_step_and_its_seconds() -> None:
    engine = FakeEngine(build.Board())
    engine.board.put(build.Pane(server="web1", app=build.SafeText(""), step="host key", step_since=97.0))
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        text = screen_text(app)
    assert "… CONNECTING" in text
    assert "connecting: host key, 3 s" in text
    assert "✓" not in text.split("timeline", 1)[0].replace("✓ name", ""), "never green before something was seen"


async def test_an_unreachable_server_says_why_and_what_to_do_and_the_others_live_on() -> None:
    board = build.incident()
    board.put(build.unreachable("web9"))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(200, 60)) as pilot:
        await settle(pilot)
        text = screen_text(app)
    assert "▼ HOST KEY CHANGED" in text
    assert "the host key is not the one we know" in text
    assert "ssh-keygen -R web9" in text
    assert "✗ STALE 24 min" in text


async def test_a_server_not_heard_from_is_unknown_and_keeps_what_it_was() -> None:
    board = build.incident()
    lost = build.stale("web1", verdict=Verdict.UNKNOWN, last_verdict=Verdict.STALE, last_seen=build.NOW - 40)
    board.put(build.pane(lost))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot)
    assert "? UNKNOWN was STALE" in text
    assert "last seen <45 s ago" in text


async def test_the_order_waits_while_somebody_reads_and_the_selection_stays_with_its_server() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "down")
        assert app.model.selected().server == "web2"  # type: ignore[union-attr]
        engine.board.put(build.pane(build.stale("web3")))
        await settle(pilot)
        app.flush()
        assert [pane.server for pane in app.model.panes()] == ["web1", "web2", "web3"], "nothing jumps under the cursor"
        await press(pilot, "V")
        assert [pane.server for pane in app.model.panes()] == ["web1", "web3", "web2"]


async def test_nothing_changed_repaints_nothing() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        painted: list[object] = []
        for widget in app.screen.walk_children():
            widget.refresh = lambda *regions, its=widget, **more: painted.append(regions) or its  # type: ignore[method-assign, assignment]
        same = next(pane for pane in engine.board.consume().panes if pane.server == "web1")
        engine.board.put(msgspec.structs.replace(same, received_at=102.0))
        app.flush()
        app._redraw()
        assert painted == []


async def test_the_filter_narrows_by_verdict_and_its_negation_and_esc_clears_it() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "slash", *"stale")
        assert [pane.server for pane in app.model.panes()] == ["web1"]
        assert "✓ 2 fresh" in screen_text(app), "counts stay those of the fleet"
        await press(pilot, "home", "exclamation_mark", "enter")
        assert [pane.server for pane in app.model.panes()] == ["web2", "web3"]
        await press(pilot, "escape")
        assert len(app.model.panes()) == 3


async def test_freeze_really_freezes_and_says_so() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        text = await press(pilot, "p")
        assert "FROZEN" in text
        engine.board.put(build.pane(build.fresh("web1")))
        app.flush()
        await settle(pilot)
        assert "✗ STALE 24 min" in screen_text(app)
        text = await press(pilot, "p")
        assert "FROZEN" not in text
        assert "✓ 3 fresh" in text


async def test_the_time_in_which_old_code_ran_stays_shaded_after_the_fix() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        engine.board.put(build.pane(build.fresh("web1", observed_at=build.at("13:01"))))
        app.flush()
        await settle(pilot)
        lane = next(row for row in screen_text(app).splitlines() if "▒" in row)
    assert "web1" in lane
    assert lane.rstrip().endswith("─"), "shading ends where the fix was seen"


async def test_marks_gather_servers_for_one_plan() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "space", "space", "r")
    assert "2 servers, one at a time" in text
    assert "type api-gateway" in text


async def test_timeline_keys_zoom_pan_and_read_out_events() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert app.model.timeline.span() == 2700
        await press(pilot, "minus")
        assert app.model.timeline.span() == 3600
        await press(pilot, "0", "left_square_bracket")
        assert app.model.view.pan == 675
        await press(pilot, "0", "tab", "G")
        cursor = app.model.timeline.cursor()
        assert cursor is not None
        assert cursor.what == "config.php and routes-v7.php built"
        await press(pilot, "right")
        assert app.model.timeline.cursor() != cursor


async def test_below_the_least_size_a_polite_line_and_back() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.resize_terminal(50, 11)
        await settle(pilot)
        assert "stalewatch needs" in screen_text(app)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "✗ STALE 24 min" in screen_text(app)


async def test_two_hundred_servers_are_a_table_that_scrolls_with_the_cursor() -> None:
    board = build.incident()
    for number in range(4, 201):
        board.put(build.pane(build.fresh(f"web{number}")))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "G")
    assert "of 200" in text
    assert "▸ web200" in text


async def test_at_the_least_size_the_table_still_names_its_servers() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(60, 20)) as pilot:
        await settle(pilot)
        text = screen_text(app)
    assert re.search(r"▸ web1.*✗ STALE 24 min +· ✓ ✗ ✗ · ✓ ✗ · ·", text)


async def test_groups_have_a_head_and_the_one_with_the_worst_server_is_first() -> None:
    board = build.Board()
    for report, group in ((build.fresh("a1"), "shop"), (build.stale("b1"), "api"), (build.fresh("a2"), "shop"), (build.fresh("b2"), "api")):
        board.put(build.pane(report, group=group))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "t", "z", "z")
    assert [pane.server for pane in app.model.panes()] == ["b1", "b2", "a1", "a2"]
    assert re.search(r"api · production +✗ 1 stale +✓ 1 fresh", text)
    assert re.search(r"shop · production +✓ 2 fresh", text)


async def test_the_pane_counts_alarms_and_says_how_many_a_minute() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        text = screen_text(app)
    assert re.search(r'log +! 14 alarms, 14 a minute, last 12:50 +"Call context not found"', text)


async def test_n_goes_from_finding_to_finding_and_y_copies_that_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    app = app_of(FakeEngine(build.incident()))
    sent: list[str] = []
    async with app.run_test(size=(80, 24)) as pilot:
        monkeypatch.setattr(app, "write_escape", sent.append)
        text = await press(pilot, "enter", "n", "n")
        assert re.search(r"▸ ✗ the config cache is 12 min older", text)
        await press(pilot, "y", "escape", "y")
    one, everything = (base64.b64decode(text[7:-1]).decode() for text in sent)
    assert "config.older-than-source" in one
    assert "opcache.stale-bytecode" not in one
    assert "opcache.stale-bytecode" in everything


def test_what_is_cut_of_what_to_grant_is_marked() -> None:
    error = build.Unseen(code="x", message=build.SafeText("no"), grant=build.SafeText("do this and that " * 30))
    pane = build.Pane(server="web1", app=build.SafeText(""), error=error)
    rows = pane_lines(pane, RenderOptions(Clock(build.NOW), 0.0), 40, 6)
    assert rows[-2].text.rstrip(" │").endswith("…")


def test_old_code_is_shaded_until_a_server_was_last_seen_and_no_further() -> None:
    told = build.stale("web1")
    lost = build.stale("web1", verdict=Verdict.UNKNOWN, last_verdict=Verdict.STALE, last_seen=build.at("13:00"))
    open_ = stale_spans({}, [told])
    closed = stale_spans(open_, [lost])
    assert closed == {"web1": ((build.at("12:38:02"), build.at("13:00")),)}
    assert stale_spans(closed, [told]) == open_, "seen again, still stale: one span"
    assert stale_spans({}, [build.fresh("web2")]) == {}, "what was before anybody looked is not guessed"


async def test_n_on_the_only_server_that_is_not_fresh_says_so() -> None:
    """A key that does nothing would be pressed again and again."""
    board = build.incident()
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "n")
        assert "every other server is fresh" in text
        assert re.search(r"▸ web1 ", text)
        board.put(build.pane(build.stale("web3")))
        await shown(pilot, "2 stale")
        assert "every other" not in await press(pilot, "n")
        board.put(build.pane(build.fresh("web1")))
        board.put(build.pane(build.fresh("web3")))
        await shown(pilot, "3 fresh")
        assert "every server is fresh" in await press(pilot, "n")


async def test_a_key_that_was_aimed_at_the_server_that_stood_here_before_does_nothing() -> None:
    """Before a key chooses one, the cursor is on the worst: that can be another one while the hand is on its way."""
    board = build.incident()
    engine = FakeEngine(board)
    app = app_of(engine)
    now = 100.0
    app.model.monotonic = lambda: now
    async with app.run_test(size=(80, 24)) as pilot:
        assert "▸ web1 " in await press(pilot)
        board.put(build.pane(build.fresh("web1")))
        board.put(build.pane(build.stale("web3")))
        await shown(pilot, "▸ web3 ")
        for key in ("f", "s", "space"):
            assert "web3 has just come here by itself; press it again" in await press(pilot, key)
        assert engine.asked == []
        assert app.model.view.marked == frozenset()
        now += 1.5
        await press(pilot, "f")
        assert len(engine.asked) == 1
