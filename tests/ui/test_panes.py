"""Panes: the cause first, then the same rows at the same height in all of them, and nothing cut while rows are free."""

from __future__ import annotations

import re

import msgspec
import pytest

from stalewatch.dashboard.render import layer_rows
from stalewatch.dashboard.render.layer_rows import rows_of
from stalewatch.dashboard.render.lines import MORE, Span
from stalewatch.dashboard.render.log_lines import LogSummary
from stalewatch.dashboard.render.names import Shared, server_spans
from stalewatch.dashboard.render.pane_lines import RenderOptions, pane_lines, side_by_side
from stalewatch.dashboard.render.pane_rows import NAMES, pane_rows
from stalewatch.dashboard.render.sections import verdict
from stalewatch.dashboard.render.signs import badge_in
from stalewatch.dashboard.render.table_head import VERDICT
from stalewatch.dashboard.render.times import Clock, Zone
from stalewatch.dashboard.widgets.fleet_table import row
from stalewatch.dashboard.widgets.pane_grid import across
from stalewatch.diagnosis import fpm
from stalewatch.diagnosis.rule import Rule
from stalewatch.diagnosis.rules import RULES
from stalewatch.engine.board import Board, Pane
from stalewatch.model.layers import LAYERS, Layer
from stalewatch.model.reasons import FPM_OTHER_ANSWER, LINK_PROTOCOL, Reason
from stalewatch.model.report import Evidence, Report, Verdict
from stalewatch.model.text import safe
from stalewatch.runbook.ending import explained
from stalewatch.timeline import EventKind
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, screen_text, settle

CLOCK = Clock(build.NOW, Zone.SERVER, offset=7200)


def options(pane: Pane) -> RenderOptions:
    return RenderOptions(CLOCK, 0.0, cause=explained(pane.report) if pane.report is not None else None)


def drawn(*panes: Pane, width: int = 40, height: int = 22) -> list[list[str]]:
    """The text of each pane, without its border."""
    pairs = tuple((pane, options(pane)) for pane in panes)
    insides = side_by_side(pairs, width - 4, height - 2)
    drawn = (pane_lines(pane, how, width, height, inside) for (pane, how), inside in zip(pairs, insides, strict=True))
    return [[row.text[2:-2] for row in rows[1:-1]] for rows in drawn]


def labels(rows: list[str]) -> dict[str, int]:
    return {name: at for at, row in enumerate(rows) for name in NAMES if row.startswith(f"{name} ")}


@pytest.mark.parametrize(("width", "height"), [(40, 12), (40, 16), (40, 22), (64, 14), (100, 20)])
def test_the_same_rows_are_at_the_same_height_in_every_pane(width: int, height: int) -> None:
    stale, fresh = build.pane(build.stale()), build.pane(build.fresh("web2"))
    unheard = build.pane(build.fresh("web3", verdict=Verdict.UNKNOWN, layers=dict.fromkeys(build.fresh("x").layers, Verdict.UNKNOWN)))
    places = [labels(rows) for rows in drawn(stale, fresh, unheard, width=width, height=height)]
    assert places[0] == places[1] == places[2]
    assert list(places[0]) == [name for name in NAMES if name in places[0]]
    assert {"config", "routes", "opcache"} <= set(places[0])


def test_a_row_that_another_pane_has_is_a_dash() -> None:
    log = LogSummary(EventKind.ERROR, 14, build.at("12:49"), build.at("12:50"), "Call context not found")
    logged, silent = build.pane(build.stale()), build.pane(build.fresh("web2"))
    pairs = ((logged, options(logged)._replace(log=log)), (silent, options(silent)))
    both = [[row.text for row in rows] for rows in side_by_side(pairs, 60, 20)]
    at = next(at for at, row in enumerate(both[0]) if row.startswith("log      !"))
    assert both[1][at].split() == ["log", "–"]


