"""The first line: what is on it, what is left of it where the screen is narrow, and that it shows whether looks come in."""

from __future__ import annotations

import msgspec
import pytest

from stalewatch.dashboard.render.heading import Heading, Pulse, header_line
from stalewatch.dashboard.render.runbooks import Running
from stalewatch.dashboard.render.times import Clock, Zone
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import PeerWatcher
from stalewatch.model.text import safe
from tests.builders import incident as build
from tests.builders.fake_engine import STEPS, FakeEngine
from tests.ui.conftest import app_of, press, screen_text, settle

CLOCK = Clock(build.NOW, Zone.UTC)
LIVE = Pulse(2.0, 0.4)
PANES = build.incident().snapshot().panes
WHOLE = Heading(
    "api-gateway",
    PANES,
    marked=2,
    hidden=1,
    runbooks=(Running("fix", "web1", 2, 5),),
    watchers=("anna@laptop",),
)


def said(width: int, heading: Heading = WHOLE, pulse: Pulse | None = LIVE, clock: Clock = CLOCK) -> str:
    row, ticking = header_line(heading, clock, pulse, width)
    assert row.width == width
    assert ticking <= width
    return row.text


def test_a_wide_line_says_everything() -> None:
    row = said(220)
    words = ("stalewatch", "PROD", "▸ fix web1 2/5", "■ 2 marked, 1 hidden: left alone", "api-gateway · 3 servers")
    assert [word for word in words if word not in row] == []
    assert "✗ 1 stale" in row
    assert "anna@laptop looks too" in row
    assert row.rstrip().endswith("every 2 s ● 11:02:11 UTC")


EVERYTHING = {
    "watchers": "anna@laptop looks too",
    "every": "every 2 s ",
    "zone": "UTC",
    "servers": "3 servers",
    "name": "stalewatch",
    "what becomes of hidden marks": "left alone",
    "what is run": "fix",
    "interval": " 2 s ",
    "seconds": "11:02:11",
    "words of the counts": "1 stale",
    "title": "api-gateway",
    "marks": "1 hidden",
    "clock": "11:02",
    "runbook": "web1 2/5",
    "stale": "✗ 1",
    "dot": "●",
    "production": "PROD",
}
"""From what is dropped first to what stays longest."""


def test_what_is_dropped_first_where_the_line_is_narrow() -> None:
    """Who else looks and in which zone the clock goes, long before what runs, where, and what is stale."""
    gone: list[str] = []
    for width in range(220, 35, -1):
        row = said(width)
        gone += [name for name, words in EVERYTHING.items() if name not in gone and words not in row]
    order = list(EVERYTHING)
    assert gone == [name for name in order if name in gone]
    assert {"runbook", "stale", "dot", "production"}.isdisjoint(gone), "at 36 columns"


def test_at_80_columns_what_runs_what_is_stale_and_the_pulse_are_there() -> None:
    row = said(80, WHOLE._replace(marked=0, hidden=0))
    for words in ("PROD", "fix web1 2/5", "api-gateway", "✗ 1 stale", "✓ 2 fresh", "●", "11:02:11"):
        assert words in row


def test_a_long_title_gives_way_in_its_middle() -> None:
    row = said(80, WHOLE._replace(title="the-very-long-name-of-a-gateway-that-nobody-shortened-eu-west-1", marked=0))
    assert "the-ve" in row
    assert "…" in row
    assert "west-1" in row
    assert "✗ 1 stale" in row


@pytest.mark.parametrize(("silent", "late"), [(5.9, False), (6.0, True), (12.3, True)])
def test_a_pulse_that_stands_still_says_so_after_three_looks_that_did_not_come(silent: float, late: bool) -> None:
    row = said(80, WHOLE._replace(runbooks=(), marked=0), Pulse(2.0, silent))
    assert ("! late" in row) is late
    assert ("●" in row) is not late


def test_late_says_for_how_long_also_where_there_is_little_room() -> None:
    assert "! late 10 s" in said(50, Heading("api", PANES), Pulse(2.0, 12.3))


def test_a_longer_number_moves_nothing_beside_it() -> None:
    soon, later = (said(120, Heading("api", PANES), Pulse(2.0, silent)) for silent in (6.0, 12.3))
    assert "! late  5 s" in soon
    assert soon.split("!")[0] == later.split("!")[0]


