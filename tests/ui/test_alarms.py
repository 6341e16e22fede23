"""What is worse than old code comes before it: in the order, in the sentence above, and with what to type."""

from __future__ import annotations

import re

import msgspec
import pytest

from stalewatch.diagnosis import fpm, health, release, smoke
from stalewatch.diagnosis.alarms import alarm_of
from stalewatch.diagnosis.rule import Rule
from stalewatch.diagnosis.unreachable import as_unreachable
from stalewatch.model import reasons
from stalewatch.model.report import Finding, Report, Verdict
from stalewatch.runbook.plan import Choice, Request
from stalewatch.runbook.planner import PlanInputs, server_plan
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
        text = await press(pilot)
        assert "▼ 1 urgent   ✗ 1 stale   ✓ 1 fresh" in text
        assert text.index("▼ FPM DOWN") < text.index("✗ STALE")
        assert "sudo systemctl start php8.3-fpm" in text
        if size[0] > 80:
            assert re.search(r"▼ FPM DOWN  web3, seen since \d\d:\d\d: sudo systemctl start php8.3-fpm", text)
        board.put(build.pane(msgspec.structs.replace(down, observed_at=build.NOW + 90)))
        await settle(pilot)
        assert app.model.fleet.alarms["web3", build.APP].since == build.NOW, "since it was seen first"
        board.put(build.pane(build.fresh("web3")))
        assert "▼ FPM" not in await shown(pilot, "✓ 2 fresh")


async def test_since_when_fpm_is_down_is_told_only_where_it_was_seen_to_go_down() -> None:
    """It may have been down for an hour before the first look."""
    board = build.incident()
    down = alarmed("web3", DOWN, verdict=Verdict.UNKNOWN)
    board.put(build.pane(down))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot)
        assert "web3, seen since 13:02: " in text
        assert re.search(r"▼ FPM DOWN ━", text)
        board.put(build.pane(build.fresh("web3", observed_at=build.NOW - 200)))
        assert "▼ FPM" not in await shown(pilot, "✓ 2 fresh")
        board.put(build.pane(msgspec.structs.replace(down, observed_at=build.NOW - 180)))
        assert "web3 since 12:59: " in await shown(pilot, "▼ FPM DOWN 3 min")


async def test_where_fpm_is_down_the_footer_begins_with_the_shell_and_names_no_plan() -> None:
    board = build.incident()
    board.put(build.pane(alarmed("web3", DOWN, verdict=Verdict.UNKNOWN)))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        footer = (await press(pilot)).splitlines()[-1]
        assert footer.startswith(" s shell  v verify  enter detail")
        assert not {"clear", "rebuild", "reload", "fix"} & set(footer.split())
        assert (await press(pilot, "enter")).splitlines()[-1].startswith(" s shell")
        footer = (await press(pilot, "L")).splitlines()[-1]
        assert not {"shell", "clear", "reload"} & set(footer.split())
        footer = (await press(pilot, "escape", "escape", "down")).splitlines()[-1]
        assert footer.startswith(" f fix  c clear"), "of another server"
    seen = FakeEngine(board)
    seen.read_only = True
    watched = app_of(seen)
    async with watched.run_test(size=(80, 24)) as pilot:
        assert (await press(pilot)).splitlines()[-1].startswith(" v verify")


async def test_fix_does_not_say_to_look_again_where_nobody_is_served() -> None:
    board = build.incident()
    board.put(build.pane(alarmed("web3", DOWN, verdict=Verdict.UNKNOWN)))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        said = (await press(pilot, "home", "f")).splitlines()[-1]
        assert "fix: FPM DOWN: first type sudo systemctl start php8.3-fpm.service" in said


async def test_fix_opens_no_plan_without_steps_where_a_command_is_needed_first() -> None:
    """The commit is suspect, too; and nothing but the command helps."""
    mixed = release.MIXED.finding("4f2a9c1b7d", "web3 has another commit than web1", ())
    board = build.incident()
    board.put(build.pane(build.fresh("web3", findings=(DOWN, mixed), verdict=Verdict.SUSPECT)))
    engine = FakeEngine(board)
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "home", "f")
        assert engine.asked == []
        assert "fix: FPM DOWN: first type sudo systemctl start php8.3-fpm.service" in text.splitlines()[-1]


async def test_fix_opens_its_plan_where_it_does_something_although_fpm_is_down() -> None:
    """A cache is built by the command line."""
    board = build.incident()
    stale = build.stale("web3")
    board.put(build.pane(msgspec.structs.replace(stale, findings=(DOWN, *stale.findings))))
    engine = FakeEngine(board)
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "home", "f")
        assert len(engine.asked) == 1


