"""The sentence about the fleet keeps what it says, however long the names are and however narrow the screen is."""

from __future__ import annotations

import re

import pytest

from stalewatch.dashboard.render.banner import banner_lines
from stalewatch.dashboard.render.cause_lines import cause_lines
from stalewatch.dashboard.render.cause_rows import cause_rows
from stalewatch.dashboard.render.names import Shared
from stalewatch.dashboard.render.times import Clock, Zone
from stalewatch.diagnosis import fpm
from stalewatch.model.alarm import Alarm
from stalewatch.model.replace import replace
from stalewatch.model.text import safe
from stalewatch.runbook.ending import explained
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, shown

CLOCK = Clock(build.NOW, Zone.SERVER, offset=7200)
LONG = [f"production-application-frankfurt-cluster-a-node-{number:02}.internal.example.com" for number in range(1, 9)]
WHOLE = (
    "web1 runs old code since 12:38: RetellFunctionCallHandler.php runs as compiled 12:27, the disk has 12:38; "
    "the pool never looks at the disk (validate_timestamps=0) · f fix"
)


def said(names: list[str], width: int, rows: int, handler: str = build.HANDLER) -> str:
    panes = [build.pane(build.stale(name, handler)) for name in names]
    assert panes[0].report is not None
    cause = explained(panes[0].report)
    assert cause is not None
    lines = banner_lines(panes, {}, CLOCK, width, rows, (panes[0], cause), Shared.of(names))
    assert len(lines) <= rows
    assert all(line.width <= width for line in lines)
    return " ".join(" ".join(line.text for line in lines).split())


@pytest.mark.parametrize(("width", "rows"), [(200, 1), (120, 2), (80, 3)])
def test_it_is_whole_where_there_is_room(width: int, rows: int) -> None:
    assert said(["web1"], width, rows) == f"✗ STALE {WHOLE}"


@pytest.mark.parametrize(("width", "rows"), [(200, 1), (120, 2), (80, 2)])
def test_names_are_cut_and_the_sentence_is_not(width: int, rows: int) -> None:
    handler = f"app/Http/Controllers/{'VeryLong' * 6}Controller.php"
    text = said(LONG, width, rows, handler)
    assert "and 7 more run old code since 12:38: " in text
    assert "runs as compiled 12:27, the disk has 12:38" in text
    assert text.endswith("· f fix")


def test_at_80_columns_two_rows_answer_who_since_when_what_and_why() -> None:
    text = said(["web1"], 80, 2)
    assert text.endswith(
        "RetellFunctionCallHandler.php runs as compiled 12:27, the disk has 12:38; the pool never looks at the disk · f fix"
    )


def test_two_versions_of_one_minute_are_told_apart_by_their_seconds() -> None:
    """ "As compiled 12:38, the disk has 12:38" says nothing; and so in the sentence, in the pane and on the page."""
    cause = explained(build.stale())
    assert cause is not None
    cause = replace(cause, how=("as compiled ", build.at("12:38:20")), disk=(build.at("12:38:43"),))
    banner = banner_lines([build.pane(build.stale())], {}, CLOCK, 200, 1, (build.pane(build.stale()), cause))[0].text
    assert "runs as compiled 12:38:20, the disk has 12:38:43; the pool" in banner
    pane = " ".join(" ".join(line.text for line in cause_lines(cause, CLOCK, 120)).split())
    assert "as compiled 12:38:20 | on disk: 12:38:43" in pane
    page = " ".join(" ".join(line.text for line in cause_rows(cause, CLOCK, 120)).split())
    assert "runs as compiled 12:38:20 on the disk changed 12:38:43" in page
    assert "as compiled 12:38:20, the disk has 12:38:43" in CLOCK.told(cause.sentence)
    assert "as compiled 12:37, the disk has 12:38" in CLOCK.told(replace(cause, how=("as compiled ", build.at("12:37:59"))).sentence)


def test_what_to_type_stays_where_the_reason_does_not_fit() -> None:
    report = build.stale(findings=(fpm.OTHER_TREE.finding(build.APP, "another tree", ()),))
    cause = explained(report)
    assert cause is not None
    pane = build.pane(report)
    text = " ".join(line.text.strip() for line in banner_lines([pane], {}, CLOCK, 80, 2, (pane, cause)))
    assert text.endswith("→ sudo systemctl restart php8.3-fpm.service")
    assert "PHP-FPM runs another tree" in text


def test_a_long_name_is_cut_before_what_to_type_is() -> None:
    report = replace(build.stale(findings=(fpm.OTHER_TREE.finding(build.APP, "another tree", ()),)), stale_since=None)
    cause = explained(report)
    assert cause is not None
    cause = replace(cause, how=("an older RetellFunctionCallHandler.php, in another tree",), disk=())
    pane = build.pane(report)
    told = " ".join(line.text.strip() for line in banner_lines([pane], {}, CLOCK, 80, 2, (pane, cause)))
    assert re.search(r"runs an older Retell…\S+Handler\.php, in another tree; → sudo systemctl restart php8.3-fpm.service$", told), told