@pytest.mark.parametrize("many", [7, 125, 41_250])
@pytest.mark.parametrize("width", [30, 36])
def test_how_often_a_log_said_it_is_never_cut(many: int, width: int) -> None:
    """The hour gives way, whole."""
    log = LogSummary(EventKind.REASSURE, many, build.at("12:39"), build.at("12:50"), "Function routing of an appointment that was booked")
    pane = build.pane(build.fresh("web2"))
    assert pane.report is not None
    row = pane_rows(pane.report, options(pane)._replace(log=log), width)["log"]
    assert row.whole
    assert MORE not in row.whole[0].text
    assert row.whole[0].width <= width
    assert "good lines" in row.whole[0].text


def test_a_pane_opens_with_what_runs_what_is_on_the_disk_why_and_what_to_press() -> None:
    (rows,) = drawn(build.pane(build.stale()), width=80)
    assert [row.rstrip() for row in rows[:3]] == [
        "runs: RetellFunctionCallHandler.php as compiled 12:27 | on disk: 12:38",
        "why: the pool never looks at the disk (validate_timestamps=0)",
        "press: f rebuilds config and routes, invalidates scripts, no reload",
    ]


def test_a_narrow_pane_breaks_the_cause_and_cuts_nothing() -> None:
    (rows,) = drawn(build.pane(build.stale()))
    text = " ".join(" ".join(rows).split())
    assert "runs: RetellFunctionCallHandler.php as compiled 12:27 on disk: 12:38 why: the pool never looks at the disk" in text
    assert "press: f rebuilds config and routes, invalidates scripts, no reload" in text
    assert MORE not in text


def test_where_rows_are_few_the_key_stays() -> None:
    (rows,) = drawn(build.pane(build.stale()), width=80, height=9)
    assert rows[1].rstrip() == "why: the pool never looks at the disk (validate_timestamps=0) | press: f"
    assert {"config", "routes", "opcache"} <= set(labels(rows))


def test_one_fact_has_one_form_and_one_short_form() -> None:
    panes = build.pane(build.stale()), build.pane(build.fresh("web2"))
    wide, narrow = drawn(*panes, width=70), drawn(*panes, width=40)
    at = labels(wide[0])["config"]
    assert (wide[0][at].split()[1:], wide[1][at].rstrip()) == (
        ["✗", "cache", "12", "min", "older", "than", "source", "(12:26", "→", "12:38)"],
        "config   ✓ cached 12:54, source 12:38",
    )
    at = labels(narrow[0])["config"]
    assert (narrow[0][at].rstrip(), narrow[1][at].rstrip()) == ("config   ✗ 12 min older than source", "config   ✓ cached 12:54")


@pytest.mark.parametrize(
    ("report", "cached", "told"),
    [
        (build.stale(), "12:38", "✗ cache 2 s older than source (12:38:00 → 12:38:02)"),
        (build.stale(), "12:37:30", "✗ cache 32 s older than source (12:37 → 12:38)"),
        (build.fresh("web2"), "12:38:20", "✓ cached 12:38:20, source 12:38:02"),
        (build.fresh("web2"), "12:38:02", "✓ cached 12:38, source 12:38"),
    ],
)
def test_two_times_of_one_minute_are_told_apart_by_their_seconds(report: Report, cached: str, told: str) -> None:
    assert report.snapshot is not None
    seen = msgspec.structs.replace(report.snapshot, host=build.host("12:27", cached))
    (rows,) = drawn(build.pane(msgspec.structs.replace(report, snapshot=seen)), width=80)
    assert rows[labels(rows)["config"]].rstrip() == f"config   {told}"


def test_what_proves_nothing_has_no_green_tick() -> None:
    for rows in drawn(build.pane(build.stale()), build.pane(build.fresh("web2"))):
        places = labels(rows)
        assert all(rows[places[name]][9] == "·" for name in ("release", "workers"))
    (fresh,) = drawn(build.pane(build.fresh("web2")))
    assert fresh[labels(fresh)["opcache"]][9] == "✓"


