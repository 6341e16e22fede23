"""The log as people know it from less and tail: newest last, followed until one scrolls up, searched, limited, and reached from events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from stalewatch.dashboard.screens.fleet import FleetScreen
from stalewatch.dashboard.screens.log import LogScreen
from stalewatch.model.snapshot import LogFacts, LogLine, Unseen
from stalewatch.model.text import safe
from stalewatch.timeline import EventKind
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press, shown, typed

if TYPE_CHECKING:
    from stalewatch.dashboard.widgets.log_view import LogView


def lines(count: int) -> tuple[LogLine, ...]:
    """One a second up to now; every tenth is an alarm with a trace."""
    made = []
    for number in range(count):
        alarm = number % 10 == 3
        text = f"production.{'ERROR' if alarm else 'INFO'}: call {number:04} {'not found' if alarm else 'taken'} " + "detail " * 20
        trace = (safe(f"#0 Handler{number}.php(1)"),) if alarm else ()
        made.append(
            LogLine(log=safe("x"), at=build.NOW - count + number, text=safe(text), alarm=alarm, trace=trace, trace_lines=len(trace))
        )
    return tuple(made)


def put(board: build.Board, *tail: LogLine) -> None:
    report = build.stale("web1")
    assert report.host is not None
    logs = (LogFacts(path=safe("/srv/app/storage/logs/laravel.log"), tail=tail), build.logs(())[1])
    host = msgspec.structs.replace(report.host, logs=logs)
    board.put(build.pane(msgspec.structs.replace(report, snapshot=msgspec.structs.replace(report.snapshot, host=host))))


def log_of(app: object) -> LogView:
    screen = app.screen  # type: ignore[attr-defined]
    assert isinstance(screen, LogScreen)
    return screen.searched


async def test_the_log_follows_its_end_until_somebody_scrolls_up_and_goes_on_at_its_end() -> None:
    board, every = build.Board(), lines(120)
    put(board, *every[:100])
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(100, 30)) as pilot:
        text = await press(pilot, "L")
        assert "100 lines" in text
        assert "following" in text
        assert "call 0099 taken" in text.splitlines()[-2], "the newest line is the last one"
        assert "? deploy may not read /var/log/php8.3-fpm.log" in text
        put(board, *every[10:110])
        assert "call 0109" in (await shown(pilot, "call 0109")).splitlines()[-2]
        text = await press(pilot, "k", "k")
        assert "not following: F goes on" in text
        assert "call 0107" in text.splitlines()[-2]
        put(board, *every[20:120])
        text = await shown(pilot, "10 new lines below")
        assert "call 0107" in text.splitlines()[-2], "it stays where one reads"
        text = await press(pilot, "G")
        assert "not following" not in text
        assert "call 0119" in text.splitlines()[-2]
        assert "not following" in await press(pilot, "F")


async def test_only_lines_that_match_are_shown_and_the_head_says_how_many_are_hidden() -> None:
    board = build.Board()
    put(board, *lines(100))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 30)) as pilot:
        await press(pilot, "L")
        text = await typed(pilot, "&ERROR\r")
        assert "only /ERROR/: 10 of 100 lines, 90 hidden" in text
        assert "taken" not in text
        assert "call 0093" in text
        text = await press(pilot, "ampersand", "enter")
        assert "hidden" not in text
        assert "taken" in text, "an empty pattern shows all"
        await typed(pilot, "&call0093")
        assert log_of(app).shown.many == 0
        text = await press(pilot, "escape")
        assert "hidden" not in text
        assert isinstance(app.screen, LogScreen)


async def test_a_search_in_the_log_counts_lines_and_lights_them_and_n_alone_goes_to_alarms() -> None:
    board = build.Board()
    put(board, *lines(100))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 30)) as pilot:
        await press(pilot, "L")
        text = await typed(pilot, "/0013")
        assert "1 of 1" in text
        assert any(row.startswith("▸") and "call 0013" in row for row in text.splitlines())
        await press(pilot, "enter", "escape")
        text = await press(pilot, "n")
        assert any(row.startswith("▸") and "call 0093 not found" in row for row in text.splitlines()), "from nowhere: the newest"
        text = await press(pilot, "N")
        assert any(row.startswith("▸") and "call 0083 not found" in row for row in text.splitlines())


async def test_a_hit_in_a_folded_trace_or_beyond_the_edge_is_shown() -> None:
    board = build.Board()
    put(board, *lines(100), msgspec.structs.replace(lines(1)[0], text=safe("x" * 300 + " the needle"), at=build.NOW - 200))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 30)) as pilot:
        before = await press(pilot, "L")
        text = await typed(pilot, "/Handler53")
        assert "1 of 1" in text
        assert "│ #0 Handler53.php(1)" in text, "the trace with the hit is unfolded"
        assert "Handler43" not in text, "and no other"
        assert await press(pilot, "escape") == before
        text = await typed(pilot, "/needle\r")
        assert "the needle" in text
        assert "the needle" not in await press(pilot, "escape")


async def test_long_lines_are_wrapped_and_traces_unfolded_on_demand() -> None:
    board = build.Board()
    put(board, *lines(14))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(100, 60)) as pilot:
        text = await press(pilot, "L")
        assert "▸ 1 line" in text
        assert re.search(r"de\w*… ▸ 1 line", text), "a line that is cut says so"
        assert "Handler3.php" not in text
        text = await press(pilot, "e")
        assert "│ #0 Handler3.php(1)" in text
        text = await press(pilot, "w")
        assert text.count("detail") == 14 * 20, "nothing is cut"


async def test_enter_on_an_error_in_the_timeline_opens_the_log_at_its_line_and_esc_goes_back_to_it() -> None:
    board = build.Board()
    put(board, *lines(100))
    at = build.NOW - 100 + 43
    what = '"call 0043 not found ' + "detail " * 19 + 'detail "'
    board.add([build.event("12:50", "web1", EventKind.ERROR, "laravel.log", what)])
    (event,) = board.consume().events
    board = build.Board()
    put(board, *lines(100))
    board.add([msgspec.structs.replace(event, at=at, app=build.APP)])
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "tab", "enter")
        assert any(row.startswith("▸") and "call 0043 not found" in row for row in text.splitlines())
        assert "not following" in text
        assert "not in what was read" not in text
        await press(pilot, "escape")
        assert isinstance(app.screen, FleetScreen)
        assert app.model.view.on_timeline
        cursor = app.model.timeline.cursor()
        assert cursor is not None
        assert cursor.at == at


async def test_a_line_that_is_gone_is_said_and_the_next_one_is_lit() -> None:
    board = build.Board()
    put(board, *lines(100))
    board.add([build.event("12:50", "web1", EventKind.ERROR, "laravel.log", '"something else"')])
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "tab", "enter")
        assert "that line is not in what was read any more: this is the next one of laravel.log" in text
        assert any(row.startswith("▸") and "call 0000" in row for row in text.splitlines())


async def test_esc_while_a_search_is_typed_follows_again_and_a_frozen_log_stays() -> None:
    board, every = build.Board(), lines(120)
    put(board, *every[:100])
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(100, 30)) as pilot:
        await press(pilot, "L")
        text = await typed(pilot, "/0013")
        assert "not following" in text
        text = await press(pilot, "escape")
        assert "not following" not in text
        assert "call 0099" in text.splitlines()[-2]
        await press(pilot, "p")
        put(board, *every[10:110])
        app.flush()
        assert "call 0099" in (await press(pilot, "G")).splitlines()[-2]
        assert "call 0109" in (await press(pilot, "p")).splitlines()[-2]


async def test_a_pattern_typed_in_one_burst_reaches_no_key_and_a_line_that_is_clicked_is_what_y_copies() -> None:
    board = build.Board()
    put(board, *lines(40))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 30)) as pilot:
        await press(pilot, "L")
        text = await typed(pilot, "&not found\r")
        assert "only /not found/: 4 of 40 lines, 36 hidden" in text
        await pilot.click("#log", offset=(20, 1))
        text = await press(pilot)
        assert any(row.startswith("▸") and "call 0013" in row for row in text.splitlines())
        assert "copied the line, 4 lines" in await press(pilot, "y"), "the line and its trace, in a block of code"


async def test_what_has_no_room_in_the_head_is_marked_as_cut() -> None:
    report = build.stale("web1")
    assert report.host is not None
    grant = safe("sudo setfacl -m u:deploy:r /var/log/php8.3-fpm.log (and logrotate's create line)")
    unseen = tuple(
        LogFacts(path=safe(f"/var/log/{n}.log"), unseen=Unseen(code="log.denied", message=safe(f"deploy may not read {n}"), grant=grant))
        for n in range(5)
    )
    host = msgspec.structs.replace(report.host, logs=unseen)
    board = build.Board()
    board.put(build.pane(msgspec.structs.replace(report, snapshot=msgspec.structs.replace(report.snapshot, host=host))))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        rows = (await press(pilot, "L")).splitlines()
        last = next(row for row in reversed(rows[:12]) if row.strip() and row != rows[-1])
        assert last.endswith("…")
