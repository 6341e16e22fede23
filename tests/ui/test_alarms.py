"""What is worse than old code comes before it: in the order, in the sentence above, and with what to type."""

from __future__ import annotations

import re

import msgspec
import pytest

from stalewatch.diagnosis import fpm, health, smoke
from stalewatch.diagnosis.alarms import alarm_of
from stalewatch.model.report import Finding, Report, Verdict
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press, settle, shown

SIZES = [(80, 24), (120, 40), (200, 60)]
DOWN = fpm.NOT_RUNNING.finding("php8.3-fpm.service", "PHP-FPM is not running", ())
BROKEN = smoke.APP_ERROR.finding("application", "the application is broken: GET / answers 500", ())


def alarmed(server: str, finding: Finding, **more: object) -> Report:
    return build.fresh(server, findings=(finding,), **more)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_dead_fpm_comes_before_what_is_stale_with_the_line_that_starts_it(size: tuple[int, int]) -> None:
    board = build.incident()
    down = alarmed("web3", DOWN, verdict=Verdict.UNKNOWN)
    board.put(build.pane(down))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=size) as pilot:
        text = await press(pilot, "s")
        assert "▼ 1 urgent   ✗ 1 stale   ✓ 1 fresh" in text
        assert text.index("▼ FPM DOWN") < text.index("✗ STALE")
        assert "sudo systemctl start php8.3-fpm" in text
        if size[0] > 80:
            assert re.search(r"▼ FPM DOWN  web3 since \d\d:\d\d: sudo systemctl start php8.3-fpm", text)
        board.put(build.pane(msgspec.structs.replace(down, observed_at=build.NOW + 90)))
        await settle(pilot)
        assert app.model.fleet.alarms["web3", build.APP].since == build.NOW, "since it was seen first"
        board.put(build.pane(build.fresh("web3")))
        assert "▼ FPM" not in await shown(pilot, "✓ 2 fresh")


@pytest.mark.parametrize(("finding", "word"), [(DOWN, "FPM DOWN"), (BROKEN, "APP BROKEN")])
def test_what_is_an_alarm(finding: Finding, word: str) -> None:
    alarm = alarm_of(alarmed("web1", finding), None)
    assert alarm is not None
    assert alarm.word == word


@pytest.mark.parametrize(("free", "word"), [(0, "DISK FULL"), (1 << 30, "")])
def test_a_disk_is_full_only_where_nothing_can_be_written_any_more(free: int, word: str) -> None:
    report = alarmed("web1", health.DISK.finding("/srv", "the disk of the app is nearly full", ()))
    host = report.host
    assert host is not None
    assert report.snapshot is not None
    snapshot = msgspec.structs.replace(report.snapshot, host=msgspec.structs.replace(host, disk_free=free))
    alarm = alarm_of(msgspec.structs.replace(report, snapshot=snapshot), None)
    assert (alarm.word if alarm is not None else "") == word


def test_what_was_so_when_the_server_was_last_heard_from_is_no_alarm_now() -> None:
    lost = alarmed("web1", DOWN, verdict=Verdict.UNKNOWN, last_seen=build.NOW - 60)
    assert alarm_of(lost, None) is None


def test_a_changed_host_key_is_an_alarm_without_any_report() -> None:
    pane = build.unreachable("web9")
    alarm = alarm_of(pane.report, pane.error)
    assert alarm is not None
    assert (alarm.word, alarm.command) == ("HOST KEY CHANGED", "ssh-keygen -R web9")