@pytest.mark.parametrize(
    ("rule", "words"),
    [(fpm.BINARY_NEWER, "older than the binary"), (fpm.CONFIG_NEWER, "older than the settings"), (fpm.OTHER_TREE, "in another tree")],
)
def test_workers_that_are_wrong_are_not_told_by_the_deploy(rule: Rule, words: str) -> None:
    """ "✗ 7 since 12:40, after the deploy" would be a cross before what is well."""
    layers = {**build.fresh("web1").layers, Layer.FPM: Verdict.STALE}
    report = build.fresh("web1", verdict=Verdict.STALE, layers=layers, findings=(rule.finding("php-fpm8.3", "old", ()),))
    row = next(row for row in rows_of(report, CLOCK) if row.layer is Layer.FPM)
    assert re.fullmatch(rf"\d+ since \d\d:\d\d, {words}", row.wide)
    assert re.fullmatch(rf"\d+ {words}", row.short)
    assert "deploy" in next(row for row in rows_of(build.fresh("web1"), CLOCK) if row.layer is Layer.FPM).wide


def test_rows_know_only_codes_that_there_are() -> None:
    assert {*layer_rows._POOL, *layer_rows._QUEUE, *layer_rows._COMPOSER} <= set(RULES)


def test_what_would_be_cut_takes_rows_that_are_free() -> None:
    whole = RULES["config.made-elsewhere"].finding("config.php", "the configuration cache names /srv/releases/41, not /srv/app")
    rest = tuple(finding for finding in build.stale().findings if finding.layer is Layer.OPCACHE)
    report = build.fresh("web1", findings=(*rest, whole), verdict=Verdict.STALE)
    report = msgspec.structs.replace(report, layers={**report.layers, Layer.CONFIG: Verdict.STALE, Layer.OPCACHE: Verdict.STALE})
    other = build.pane(build.fresh("web2"))
    tall, low = drawn(build.pane(report), other, height=30), drawn(build.pane(report), other, height=12)
    at = labels(tall[0])["config"]
    assert str(whole.summary) in " ".join(" ".join(row.strip() for row in tall[0][at : at + 3]).split())
    assert labels(tall[0]) == labels(tall[1]), "and so does the one beside it"
    assert tall[1][at + 1].strip() == ""
    assert any(MORE in row for row in low[0])


def test_a_layer_has_the_same_sign_in_the_pane_in_the_table_and_on_the_page() -> None:
    for report in (build.fresh("web2"), build.stale()):
        pane = build.pane(report)
        (in_pane,) = drawn(pane, width=64, height=30)
        table = row(pane, options(pane), 80).text[-len(Layer) * 3 - 7 :].split()
        page = " ".join(each.text for each in verdict.lines(report, CLOCK, 200))
        at = labels(in_pane)
        for layer, sign in zip(LAYERS, table, strict=False):
            if layer.label in at:
                assert in_pane[at[layer.label]].split()[1] == sign, layer
            assert f" {sign} {layer.layer}" in page, layer
    assert table[0] == "·", "the newest commit proves nothing"


@pytest.mark.parametrize(
    ("whole", "told"),
    [
        (" ✗ STALE 24 min ", " ✗ STALE 24 min "),
        (" ? UNKNOWN was STALE ", " ? UNKNOWN was STALE"),
        (" ✗ STALE 12 h 30 min ", " ✗ STALE 12 h 30 min"),
        (" ▼ FPM DOWN 1 h 12 min ", " ▼ FPM DOWN 1 h"),
        (" ▼ HOST KEY CHANGED 1 h 12 min ", " ▼ HOST KEY CHANGED"),
    ],
)
def test_a_verdict_is_not_cut_in_a_word_of_the_table(whole: str, told: str) -> None:
    assert badge_in(Span(whole), VERDICT).text == told


def test_what_a_lost_server_was_is_whole_in_the_table() -> None:
    pane = build.pane(build.fresh("web1", verdict=Verdict.UNKNOWN, last_verdict=Verdict.FRESH))
    assert "? UNKNOWN was FRESH " in row(pane, options(pane), 80).text