def test_ages_make_the_clock_no_age() -> None:
    """``-0 s`` is no time of day."""
    for zone in Zone:
        row = said(40, Heading("api", PANES), None, replace(CLOCK, zone=zone, relative=True))
        assert "-0 s" not in row
        assert ":02" in row


def test_several_runbooks_are_counted_and_somebody_elses_has_a_name() -> None:
    anna = Running("fix", "web2", 3, 7, "anna@laptop")
    assert "★ anna@laptop: fix web2 3/7" in said(160, WHOLE._replace(runbooks=(anna,)))
    assert "▸ 2 runbooks" in said(160, WHOLE._replace(runbooks=(anna, *WHOLE.runbooks)))


# ------------------------------------------------------------------------------------------------------------ on the screen


def top(text: str) -> str:
    return text.split("\n")[0]


async def test_the_dot_changes_with_a_look_and_not_with_the_clock() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        seen = [top(screen_text(app))]
        for second in (1, 2, 3):
            app.model.now = lambda second=second: build.NOW + second
            if second == 3:
                engine.board.put(replace(PANES[0], received_at=101.0))
                app.flush()
            app._tick()
            await settle(pilot)
            seen.append(top(screen_text(app)))
    dots = ["●" if "●" in row else "○" for row in seen]
    assert len(set(dots[:3])) == 1, "two seconds without a look"
    assert dots[3] != dots[2]
    assert "every 2 s" in seen[0]
    assert "13:02:14" in seen[3]


async def test_the_pulse_shares_the_frame_of_the_clock() -> None:
    """A frame of its own would be 40 bytes a look."""
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        sent: list[int] = []
        app._tick()
        ticking = app.screen.header.ticking  # type: ignore[attr-defined]
        ticking.refresh = lambda *regions, **more: sent.extend(region.area for region in regions) or ticking
        engine.board.put(replace(PANES[0], received_at=101.0))
        app.flush()
        assert sent == [], "a look that changed nothing else is not painted by itself"
        app.model.now = lambda: build.NOW + 1
        app._tick()
        assert len(sent) == 1
        assert sent[0] <= 10
        assert ticking.size.width == len("● 13:02:12 CEST "), "all that Textual sends of it"


async def test_while_nothing_comes_little_is_sent_but_the_clock() -> None:
    """Words of another length must not move widgets, which would send the whole row, and more."""
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        header = app.screen.header  # type: ignore[attr-defined]
        sizes = [part.size for part in header.children]
        words = []
        for second in range(20):
            app.model.now, app.model.monotonic = (lambda at=second: build.NOW + at), (lambda at=second: 100.0 + at)
            app._tick()
            await settle(pilot)
            assert [part.size for part in header.children] == sizes
            words.append(top(screen_text(app))[-32:-16].strip())
        assert len(set(words)) == 4, "every 2 s, late 5 s, late 10 s, late 15 s"


async def test_frozen_and_late_are_said_in_its_place() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        app.model.monotonic = lambda: 112.0
        app.model.now = lambda: build.NOW + 12
        app._tick()
        await settle(pilot)
        assert "! late 10 s" in top(screen_text(app))
        row = top(await press(pilot, "p"))
        assert "FROZEN" in row
        assert "late" not in row
        assert "every" not in row


async def test_the_runbook_that_runs_and_who_else_looks_are_in_it() -> None:
    engine = FakeEngine(build.incident())
    pane = next(pane for pane in engine.board.snapshot().panes if pane.server == "web2")
    assert pane.report is not None
    assert pane.report.snapshot is not None
    watched = msgspec.structs.replace(pane.report.snapshot.host, watchers=(PeerWatcher(who=safe("anna@laptop"), since=build.NOW - 60),))
    report = replace(pane.report, snapshot=msgspec.structs.replace(pane.report.snapshot, host=watched))
    engine.board.put(replace(pane, report=report))
    app = app_of(engine)
    async with app.run_test(size=(140, 30)) as pilot:
        assert "anna@laptop looks too" in top(await press(pilot))
        await press(pilot, "f", "tab", "enter")
        engine.progress("web1", STEPS[0].id, running=STEPS[1].id)
        app.flush()
        row = top(await press(pilot, "escape"))
        assert "▸ fix web1 2/5" in row
        engine.futures[0].set_result({})
        engine.progress("web1", *(step.id for step in STEPS))
        app.flush()
        assert "fix web1" not in top(await press(pilot))