@pytest.mark.parametrize("rule", [fpm.NOT_RUNNING, fpm.NO_SOCKET, fpm.NOT_ANSWERING], ids=lambda rule: rule.code)
async def test_a_dead_fpm_is_never_reloaded(rule: Rule) -> None:
    """Neither by the key nor by a plan of which it is one server, and no lane, footer or pane says so."""
    down = alarmed("web3", rule.finding("php8.3-fpm.service", "nobody answers", ()), verdict=Verdict.UNKNOWN)
    board = build.incident()
    board.put(build.pane(down))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "home", "r")
        assert re.search(r"reload: FPM DOWN: first type sudo systemctl (re)?start php8.3-fpm.service", text)
    plan = server_plan(down, Request(choice=Choice.RELOAD), PlanInputs())
    assert not plan.runnable
    assert any("reload" in words for words in plan.blocked)


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


def test_a_link_that_leads_to_no_release_is_an_alarm_with_the_line_that_mends_it() -> None:
    nowhere = reasons.APP_LINK_NOWHERE.unseen(
        "/srv/app/current is a link that leads to no release", "ln -sfn releases/RELEASE /srv/app/current"
    )
    alarm = alarm_of(build.fresh("web1", verdict=Verdict.UNKNOWN, errors=(nowhere,)), None)
    assert alarm is not None
    assert (alarm.word, alarm.command) == ("NO RELEASE", "ln -sfn releases/RELEASE /srv/app/current")


OLD, NEW = (f"ssh-ed25519 SHA256:{letter * 20}+/{letter * 21}" for letter in "kN")
CHANGED = reasons.LINK_HOST_KEY_CHANGED.unseen(
    f"the host key of web9 (deploy@10.20.30.40:2222) changed: it shows {NEW}, /home/deploy/.ssh/known_hosts line 112 has {OLD}",
    "reinstalled, or somebody in between? If you know why: ssh-keygen -R '[10.20.30.40]:2222' -f /home/deploy/.ssh/known_hosts; then "
    "compare and accept the new one: ssh -p 2222 deploy@web9",
)


def joined(text: str) -> str:
    """*text* without what a line break, a border or a column puts between two halves of a word."""
    return re.sub(r"[\s┃│]", "", text)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_changed_host_key_is_told_whole_with_both_fingerprints_and_what_to_do(size: tuple[int, int]) -> None:
    """Before what is stale, and no word of it is cut while rows are free."""
    board = build.incident()
    board.put(build.Pane(server="web9", app=build.SafeText(""), group="api", production=True, error=CHANGED))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        strip = app.screen.query_one("PaneView").lines if size == (80, 24) else ()
        text = await press(pilot)
    assert "▼ 1 urgent" in text
    assert text.index("▼ HOST KEY CHANGED") < text.index("✗ STALE 24 min")
    pane = "\n".join(line.text for line in strip) or column(text)
    assert joined(CHANGED.message) in joined(pane)
    assert joined(CHANGED.grant) in joined(pane)
    banner = text.partition("web9:")[2].partition("server  " if strip else "┏")[0]
    assert joined(CHANGED.grant) == joined(banner), "and the sentence above has all of what to type"


@pytest.mark.parametrize("looked", [False, True], ids=["never looked at", "looked at before"])
async def test_where_the_host_key_changed_no_key_is_named_that_cannot_work_there(looked: bool) -> None:
    board = build.incident()
    known = build.Pane(server="web9", app=build.SafeText(""), group="api", production=True, error=CHANGED)
    board.put(build.pane(as_unreachable(build.stale("web9"), CHANGED), error=CHANGED) if looked else known)
    engine = FakeEngine(board)
    app = app_of(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        for keys in (["home"], ["enter"]):
            footer = (await press(pilot, *keys)).splitlines()[-1]
            assert not {"clear", "rebuild", "reload", "fix"} & set(footer.split())
            assert {"verify", "copy", "help"} <= set(footer.split())
        for key in "cbrf":
            assert "HOST KEY CHANGED: no runbook ends that; its pane says what to type" in (await press(pilot, key)).splitlines()[-1]
        assert engine.asked == []
        assert "c clear" in (await press(pilot, "escape", "down")).splitlines()[-1], "of another server"


async def test_what_an_alarm_says_is_not_said_again_below() -> None:
    """Of a server that was looked at before: its rows are there for what is cut, not for the same words twice."""
    board = build.incident()
    board.put(build.pane(as_unreachable(build.fresh("web9"), CHANGED), error=CHANGED))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        pane = joined("\n".join(line.text for line in app.screen.query_one("PaneView").lines))
    assert pane.count(joined("the host key of web9")) == 1
    assert joined(CHANGED.grant) in pane


def column(text: str) -> str:
    """The pane with the cursor, which is the first, of several side by side."""
    rows = [row.partition("┃")[2].partition("┃")[0] for row in text.splitlines() if row.startswith("┃")]
    return "\n".join(rows)


def test_a_changed_host_key_is_an_alarm_without_any_report() -> None:
    pane = build.unreachable("web9")
    alarm = alarm_of(pane.report, pane.error)
    assert alarm is not None
    assert (alarm.word, alarm.command) == ("HOST KEY CHANGED", "ssh-keygen -R web9")