def test_a_fresh_pane_says_what_it_runs_wherever_a_row_is_free() -> None:
    """Alone in its row as beside a stale one."""
    fresh = build.pane(build.fresh("web2"))
    (alone,), (low,) = drawn(fresh, height=22), drawn(fresh, height=10)
    assert alone[0].rstrip() == drawn(build.pane(build.stale()), fresh)[1][0].rstrip() == "runs: what is on the disk"
    assert not low[0].startswith("runs:")


@pytest.mark.parametrize(
    ("code", "facts", "label", "words"),
    [
        ("fpm.other-tree", {}, "workers", "✗ 7 since 12:55, in another tree"),
        ("release.old-served", {"served": "/srv/releases/41/public/index.php"}, "release", "✗ 4f2a9c1 12:38, release 41 runs"),
        ("release.mixed", {"others": "c70e5f1aa"}, "release", "~ 4f2a9c1 12:38, others c70e5f1"),
    ],
)
def test_a_row_says_what_its_sign_is_for(code: str, facts: dict[str, str], label: str, words: str) -> None:
    """Not the commit that is on the disk, nor that workers are younger than the deploy, behind a sign that says the contrary."""
    finding = RULES[code].finding("subject", "summary", [Evidence(name, safe(value)) for name, value in facts.items()])
    layers = {**build.fresh("web2").layers, finding.layer: finding.verdict}
    (rows,) = drawn(build.pane(build.fresh("web2", findings=(finding,), verdict=finding.verdict, layers=layers)), width=64)
    assert rows[labels(rows)[label]].rstrip() == f"{label:<9}{words}"


def test_four_panes_are_two_by_two_and_rows_are_full() -> None:
    assert [across(width, 4) for width in (80, 120, 200, 400)] == [2, 2, 2, 2]
    assert across(60, 4) == 1
    assert [across(200, count) for count in (1, 2, 3, 5, 6, 7, 8, 12)] == [1, 2, 3, 5, 3, 4, 4, 4]


