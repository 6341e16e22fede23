"""What logs say in the pane and on the server's page: how many a minute, in words before bars; what may not be read, and what to grant."""

from __future__ import annotations

import re

import msgspec
import pytest

from stalewatch.dashboard.render.log_lines import LogSummary, bars, log_line, log_rows, per_minute, summarise
from stalewatch.dashboard.render.times import Clock
from stalewatch.model.snapshot import LogFacts, LogMinute
from stalewatch.model.text import safe
from stalewatch.timeline import EventKind
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press

CLOCK = Clock(build.NOW)
SAID = LogSummary(EventKind.ERROR, 14, build.at("12:49:50"), build.at("12:50:50"), '"Call context not found"')


def log(*counts: tuple[str, int, int], **more: object) -> LogFacts:
    minutes = tuple(LogMinute(build.at(clock), alarms, good) for clock, alarms, good in counts)
    return msgspec.structs.replace(LogFacts(path=safe("/srv/app/x.log"), minutes=minutes), **more)


def test_lines_are_counted_in_the_minute_they_came_in_over_all_logs() -> None:
    both = (log(("13:00", 3, 1), ("13:02", 5, 0)), log(("13:02", 2, 0), ("12:00", 99, 0)))
    assert per_minute(both, EventKind.ERROR, build.NOW, 5) == [0, 0, 3, 0, 7]
    assert per_minute(both, EventKind.REASSURE, build.NOW, 5) == [0, 0, 1, 0, 0]


@pytest.mark.parametrize(("counts", "drawn"), [([0, 1, 8], "·▁█"), ([0, 0], "··"), ([3], "█"), ([], ""), ([1, 1000], "▁█")])
def test_a_bar_is_a_minute_and_nothing_is_not_a_bar(counts: list[int], drawn: str) -> None:
    assert bars(counts) == drawn


@pytest.mark.parametrize(("width", "drawn"), [(120, 15), (76, 10), (60, 0), (36, 0)])
def test_bars_are_drawn_where_they_take_no_room_from_words(width: int, drawn: int) -> None:
    text = log_line(SAID, CLOCK, 9, width, (log(("12:55", 14, 0)),))[1].text
    assert len(re.findall("[·▁-█]", text)) == drawn
    assert len(text) <= width
    assert "14 alarms" in text


def test_each_log_is_shown_with_what_may_not_be_read_and_what_was_passed_over() -> None:
    denied = build.logs(())[1]
    flood = log(("13:01", 900, 0), skipped=3 * 1024**2)
    text = "\n".join(row.text for row in log_rows((flood, denied), CLOCK, 100))
    assert re.search(r"! alarms ·+█· 900 in 15 min, at most 900 in one", text)
    assert "3.0 MiB not read: lines came faster than they can be read, so the counts are minimums" in text
    assert "? deploy may not read /var/log/php8.3-fpm.log" in text
    assert "→ sudo usermod -aG adm deploy" in text


@pytest.mark.parametrize(
    ("alarm", "good", "said"),
    [
        (("12:49:50", "12:50:20"), ("12:55:10", "13:01"), EventKind.REASSURE),
        (("12:49:50", "12:50:20"), ("12:50:00", "13:01"), EventKind.ERROR),
        (("12:56", "12:57"), ("12:55:10", "12:55:20"), EventKind.ERROR),
    ],
    ids=["good lines since the fix", "both at once", "worse again"],
)
def test_reassurances_that_began_after_the_last_alarm_are_what_a_pane_says(
    alarm: tuple[str, str], good: tuple[str, str], said: EventKind
) -> None:
    events = [
        build.event(alarm[0], "web1", EventKind.ERROR, "laravel.log", '"Call context not found"', 14, alarm[1]),
        build.event(good[0], "web1", EventKind.REASSURE, "laravel.log", '"Function routing"', 6, good[1]),
    ]
    lately = summarise(sorted(events, key=lambda one: one.at), str(build.APP), build.NOW)
    assert lately is not None
    assert lately.kind is said


async def test_a_log_that_may_not_be_read_is_no_verdict() -> None:
    board = build.Board()
    board.put(build.pane(build.fresh("web1")))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        first = await press(pilot)
        page = await press(pilot, "L")
    assert "✓ FRESH" in first
    assert "may not read" not in first
    assert "? deploy may not read /var/log/php8.3-fpm.log" in page
