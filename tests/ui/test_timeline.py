"""The timeline: its axis in the zone that is shown, how long things lasted, what is listed and what is not, and that it can stand still."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import pytest

from stalewatch.dashboard.app import StalewatchApp
from stalewatch.dashboard.render.fitting import Fit, fitted
from stalewatch.dashboard.render.lanes import LEGEND, CursorLine, Lane, Shading, axis, by_server, event_line, event_widths, lane, legend
from stalewatch.dashboard.render.progress_lines import RunState, progress_lines
from stalewatch.dashboard.render.signs import EVENT_WORD
from stalewatch.dashboard.render.time_window import HOUR, MINUTE, TimeWindow, window
from stalewatch.dashboard.render.times import Clock, Zone
from stalewatch.dashboard.timeline_model import LISTED
from stalewatch.dashboard.widgets.theme import files, palette
from stalewatch.dashboard.widgets.timeline_view import EventsView, LanesView
from stalewatch.engine.board import Board
from stalewatch.model.report import Layer, Severity, Verdict
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, Plan, Progress, Request, ServerPlan, Status
from stalewatch.timeline import Event, EventKind
from stalewatch.timeline.stale_spans import OPEN
from tests.builders import incident as build
from tests.builders.fake_engine import STEPS, FakeEngine
from tests.ui.conftest import app_of, press, screen_text, settle

INDIA = 19_800


def utc(words: str) -> float:
    return datetime.fromisoformat(words).replace(tzinfo=UTC).timestamp()


def ticks(words: str) -> list[str]:
    return re.findall(r"(?:[A-Z][a-z]{2} \d\d )?\d\d:\d\d|[A-Z][a-z]{2} \d\d", words)


@pytest.mark.parametrize("span", [HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR])
@pytest.mark.parametrize("east", [0, 7200, INDIA, 20_700, -12_600])
def test_ticks_are_round_in_the_zone_that_is_shown(east: int, span: int) -> None:
    clock = Clock(build.NOW, Zone.SERVER).there(east, 0.0)
    at = window(clock.now, span, 0, 100).ticks(clock.east)
    (step,) = {int(later - earlier) for earlier, later in pairwise(at)}
    assert len(at) >= 3
    assert all((each + east) % step == 0 for each in at)


@pytest.mark.parametrize("width", [-7, 0, 1, 5])
def test_lanes_without_room_are_drawn(width: int) -> None:
    """Below a dialog the window may be of any size."""
    view = window(build.NOW, HOUR, 0, width)
    assert axis(view, Clock(build.NOW), 11, False, mark=CursorLine(0, "13:01:11")).text
    assert lane(Lane("web1", events=[], stale=[(build.NOW - 600, build.NOW)]), view, 11, mark=0).text


def test_ticks_stay_round_over_a_change_of_the_clocks() -> None:
    """Berlin, 2025-10-26: 03:00 CEST is 02:00 CET."""
    clock = Clock(utc("2025-10-26 12:00:00"))
    words = axis(window(clock.now, 24 * HOUR, 0, 100), clock, 11, False).text
    assert ticks(words) == ["Oct 25 16:00", "20:00", "Oct 26", "04:00", "08:00"]


def test_the_axis_says_the_date_where_it_is_not_only_today() -> None:
    clock = Clock(build.at("13:02:11"))
    assert ticks(axis(window(clock.now, HOUR, 0, 100), clock, 11, False).text) == ["12:10", "12:20", "12:30", "12:40", "12:50"]
    over = axis(window(build.at("00:30"), HOUR, 0, 100), Clock(build.at("00:30")), 11, False).text
    assert ticks(over) == ["Oct 23 23:30", "23:40", "23:50", "Oct 24", "00:10", "00:20"]
    yesterday = axis(window(clock.now, HOUR, 86_400, 100), clock, 11, False).text
    assert ticks(yesterday)[0].startswith("Oct 23 ")


def test_as_ages_the_axis_is_round_seen_from_now() -> None:
    clock = Clock(build.at("13:02:11"), relative=True)
    words = axis(window(clock.now, HOUR, 0, 100), clock, 11, False).text
    assert re.findall(r"-\d+ min", words) == ["-50 min", "-40 min", "-30 min", "-20 min", "-10 min"]


def test_what_is_under_the_cursor_is_drawn_also_where_something_else_would_be() -> None:
    minutes = TimeWindow(build.at("12:00"), build.at("13:00"), 60)
    deploy, cache = (build.event("12:30", "web1", kind, "x", "x") for kind in (EventKind.DEPLOY, EventKind.CACHE))
    assert "◆" in lane(Lane("web1", [deploy, cache]), minutes, 11).text
    assert "■" in lane(Lane("web1", [deploy, cache]), minutes, 11, cache).text


def lanes_of(events: list[Event], stale: str = "", **more: object) -> list[Lane]:
    """The lanes of *events*; web1 runs old code since *stale*."""
    spans = {"web1": ((build.at(stale), OPEN),)} if stale else {}
    return [Lane(name, its, spans.get(name, ()), **more) for name, its in by_server(events).items()]  # type: ignore[arg-type]


def begin_of(rows: list[Lane], now: float = build.NOW) -> str:
    begin = fitted(rows, now).begin
    assert begin is not None
    return Clock(now).hms(begin)


def test_the_window_fits_the_incident_and_not_what_was_hours_before_it() -> None:
    deploy = build.event("04:00", "web1", EventKind.DEPLOY, "git", "x")
    morning = [deploy, build.event("06:25", "web1", EventKind.RELOAD, "fpm", "reloaded")]
    today = lanes_of([*morning, *build.history()], "12:38:02")
    assert begin_of(today) == "12:27:00", "the last good state before the change that does not run"
    assert fitted(today, build.NOW).span(build.NOW) == 45 * MINUTE
    assert fitted(today, build.at("12:50")).span(build.at("12:50")) == 30 * MINUTE
    assert begin_of(lanes_of([*morning, *build.history()])) == "12:38:02", "nothing is stale: the last deploy"
    assert fitted(lanes_of(morning[1:]), build.NOW).span(build.NOW) == 8 * HOUR
    assert fitted([], build.NOW).span(build.NOW) == HOUR


def test_in_half_an_hour_reload_deploy_and_errors_stand_well_apart() -> None:
    rows = lanes_of(build.history(), "12:38:02")
    now = build.at("12:50:10")
    shown = window(now, fitted(rows, now).span(now), 0, 64)
    cells = [shown.column(build.at(each)) for each in ("12:27:00", "12:38:02", "12:49:50")]
    assert [cell is not None for cell in cells] == [True] * 3
    assert min(after - before for before, after in pairwise(cells)) > 20  # type: ignore[operator]
    assert Clock(now).hm(shown.start) in ("12:20", "12:21")


def test_a_last_good_state_of_long_ago_does_not_make_the_incident_small() -> None:
    events = [build.event("06:00", "web1", EventKind.RELOAD, "fpm", "x"), build.event("12:38:02", "web1", EventKind.DEPLOY, "git", "x")]
    assert begin_of(lanes_of(events, "12:38:02")) == "12:38:02"


def test_the_window_is_not_chosen_again_because_something_happened() -> None:
    now = build.NOW
    known = fitted(lanes_of(build.history(), "12:38:02"), now)
    more = [
        *build.history(),
        build.event("13:01", "web2", EventKind.DEPLOY, "git", "x"),
        build.event("13:02", "web1", EventKind.CACHE, "x", "x"),
    ]
    assert fitted(lanes_of(more, "12:38:02"), now, known).begin == known.begin
    assert fitted(lanes_of(more, "12:59"), now, known).begin == known.begin, "part of it was fixed"
    over = fitted(lanes_of(more), now, known)
    assert over.begin == build.at("13:01"), "the incident is over"
    both = [*lanes_of(build.history(), "12:38:02"), Lane("web9", [], ((build.at("12:10"), OPEN),))]
    assert fitted(both, now, known).begin == build.at("12:10"), "another server is stale"
    again = Fit(build.at("12:00"), frozenset(("web1", "web9")))
    assert fitted(lanes_of(more, "12:38:02"), now, again).troubled == {"web1"}
    assert fitted(both, now, fitted(lanes_of(more, "12:38:02"), now, again)).begin == build.at("12:10"), "stale again, after it was fixed"


def test_the_window_grows_with_the_incident_so_that_its_begin_stays_in_it() -> None:
    known = fitted(lanes_of(build.history(), "12:38:02"), build.at("12:50"))
    spans = [known.span(build.at("12:50") + 60 * minutes) for minutes in range(180)]
    assert spans == sorted(spans)
    assert len(set(spans)) == 6, "in few steps"
    for minutes, span in enumerate(spans):
        assert window(build.at("12:50") + 60 * minutes, span, 0, 60).column(build.at("12:27")) is not None


def test_after_the_fix_the_window_shows_all_of_the_incident() -> None:
    fixed = [
        row._replace(stale=((build.at("12:38:02"), build.at("13:00")),) if row.name == "web1" else ()) for row in lanes_of(build.history())
    ]
    assert begin_of(fixed) == "12:27:00"


def test_a_dead_fpm_is_an_incident_too() -> None:
    events = [*build.history(), build.event("12:58", "web2", EventKind.DOWN, "fpm", "FPM is not running any more")]
    assert fitted(lanes_of(events), build.NOW).troubled == {"web2"}
    assert begin_of(lanes_of(events)) == "12:55:00"


def test_a_clock_that_is_ahead_does_not_move_the_begin_of_the_window() -> None:
    ahead = [
        build.event("13:27", "web1", EventKind.RELOAD, "fpm", "reloaded"),
        build.event("13:38", "web1", EventKind.DEPLOY, "git", "x"),
    ]
    assert begin_of(lanes_of(ahead, "13:38", skew=3600.0)) == "12:27:00"


async def test_what_the_person_zoomed_stays_and_0_goes_back_to_the_fit() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert app.model.timeline.span() == 45 * MINUTE
        await press(pilot, "minus", "minus")
        assert app.model.timeline.span() == 90 * MINUTE
        app.model.engine.board.add([build.event("13:01", "web2", EventKind.DEPLOY, "git", "x")])
        app.flush()
        assert app.model.timeline.span() == 90 * MINUTE
        await press(pilot, "0")
        assert app.model.timeline.span() == 45 * MINUTE


@pytest.mark.parametrize(("looked_again", "end"), [("", "12:55"), ("12:58", "13:02")])
async def test_a_look_that_told_nothing_new_says_how_long_old_code_ran(looked_again: str, end: str) -> None:
    """What was seen stale at 12:58 was not healed by a cache of 12:55."""
    board = Board()
    board.put(build.pane(build.stale("web1", observed_at=build.at("12:50:00"))))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        if looked_again:
            board.put_again(build.pane(build.stale("web1", observed_at=build.at(looked_again))))
            app._tick()
        board.put(build.pane(build.fresh("web1", observed_at=build.at("13:02"))))
        app.flush()
        assert app.model.fleet.stale_spans["web1"][-1] == (build.at("12:38:02"), build.at(end))


def test_the_lanes_end_at_now_and_go_on_a_cell_at_a_time() -> None:
    begin = 1_761_303_600.0
    shown = [window(begin + second, 5 * MINUTE, 0, 60) for second in range(1, 31)]
    rows = [lane(Lane("web1", [], ((begin - 60, OPEN),)), each, 11).text[11:] for each in shown]
    assert len(set(rows)) == 6, "cells of 5 s: six of them in half a minute"
    assert {len(row) for row in rows} == {60}
    for before, after in pairwise(rows):
        assert len(after.rstrip()) - len(before.rstrip()) in (0, 1)
        assert "▒" not in after[len(after.rstrip()) :], "nobody knows what comes"
    clock = Clock(begin + 8)
    assert axis(shown[7], clock, 11, False).text.rstrip().endswith(" now")
    assert len(axis(shown[7], clock, 11, False).text.rstrip()) == 11 + len(rows[7].rstrip())


async def test_time_moves_the_lanes_without_an_event_and_draws_nothing_within_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [build.NOW]
    app = app_of(FakeEngine(build.incident()))
    app.model.now = lambda: now[0]
    drawn: list[float] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        view = app.screen.query_one(LanesView)
        before = [row.text for row in view.lines]
        redraw = view.redraw
        monkeypatch.setattr(view, "redraw", lambda: (drawn.append(now[0]), redraw()))
        for _ in range(60):
            now[0] += 1
            app.screen.tick()  # type: ignore[attr-defined]
        assert 1 < len(drawn) < 6, "cells of 27 s"
        assert [row.text for row in view.lines] != before
        await press(pilot, "p")
        del drawn[:]
        for _ in range(60):
            now[0] += 1
            app.screen.tick()  # type: ignore[attr-defined]
        assert not drawn, "frozen stands still"


async def test_many_wide_lanes_go_on_in_larger_steps_but_draw_what_happens_at_once() -> None:
    now = [build.NOW]
    board = Board()
    for number in range(1, 61):
        board.put(build.pane(build.fresh(f"web{number}")))
    app = app_of(FakeEngine(board))
    app.model.now = lambda: now[0]
    async with app.run_test(size=(200, 60)) as pilot:
        await settle(pilot)
        view = app.screen.query_one(LanesView)
        sent, drawn = 0, [row.text for row in view.lines]
        for _ in range(300):
            now[0] += 1
            app.screen.tick()  # type: ignore[attr-defined]
            if now[0] % 15 == 0:
                app.screen.redraw()  # type: ignore[attr-defined]
            rows = [row.text for row in view.lines]
            sent += sum(len(row.encode()) for row, old in zip(rows, drawn, strict=True) if row != old)
            drawn = rows
        assert 0 < sent / 300 < 150, "bytes per second"
        board.add([msgspec.structs.replace(build.event("13:00", "web1", EventKind.RELOAD, "fpm", "reloaded"), at=now[0] - 1)])
        app.flush()
        await settle(pilot)
        row = next(row.text for row in view.lines if re.match(r"[ ▸]+web1 ", row.text))
        assert "▲" in row[-30:]


def test_the_cursor_line_goes_through_all_lanes_and_hides_no_sign() -> None:
    minutes = TimeWindow(build.at("12:00"), build.at("13:00"), 60)
    deploy = build.event("12:30", "web2", EventKind.DEPLOY, "git", "x")
    rows = [Lane("web1", [], ((build.at("12:20"), OPEN),)), Lane("web2", [deploy]), Lane("web3", [])]
    drawn = [lane(row, minutes, 11, deploy, 30).text[11:] for row in rows]
    assert [row[30] for row in drawn] == ["│", "◆", "┼"]
    head = axis(minutes, Clock(build.NOW), 11, True, mark=CursorLine(30, "12:30:00")).text[11:]
    assert head[25:35] == "┤12:30:00├"
    assert "12:45" in head, "the ticks that it leaves room for stay"
    for column in (0, 59):
        edge = axis(minutes, Clock(build.NOW), 11, True, mark=CursorLine(column, "12:30:00")).text[11:]
        assert "┤12:30:00├" in edge
        assert len(edge) == 60


def test_the_cursor_line_does_not_break_words() -> None:
    minutes = TimeWindow(build.at("12:00"), build.at("13:00"), 60)
    row = Lane("web1", [build.event("12:30", "web1", EventKind.DEPLOY, "git", "x")])
    assert "◆ deploy " in lane(row, minutes, 11, None, 34).text


async def test_the_moment_of_the_cursor_is_on_the_axis_while_the_timeline_has_the_keys() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 40)) as pilot:
        assert "┤" not in lanes_text(app)
        await press(pilot, "tab", "g")
        head, *rows = lanes_text(app).splitlines()
        cursor = app.model.timeline.cursor()
        assert cursor is not None
        moment = Clock(build.NOW).hms(cursor.at)
        assert f"┤{moment}├" in head
        column = head.index("┤") + 5
        assert [row[column] for row in rows] == ["│", "▲", "▲"], "on old code of web1, behind the reloads of the others"
        await press(pilot, "tab")
        assert "┤" not in lanes_text(app)


def lanes_text(app: StalewatchApp) -> str:
    return "\n".join(row.text for row in app.screen.query_one(LanesView).lines)


def test_behind_the_shade_the_lane_says_for_how_long_old_code_ran() -> None:
    minutes = TimeWindow(build.at("12:00"), build.at("14:00"), 120)
    span = ((build.at("12:38"), build.at("13:07")),)
    words = "ran old code 12:38–13:07 (29 min)"
    row = Lane("web1", [], span, over=((span[0][1], words),))
    assert f"▒ {words} ─" in lane(row, minutes, 11).text
    star = build.event("13:07", "web1", EventKind.ACTION, "runbook", "fix")
    assert f"▒★ action  {words} ─" in lane(row._replace(events=[star]), minutes, 11).text, "behind the fix, too"
    near = build.event("13:20", "web1", EventKind.RELOAD, "fpm", "reloaded")
    assert "ran" not in lane(row._replace(events=[near]), minutes, 11).text, "no sign is written over"
    assert "ran" not in lane(row, TimeWindow(build.at("12:00"), build.at("13:10"), 70), 11).text, "there is no room"


async def test_after_the_fix_the_list_says_for_how_long_old_code_ran() -> None:
    now = [build.NOW]
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    app.model.now = lambda: now[0]
    async with app.run_test(size=(200, 60)) as pilot:
        assert "= old code" not in await press(pilot)
        engine.board.put(build.pane(build.fresh("web1", observed_at=build.at("13:07:10"))))
        now[0] = build.at("14:00")
        app.flush()
        await settle(pilot)
        text = screen_text(app)
        assert re.search(r"13:07:10 +web1 += old code +ran old code 12:38:02–13:07:10 \(29 min\)", text)
        assert "▒ ran old code 12:38–13:07 (29 min) ─" in lanes_text(app)
        pane = app.model.pane(("web1", build.APP))
        assert pane is not None
        assert app.model.timeline.events_of(pane)[0].source == "old code", "on the server's page, too"


@pytest.mark.parametrize("name", files())
def test_errors_that_go_on_are_seen_on_the_shade_also_without_colour(name: str) -> None:
    errors = build.event("12:10", "web1", EventKind.ERROR, "laravel.log", '"no"', 300, "12:40")
    row = lane(Lane("web1", [errors], ((build.at("12:05"), build.at("12:30")),)), TimeWindow(build.at("12:00"), build.at("13:00"), 60), 11)
    assert row.text[11 + 5 : 11 + 31] == "▒" * 5 + "!" + "▒" * 20
    runs = [(span.text, span.role) for span in row.spans if "▒" in span.text]
    assert runs == [("▒" * 5, "shade"), ("▒" * 20, "shade-errors")]
    plain, with_errors = (palette(name).style(role) for role in ("shade", "shade-errors"))
    assert with_errors.underline
    assert not plain.underline


def fixed_by_mara() -> Board:
    """The incident at 13:02, after a runbook on web1 at 13:01."""
    board = build.incident()
    steps = ("lock: done", "config:cache: done (written 2025-10-24 11:01:02Z)", "invalidate: done (4)", "result: done (fixed in 4 s)")
    done = [build.event(f"13:01:0{at}", "web1", EventKind.ACTION, "mara@laptop", what) for at, what in enumerate(steps)]
    board.add([*done, build.event("13:01:01", "web1", EventKind.CACHE, "config", "configuration cached")])
    return board


async def test_a_runbook_is_one_star_and_enter_unfolds_it() -> None:
    app = app_of(FakeEngine(fixed_by_mara()))
    async with app.run_test(size=(120, 40)) as pilot:
        folded = await press(pilot, "tab")
        assert lanes_text(app).count("★") == 1
        assert len(re.findall(r"★ runbook +fix by mara: config:cache, invalidate: done +until 13:01:03 +\[\+5\]", folded)) == 1
        assert "configuration cached" not in folded
        unfolded = await press(pilot, "enter")
        assert app.screen is app.screen_stack[0], "and not the server's page"
        assert "[-]" in unfolded
        found = [
            unfolded.index(words) for words in ("fix by mara", "lock: done", "configuration cached", "invalidate: done (4)", "result: done")
        ]
        assert found == sorted(found), "the steps in the order of doing"
        assert len(re.findall(r"13:01:0\d +└ ", unfolded)) == 5
        assert "written 13:01:02" in unfolded
        await press(pilot, "down", "down")
        assert await press(pilot, "enter") == folded, "from a part of it, too"
        await press(pilot, "down", "enter")
        assert len(app.screen_stack) == 2, "of another event the server"


def test_a_narrow_list_keeps_how_a_runbook_ended() -> None:
    star = build.event("13:01", "web1", EventKind.ACTION, "runbook", "fix by mara: config:cache, route:cache, invalidate: done", 1, "13:02")
    clock = Clock(build.NOW)
    text = event_line(star, clock, event_widths([star], lambda _server: clock), 70, False, "[+12]").text
    assert re.search(r"fix by\S* ?\S*…\S*.*: done  to 13:02:00  \[\+12\]\s*$", text), text


async def test_kinds_without_actions_list_what_a_runbook_caused() -> None:
    app = app_of(FakeEngine(fixed_by_mara()))
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "tab", "e")
    assert "changes · " in text
    assert "configuration cached" in text
    assert "fix by mara" not in text


async def test_lanes_of_many_servers_show_the_worst_and_say_how_many_there_are() -> None:
    sizes = {
        (80, 24): (40, r" timeline \d/40 "),
        (120, 40): (40, r" timeline \d of 40 "),
        (200, 60): (200, r" timeline \d+ of 200 "),
        (60, 24): (200, r" timeline \d/200 "),
    }
    for size, (many, said) in sizes.items():
        board = build.Board()
        for number in range(many):
            board.put(build.pane(build.fresh(f"api-gateway-production-eu-central-{number:02}")))
        worst = build.stale("api-gateway-production-eu-central-33")
        assert worst.snapshot is not None
        ahead = msgspec.structs.replace(worst, snapshot=msgspec.structs.replace(worst.snapshot, clock_offset=600.0))
        board.put(build.pane(ahead if size[0] > 60 else worst))
        app = app_of(FakeEngine(board))
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            head, first, *_ = lanes_text(app).splitlines()
        assert re.search(said, head), head
        assert re.match(r" ▸api\S*…\S*33 \+10 min " if size[0] > 60 else r" ▸api\S*…\S*33 ", first), "cut in the middle, with its clock"
        assert "◆" in first or "▒" in first
        assert max(map(len, (head, first))) <= size[0]


def test_errors_are_drawn_for_as_long_as_they_came() -> None:
    errors = build.event("12:10", "web1", EventKind.ERROR, "laravel.log", '"no"', 300, "12:40")
    row = lane(Lane("web1", [errors]), TimeWindow(build.at("12:00"), build.at("13:00"), 60), 11).text[11:]
    assert row[10:41] == "!" + "╍" * 30
    assert row[41:].startswith(" errors ×300 ")
    later = lane(Lane("web1", [errors]), TimeWindow(build.at("12:30"), build.at("13:00"), 60), 11).text[11:]
    assert later.startswith("!╍╍╍"), "what began before the window is there in it"


def test_errors_do_not_hide_that_old_code_ran() -> None:
    errors = build.event("12:49:50", "web1", EventKind.ERROR, "laravel.log", '"Call context not found"', 14, "13:00:00")
    shown = TimeWindow(build.at("12:40"), build.at("13:10"), 60)
    row = lane(Lane("web1", [errors], stale=[(build.at("12:45"), build.at("12:55"))]), shown, 10).text[10:]
    assert row.count("▒") == 20, row
    assert "!" in row[19:21]
    assert "╍" in row[32:], "and go on after it"


def test_what_was_proven_and_what_is_probable_look_different_without_colour() -> None:
    minutes = TimeWindow(build.at("12:00"), build.at("13:00"), 60)
    span = ((build.at("12:10"), build.at("12:20")),)
    row = lane(Lane("web1", [], ((build.at("12:30"), float("inf")),), span), minutes, 11).text[11:]
    assert row[10:21] == "░" * 11
    assert row[30:] == "▒" * 30


def test_lanes_of_servers_whose_clocks_differ_can_be_compared() -> None:
    minutes = TimeWindow(build.at("12:00"), build.at("13:00"), 60)
    right = lane(Lane("web1", [build.event("12:30", "web1", EventKind.DEPLOY, "git", "x")]), minutes, 20).text
    ahead = lane(Lane("web2", [build.event("12:40", "web2", EventKind.DEPLOY, "git", "x")], skew=600.0), minutes, 20).text
    assert right.index("◆") == ahead.index("◆")
    assert "web2 +10 min" in ahead


def test_what_an_operator_did_is_told_in_the_zone_that_is_shown() -> None:
    done = build.event("13:01", "web1", EventKind.ACTION, "operator", "rebuild-config: done (written 2025-10-24 11:01:00Z, owner www-data)")
    clock = Clock(build.NOW)
    widths = event_widths([done], lambda _server: clock)
    assert "(written 13:01:00, owner www-data)" in event_line(done, clock, widths, 120, False).text
    ages = Clock(build.NOW, relative=True)
    assert "(written 1 min ago, owner" in event_line(done, ages, widths, 120, False).text


def test_the_evidence_of_a_running_plan_is_told_in_that_zone_too() -> None:
    step = STEPS[1]
    evidence = {"config.php": safe("written 2025-10-24 11:01:00Z, owner www-data")}
    done = Progress(server="web1", app=build.APP, step=step.id, status=Status.DONE, at=build.NOW, evidence=evidence)
    plan = Plan(request=Request(choice=Choice.FIX), servers=(ServerPlan(server="web1", app=build.APP, steps=(step,)),))
    run = RunState(plan, {("web1", str(build.APP)): (done,)}, {}, clock=Clock(build.NOW))
    assert "config.php: written 13:01:00, owner www-data" in "\n".join(row.text for row in progress_lines(run, 100))


async def test_the_page_of_an_app_tells_of_no_other_app() -> None:
    board = build.incident()
    board.add([msgspec.structs.replace(build.event("12:51", "web1", EventKind.ERROR, "laravel.log", '"not ours"'), app=safe("/srv/other"))])
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        assert "not ours" in await press(pilot)
        page = await press(pilot, "L")
    assert "Call context not found" in page
    assert "not ours" not in page


@pytest.mark.parametrize("width", range(22, 110))
def test_the_legend_cuts_no_word(width: int) -> None:
    """What there is no room for is left out whole."""
    told = legend(width, Shading(old=True, probably=True), set(LEGEND)).text
    assert len(told) <= width
    assert told.endswith(("probably", *(EVENT_WORD[kind] for kind in LEGEND)))
    assert told.startswith(("▒ ran old code", "▒ old code"))


def test_a_narrow_list_cuts_the_words_and_keeps_count_and_end() -> None:
    errors = build.event("12:49", "web1", EventKind.ERROR, "laravel.log", '"Call context not found anywhere in this app"', 14, "12:50")
    clock = Clock(build.NOW)
    text = event_line(errors, clock, event_widths([errors], lambda _server: clock), 70, False).text
    assert re.search(r"… ×14  to 12:50:00\s*$", text)


async def test_in_the_servers_zones_every_time_is_of_its_own_server() -> None:
    board = build.incident()
    panes = {pane.server: pane for pane in board.snapshot().panes}
    report = panes["web2"].report
    assert report is not None
    assert report.snapshot is not None
    seen = msgspec.structs.replace(report.snapshot.host, utc_offset=INDIA)  # type: ignore[type-var]
    report = msgspec.structs.replace(report, snapshot=msgspec.structs.replace(report.snapshot, host=seen))
    board.put(msgspec.structs.replace(panes["web2"], report=report))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        text = await press(pilot, "u")
    assert "13:02:11 +02:00" in text.splitlines()[0]
    assert re.search(r"12:55:00 +web3 +▲", text)
    assert re.search(r"16:25:00 +web2 +▲", text)


async def test_e_lists_kind_by_kind_and_none_is_forgotten() -> None:
    told = [build.event(f"12:{20 + at}", "web1", kind, "x", f"a {kind}") for at, kind in enumerate(EventKind)]
    board = build.Board()
    board.put(build.pane(build.fresh("web1")))
    board.add(told)
    app = app_of(FakeEngine(board))
    seen: list[str] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot)
        assert {event.kind for event in app.model.timeline.events()} == set(EventKind)
        for listed in ("changes", "errors", "actions"):
            text = await press(pilot, "e")
            assert f"{listed} · " in text
            seen += [event.kind for event in app.model.timeline.events()]
        assert "all events · " in await press(pilot, "e")
    assert sorted(seen) == sorted(EventKind)


async def test_the_list_says_what_it_leaves_out() -> None:
    board = build.incident()
    many = [build.event("11:00", "web2", EventKind.CACHE, "config", f"build {number}") for number in range(400)]
    board.add(msgspec.structs.replace(event, at=event.at + number, key=f"k{number}") for number, event in enumerate(many))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        total = len(board.snapshot().events)
        assert f"all events · newest {LISTED} of {total}" in screen_text(app)
        assert app.screen.query_one(EventsView).lines[-1].text.startswith(f"  and {total - LISTED} older: [ moves back in time")
        await press(pilot, "tab", "G", "G")
        cursor = app.model.timeline.cursor()
    assert cursor is not None
    assert cursor.what == "build 0", "and the cursor goes there"


async def test_freeze_holds_the_timeline_still_too() -> None:
    """Also what was shaded, the window, and every age; p goes on with what happened meanwhile."""
    now = [build.NOW]
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    app.model.now = lambda: now[0]
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        before = (await press(pilot, "p")).splitlines()[1:]
        now[0] += 1200
        old = build.event("08:00", "web1", EventKind.DEPLOY, "git", "an old one")
        engine.board.add([old, build.event("13:10", "web1", EventKind.RELOAD, "fpm", "reloaded, 7 workers")])
        engine.board.put(build.pane(build.fresh("web1", observed_at=build.at("13:11"))))
        app.flush()
        app._redraw()
        await settle(pilot)
        assert screen_text(app).splitlines()[1:] == before
        assert re.search(r"timeline .* frozen$", screen_text(app), re.MULTILINE), "the right edge is not now"
        after = await press(pilot, "p")
    assert "reloaded, 7 workers" in after
    assert "13:22" in after.splitlines()[0]


async def test_old_code_before_anybody_looked_is_shaded_as_probable() -> None:
    """web2 was deployed to at 12:38 and reloaded at 12:55, with a pool that never checks its files: nobody was there to see it."""
    board = Board()
    report = build.fresh("web2")
    assert report.snapshot is not None
    blind = msgspec.structs.replace(report.snapshot, runtime=build.runtime("12:55", validate=False))
    board.put(build.pane(msgspec.structs.replace(report, snapshot=blind)))
    board.add(event for event in build.history() if event.server == "web2")
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        text = screen_text(app)
    row = next(each for each in text.splitlines() if "◆" in each and "░" in each)
    assert row.index("◆ deploy") < row.index("░") < row.rindex("░") < row.rindex("▲ reload")
    assert "░ probably ran old code" in text
    assert "▒" not in text


async def test_a_deploy_that_can_only_be_suspected_is_shaded_as_probable_and_stays_so_after_the_reload() -> None:
    engine = FakeEngine(build.Board())
    finding = build.Finding(
        layer=Layer.OPCACHE,
        code="opcache.suspect-bytecode",
        severity=Severity.WARNING,
        verdict=Verdict.SUSPECT,
        subject=safe(build.HANDLER),
        summary=safe("may run as compiled before the deploy"),
        since=build.at("12:38:02"),
    )
    before = build.stale("web1", verdict=Verdict.SUSPECT, findings=(finding,), stale_since=None)
    after = build.fresh("web1", observed_at=build.at("13:01"))
    assert after.snapshot is not None
    after = msgspec.structs.replace(after, snapshot=msgspec.structs.replace(after.snapshot, runtime=build.runtime("13:00", validate=False)))
    engine.board.put(build.pane(before))
    app = app_of(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot)
        assert re.search(r"web1 +─+░+\n", text), "up to now"
        engine.board.put(build.pane(after))
        app.flush()
        await settle(pilot)
        text = screen_text(app)
    assert re.search(r"web1 +─+░+─+\n", text), "up to the reload"
    assert "▒" not in text