@pytest.mark.parametrize("size", [(120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_four_servers_are_two_by_two(size: tuple[int, int]) -> None:
    board = Board()
    for name in ("web1", "web2", "web3", "web4"):
        board.put(build.pane(build.stale(name) if name == "web1" else build.fresh(name)))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        text = screen_text(app)
    assert text.count("cached 12:54") == 6
    assert text.count("source 12:38") == (0 if size[0] == 120 else 6), "in one form, whichever row a pane is in"
    heads = [row for row in text.splitlines() if "api-gateway · prod ─" in row or "api-gateway · prod ━" in row]
    assert [sum(f"web{n}" in row for n in (1, 2, 3, 4)) for row in heads] == [2, 2]


LONG = [f"production-frankfurt-cluster-a-node-{number:02}.internal.example.com" for number in range(1, 5)]


@pytest.mark.parametrize("room", [12, 16, 24, 40, 80])
def test_names_stay_told_apart_and_what_they_share_is_dimmed(room: int) -> None:
    shared = Shared.of(LONG)
    assert shared[:2] == ("production-frankfurt-cluster-a-node-", ".internal.example.com")
    told = [server_spans(name, shared, room, "title") for name in LONG]
    texts = ["".join(span.text for span in spans) for spans in told]
    assert len(set(texts)) == len(LONG)
    assert all(len(text) <= room for text in texts)
    loud = ["".join(span.text for span in spans if span.role == "title") for spans in told]
    assert all(text.endswith(f"{number:02}") for number, text in enumerate(loud, 1))
    if room == 80:
        assert loud == ["01", "02", "03", "04"]


@pytest.mark.parametrize("room", [10, 12, 16, 24])
def test_names_stay_told_apart_beside_one_that_is_like_none_of_them(room: int) -> None:
    shared = Shared.of([*LONG, "db-old"])
    told = ["".join(span.text for span in server_spans(name, shared, room, "title")) for name in LONG]
    assert len(set(told)) == len(LONG)
    assert all(len(text) <= room for text in told)


def test_short_names_share_nothing_worth_dimming() -> None:
    assert Shared.of(["web1", "web2", "web3"]) == Shared()
    assert Shared.of(["web1.example.com"]) == Shared()
    assert "".join(span.text for span in server_spans("web1", Shared(), 20, "title")) == "web1"


def test_a_pane_of_another_alarm_or_app_keeps_its_words() -> None:
    down = msgspec.structs.replace(build.fresh("web3"), app=safe("/srv/other"))
    assert drawn(build.pane(down))[0][0].strip() == drawn(build.pane(build.fresh("web3")))[0][0].strip()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_long_names_are_told_apart_in_the_banner_the_panes_and_the_lanes(size: tuple[int, int]) -> None:
    board = Board()
    for number, name in enumerate(LONG):
        board.put(build.pane(build.fresh(name) if number else build.stale(name)))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        text = screen_text(app)
    above, _, below = text.partition(" timeline ")
    for number in range(1, len(LONG) + 1):
        assert f"node-{number:02}" in above
        lanes = [row for row in below.splitlines() if "──" in row and f"node-{number:02}" in row]
        assert len(lanes) == (1 if size[0] > 80 or number < 4 else 0)
    said = r"a-node-01… runs old code since 12:38: Retell\S+Handler\.php runs as compiled 12:27, the disk has 12:38"
    assert re.search(said, " ".join(text.split()))


def test_a_pane_of_any_size_is_drawn() -> None:
    """Below another screen it has any size: a dialog may be open while the window shrinks."""
    log = LogSummary(EventKind.ERROR, 14, build.at("12:49"), build.at("12:50"), "Call context not found")
    for pane in (build.pane(build.stale()), build.pane(build.fresh("web2")), build.unreachable("db1")):
        for width in range(60):
            for height in (0, 1, 3, 8, 20):
                pane_lines(pane, options(pane)._replace(log=log), width, height)


def test_why_a_server_was_never_seen_has_all_cells_that_are_free_in_its_row() -> None:
    pane = build.unreachable("web4")
    why = "the host key of web4 (127.0.0.1:37985) changed: it shows ssh-ed25519 SHA256:TDPaSykBHLlK9506XLVo2fd"
    pane = msgspec.structs.replace(pane, error=msgspec.structs.replace(pane.error, message=safe(why)))
    for width in (50, 80, 100, 140, 200):
        told = row(pane, options(pane), width).text
        assert len(told) == width
        assert told.endswith("…") or why in told, "up to the last cell"


@pytest.mark.parametrize("reason", [FPM_OTHER_ANSWER, LINK_PROTOCOL], ids=lambda reason: reason.code)
def test_what_could_not_be_seen_says_what_to_do_also_where_only_its_reason_does(reason: Reason) -> None:
    """Something answers in the probe's place, or no answer is one: "not seen" alone leaves a stranger with nothing."""
    error = reason.unseen("something else answers in the probe's place: <b>Fatal error</b>")
    report = build.fresh("web2", verdict=Verdict.UNKNOWN, errors=(error,))
    (rows,) = drawn(build.pane(report), width=100, height=24)
    assert f"→ {reason.advice}" in " ".join(" ".join(row.strip() for row in rows).split())
    page = " ".join(" ".join(row.text for row in verdict.lines(report, CLOCK, 100)).split())
    assert f"→ {reason.advice}" in page


def test_beside_a_verdict_only_what_is_to_be_granted_there_takes_rows() -> None:
    """Its rows are worth more than what is to be done about a reason in general."""
    report = build.stale("web1")
    report = msgspec.structs.replace(report, errors=(FPM_OTHER_ANSWER.unseen("something else answers"),))
    (rows,) = drawn(build.pane(report), width=78, height=12)
    assert FPM_OTHER_ANSWER.advice[:20] not in " ".join(rows)
