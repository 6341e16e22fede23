"""The timeline: its axis in the zone that is shown, how long things lasted, what is listed and what is not, and that it can stand still."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import pytest

from stalewatch.dashboard.render.lanes import Lane, axis, event_line, event_widths, lane
from stalewatch.dashboard.render.progress_lines import RunState, progress_lines
from stalewatch.dashboard.render.time_window import HOUR, TimeWindow, fitting, window
from stalewatch.dashboard.render.times import Clock, Zone
from stalewatch.dashboard.timeline_model import LISTED
from stalewatch.dashboard.widgets.timeline_view import EventsView
from stalewatch.engine.board import Board
from stalewatch.model.report import Layer, Severity, Verdict
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, Plan, Progress, Request, ServerPlan, Status
from stalewatch.timeline import EventKind
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


def test_the_window_fits_the_incident_and_not_what_was_hours_before_it() -> None:
    deploy = build.event("04:00", "web1", EventKind.DEPLOY, "git", "x")
    morning = [deploy, build.event("06:25", "web1", EventKind.RELOAD, "fpm", "reloaded")]
    assert fitting([*morning, *build.history()], build.NOW) == HOUR
    assert fitting(morning[1:], build.NOW) == 8 * HOUR
    assert fitting([], build.NOW) == HOUR


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
    assert "13:02 +02:00" in text.splitlines()[0]
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