def test_what_no_key_ends_is_told_with_what_to_type() -> None:
    finding = fpm.OTHER_TREE.finding(build.APP, "another tree", ())
    report = build.stale(findings=(finding,))
    cause = explained(report)
    assert cause is not None
    pane = build.pane(report)
    text = " ".join(line.text for line in banner_lines([pane], {}, CLOCK, 200, 2, (pane, cause)))
    assert text.endswith("→ sudo systemctl restart php8.3-fpm.service")
    assert "f fix" not in text


REMOVE = "ssh-keygen -R '[10.20.30.40]:2222' -f /home/anna/.ssh/known_hosts"
CHANGED = Alarm(
    "HOST KEY CHANGED",
    safe("the host key of web4 changed"),
    safe(f"reinstalled, or somebody in between? If you know why: {REMOVE}; then compare and accept the new one: ssh -p 2222 deploy@web4"),
)


def urgent(alarm: Alarm, width: int, rows: int) -> list[str]:
    pane = build.pane(build.fresh("web4"))
    drawn = [row.text for row in banner_lines([pane], {pane.key: alarm}, CLOCK, width, rows)]
    assert len(drawn) <= rows
    assert all(len(row) <= width for row in drawn)
    return drawn


def test_what_to_type_begins_behind_the_name_where_it_needs_more_than_the_rows_below() -> None:
    first, *more = urgent(CHANGED, 80, 3)
    assert first == "  ▼ HOST KEY CHANGED  web4: reinstalled, or somebody in between? If you know"
    assert " ".join([first, *(row.strip() for row in more)]).endswith(CHANGED.command.partition("If you know ")[2]), "all of it"
    down = Alarm("FPM DOWN", safe("it does not run"), safe("sudo systemctl restart php8.3-fpm.service"))
    rows = urgent(down, 50, 2)
    assert rows == ["  ▼ FPM DOWN  web4:", "   sudo systemctl restart php8.3-fpm.service"], "what fits one row stays in one"


@pytest.mark.parametrize(("width", "rows"), [(80, 2), (50, 4)])
def test_no_command_ends_in_its_middle_where_there_is_no_room_for_all_of_what_to_type(width: int, rows: int) -> None:
    told = " ".join(row.strip() for row in urgent(CHANGED, width, rows))
    assert told.endswith(f"If you know why: {REMOVE}; …")


@pytest.mark.parametrize(
    ("width", "others", "named"),
    [
        (80, ["web4"], " (web4 is urgent, too): "),
        (80, ["web4", "web5"], " (web4 and web5 are urgent, too): "),
        (80, [LONG[0]], ", and 1 more urgent: "),
        (60, ["web4"], ", +1 urgent: "),
    ],
)
def test_who_else_is_urgent_is_named_where_there_is_room(width: int, others: list[str], named: str) -> None:
    down = Alarm("FPM DOWN", safe("it does not run"), safe("sudo systemctl start php8.3-fpm.service"), build.NOW)
    panes = [build.pane(build.fresh(name)) for name in ("web3", "web8", *others)]
    alarms = {panes[0].key: down, panes[1].key: down} | {pane.key: CHANGED for pane in panes[2:]}
    drawn = [row.text for row in banner_lines(panes, alarms, CLOCK, width, 3)]
    assert " ".join(" ".join(drawn).split()) == f"▼ FPM DOWN web3 and web8, seen since 13:02{named}{down.command}"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_it_is_shown_at_every_size(size: tuple[int, int]) -> None:
    async with app_of(FakeEngine(build.incident())).run_test(size=size) as pilot:
        rows = " ".join((await shown(pilot, "old code since")).splitlines()[1:3])
    text = " ".join(rows.split())
    said = "the pool never looks at the disk" if size == (80, 24) else "the pool never looks at the disk (validate_timestamps=0)"
    runs = "RetellFunctionCallHandler.php runs as compiled 12:27, the disk has 12:38"
    assert f"web1 runs old code since 12:38: {runs}; {said} · f fix" in text


async def test_what_names_have_in_common_is_not_sought_again_at_each_look(monkeypatch: pytest.MonkeyPatch) -> None:
    sought: list[object] = []
    of = Shared.of
    monkeypatch.setattr(Shared, "of", lambda names: sought.append(names) or of(names))
    board = build.incident()
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "✗ STALE")
        before = len(sought)
        board.put(build.pane(build.fresh("web1")))
        app.flush()
        await shown(pilot, "✓ 3 fresh")
    assert before == len(sought) == 1


async def test_a_screen_that_may_not_act_names_no_key() -> None:
    engine = FakeEngine(build.incident())
    engine.read_only = True
    async with app_of(engine).run_test(size=(120, 40)) as pilot:
        text = await shown(pilot, "old code since")
    assert "RetellFunctionCallHandler.php runs as compiled 12:27" in text
    assert "· f fix" not in text


async def test_with_ages_in_the_place_of_times_it_is_a_sentence_and_names_both_versions() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "old code since")
        await pilot.press("d")
        text = " ".join((await shown(pilot, "old code for 24 min")).split())
    assert "web1 runs old code for 24 min: RetellFunctionCallHandler.php runs as compiled 12:27, the disk has 12:38;" in text
    assert "on disk: 12:38" in text
    assert "deployed 24 min ago" in text or "4f2a9c1 24 min ago" in text
