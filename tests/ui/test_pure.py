"""Drawing functions without a screen: lines, times, windows, order, copying."""

from __future__ import annotations

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from stalewatch.dashboard import order
from stalewatch.dashboard.actions import ACTIONS, SCREEN_ACTIONS, ActionContext, markdown_table
from stalewatch.dashboard.actions.spec import SCREENS
from stalewatch.dashboard.render import markdown, osc52
from stalewatch.dashboard.render.banner import banner_lines
from stalewatch.dashboard.render.detail_lines import detail_lines
from stalewatch.dashboard.render.lines import Span, crop, line, middle_crop, wrap
from stalewatch.dashboard.render.log_lines import LogSummary, log_line
from stalewatch.dashboard.render.pane_lines import RenderOptions
from stalewatch.dashboard.render.pane_rows import rate_line
from stalewatch.dashboard.render.sections import caches, verdict
from stalewatch.dashboard.render.spark import sparkline
from stalewatch.dashboard.render.time_window import window
from stalewatch.dashboard.render.times import Clock, Zone
from stalewatch.dashboard.screens.sizes import Wanted, share
from stalewatch.dashboard.widgets.content import strip
from stalewatch.dashboard.widgets.theme import files, palette
from stalewatch.model.chain import NotJudged
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import HostFacts, Inputs, Unseen
from stalewatch.model.text import SafeText
from stalewatch.timeline import EventKind
from tests.builders import incident as build


@given(st.text(max_size=80), st.integers(1, 60))
def test_a_strip_is_always_exactly_as_wide_as_asked_and_printable(text: str, width: int) -> None:
    made = strip(line(Span(text, "muted")), palette("dark"), width)
    assert made.cell_length == width
    assert cell_len(made.text) == width
    assert made.text.isprintable()


@given(st.text(st.characters(blacklist_categories=["C", "Z", "M"]), max_size=60), st.integers(1, 40))
def test_what_is_cut_is_marked(text: str, width: int) -> None:
    made = crop(line(text), width)
    assert made.text == text or made.text.endswith("…")
    assert made.width <= width


@pytest.mark.parametrize("width", [80, 120, 200])
def test_names_that_differ_at_their_end_look_different_and_leave_the_sentence_whole(width: int) -> None:
    names = [f"production-application-frankfurt-cluster-a-node-{number:02}.internal.example.com" for number in range(1, 9)]
    panes = [build.pane(build.stale(name)) for name in names]
    assert len({middle_crop(name, 24) for name in (f"production-frankfurt-{number:02}" for number in range(1, 9))}) == 8
    said = banner_lines(panes, {}, Clock(build.NOW), width)[0].text
    assert "and 7 more run old code since " in said
    assert said.rstrip().endswith("config, routes, opcache")


@given(st.lists(st.text("abc/-:", min_size=1, max_size=30), min_size=1, max_size=12), st.integers(10, 60))
def test_wrapping_loses_nothing(words: list[str], width: int) -> None:
    text = " ".join(words)
    pieces = wrap(text, width)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(piece) <= width for piece in pieces)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("/srv/app/Http/Controllers/HomeController.php", ["/srv/app/Http/", "Controllers/", "HomeController.php"]),
        ("stat /srv/app/Http/Kernel.php", ["stat /srv/app/Http/", "Kernel.php"]),
        ("it is in /srv/app/a.php", ["it is in", "/srv/app/a.php"]),
        ("a/HomeControllerOfEverybody.php", ["a/HomeControllerOfEv", "erybody.php"]),
    ],
)
def test_a_long_path_is_broken_behind_a_slash(text: str, pieces: list[str]) -> None:
    assert wrap(text, 20) == pieces


def test_times_are_told_in_the_zone_that_was_chosen() -> None:
    deployed = build.at("12:38:02")
    assert Clock(build.NOW, Zone.LOCAL).hms(deployed) == "12:38:02"
    assert Clock(build.NOW, Zone.UTC).hms(deployed) == "10:38:02"
    assert Clock(build.NOW, Zone.SERVER).there(-18000, 0.0).hms(deployed) == "05:38:02"
    assert Clock(build.NOW, relative=True).hm(deployed) == "24 min ago"


@pytest.mark.parametrize(("age", "told"), [(1, "<15 s"), (6, "<15 s"), (20, "<30 s"), (44, "<1 min"), (58, "1 min"), (90, "1 min")])
def test_an_age_that_is_counted_in_quarters_of_a_minute_says_no_second_that_it_does_not_know(age: int, told: str) -> None:
    """The clock of panes is up to 15 s ahead, so that a tick paints nothing: what was 6 s ago was told as 16 s."""
    clock = Clock(build.NOW + 14).coarse
    assert clock.now - (build.NOW + 14) == 5
    assert clock.since(build.NOW + 14 - age) == told
    assert clock.ago(build.NOW + 14 - age) == f"{told} ago"
    assert Clock(build.NOW).since(build.NOW - 6) == "6 s", "where each second is counted, each is told"
    assert clock.ago(clock.now + 40) == "in 40 s"


@pytest.mark.parametrize(
    ("days", "said", "brief"),
    [(0.01, "12:47:47", "12:47"), (20, "Oct 04 13:02", "Oct 04"), (150, "May 27 13:02", "May 27"), (365 * 3, "2022-10-25", "2022-10")],
)
def test_a_month_of_another_year_tells_its_year(days: float, said: str, brief: str) -> None:
    clock = Clock(build.NOW)
    assert clock.hms(build.NOW - days * 86400) == said
    assert clock.brief(build.NOW - days * 86400) == brief


def test_ages_are_by_the_servers_own_clock() -> None:
    skewed = Clock(build.NOW).there(0, -120.0)
    assert skewed.since(build.NOW - 180) == "1 min"


def test_a_tick_moves_the_window_by_whole_cells_only() -> None:
    assert window(1_000_010.0, 3600, 0, 100) == window(1_000_010.0 + 20, 3600, 0, 100)
    assert window(1_000_010.0, 3600, 0, 100) != window(1_000_010.0 + 40, 3600, 0, 100)


@given(st.integers(60, 250), st.integers(20, 80), st.integers(0, 200), st.booleans(), st.booleans(), st.sampled_from([None, True, False]))
def test_the_parts_never_need_more_rows_than_there_are(
    width: int, height: int, panes: int, filtering: bool, reading: bool, dense: bool | None
) -> None:
    sizes = share(width, height, panes, panes, Wanted(dense, filtering, reading))
    used = 2 + filtering + sizes.summary + sizes.table + sizes.strip + sizes.grid + sizes.lanes + sizes.events
    assert used <= height
    assert min(sizes.lanes, sizes.events) >= 2


def test_worst_first_and_equals_stay_where_they_were() -> None:
    panes = [build.pane(build.fresh("a")), build.pane(build.stale("b")), build.pane(build.fresh("c")), build.unreachable("d")]
    assert [server for server, _ in order.ordered(panes)] == ["b", "d", "a", "c"]


def test_an_app_that_is_discovered_takes_the_place_of_its_place_holder() -> None:
    panes = [build.pane(build.fresh("a")), build.pane(build.fresh("b"))]
    assert order.keep([("a", ""), ("b", build.APP)], panes) == [("a", build.APP), ("b", build.APP)]


@pytest.mark.parametrize(
    ("words", "shown"),
    [("web1", True), ("stale opcache", True), ("!stale", False), ("4f2a9", True), ("prod", True), ("views", False), ("!", True)],
)
def test_filters_look_at_name_verdict_layer_commit_and_group(words: str, shown: bool) -> None:
    assert order.matches(build.pane(build.stale("web1")), words) is shown


def test_copying_is_bounded_and_wrapped_for_tmux() -> None:
    plain = osc52.sequence("x" * 200_000)
    assert len(plain) <= osc52.LIMIT + 20
    base64.b64decode(plain[7:-1], validate=True)
    assert osc52.sequence("hi", tmux=True) == "\x1b]52;c;aGk=\x07\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\"


def test_no_key_has_two_meanings_and_every_acting_one_is_off_when_read_only() -> None:
    for screen in SCREENS:
        keys = [key for action in SCREEN_ACTIONS if screen in action.screens for key in action.keys]
        assert len(keys) == len(set(keys)), screen
    assert all(action.disabled(ActionContext(read_only=True)) for action in ACTIONS if action.acting)
    assert {"clear", "rebuild", "reload", "fix"} == {action.id for action in ACTIONS if action.acting}
    assert "| `f` |" in markdown_table()


def test_theme_labels_are_told_apart() -> None:
    assert len({theme.label for theme in files().values()}) == len(files())


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("root", ["/srv/app", "/var/www/customers/acme-industries/applications/api-gateway/current"])
def test_the_head_of_the_server_page_never_cuts_the_verdict(root: str, width: int) -> None:
    pane = build.pane(build.stale("production-web-01.acme.internal", app=root))
    page = detail_lines(pane, [], RenderOptions(Clock(build.NOW), 100.0), width)
    assert "✗ STALE 24 min" in page.rows[0].text
    assert all(row.width <= width for row in page.rows)


def test_a_narrow_server_page_names_every_layer_and_when_it_was_looked_at() -> None:
    report = build.stale()
    told = "\n".join(row.text for row in verdict.lines(report, Clock(build.NOW), 60))
    assert all(f" {layer.value}" in told for layer in report.layers)
    assert "last look 13:02:11" in told


def test_a_finding_names_its_file_below_the_root_and_its_command_keeps_the_whole_path() -> None:
    report, clock = build.stale(), Clock(build.NOW)
    rows = [row.text for row in verdict.lines(report, clock, 200)]
    assert f"    {build.HANDLER}" in rows
    assert f"    $ stat -c '%y %n' {build.APP}/{build.HANDLER}" in rows
    for place, finding in zip(verdict.places(report, clock, 60), report.findings, strict=True):
        assert str(finding.summary)[:20] in verdict.lines(report, clock, 60)[place].text


def test_the_server_page_says_what_is_not_judged_also_where_nothing_was_found() -> None:
    twig = NotJudged(SafeText("Twig templates in var/cache/prod/twig"), SafeText("no rule knows their sources"))
    report = replace(build.fresh("web2"), not_judged=(twig,))
    told = [row.text for row in verdict.lines(report, Clock(build.NOW), 120)]
    assert told[-1] == "  not judged: Twig templates in var/cache/prod/twig: no rule knows their sources"


@given(st.text("abc/-.", min_size=1, max_size=80), st.integers(1, 60))
def test_a_path_cut_in_its_middle_fits_and_says_so(path: str, width: int) -> None:
    made = middle_crop(path, width)
    assert cell_len(made) <= width
    assert made == path or "…" in made


@pytest.mark.parametrize(
    ("rates", "drawn"),
    [((0.99, 0.992, 0.99), "▁▁▁"), ((0.99, 0.99, 0.5), "██▁"), ((0.5, 0.75, 1.0), "▁▅█"), ((0.0, 0.0), "▁▁"), ((), "")],
)
def test_a_sparkline_shows_how_a_rate_moved_and_a_steady_one_is_a_low_line(rates: tuple[float, ...], drawn: str) -> None:
    assert sparkline(rates, 10) == drawn


def test_the_hit_rate_is_told_in_figures_before_it_is_drawn() -> None:
    report = build.stale()
    drawn = sparkline(report.hit_rates, 24)
    assert rate_line(report, RenderOptions(Clock(build.NOW), 100.0), 60)[1].text == f"hit rate ! 71.3 % {drawn}  below 85 %"


@pytest.mark.parametrize("width", [30, 36, 44, 60, 120])
def test_when_a_log_spoke_gives_way_before_what_it_said(width: int) -> None:
    said = LogSummary(EventKind.ERROR, 15, build.at("12:49"), build.at("12:50"), "Call context not found for this session")
    row = log_line(said, Clock(build.NOW), 9, width)[1]
    assert row.width <= width
    assert "15 alarms" in row.text
    assert "Call co" in row.text
    assert "12:50" not in row.text or "Call context not found" in row.text


def test_a_cache_names_its_providers_and_counts_those_it_leaves_out() -> None:
    report = build.stale()
    assert report.snapshot is not None
    assert isinstance(report.snapshot.host, HostFacts)
    providers = tuple(build.stat(f"vendor/p{n}/Provider.php", "12:00") for n in range(caches.MOST + 3))
    seen = msgspec.structs.replace(report.snapshot.host, inputs={"config": Inputs(indirect=providers)})
    told = [
        row.text for row in caches.lines(build.stale(snapshot=msgspec.structs.replace(report.snapshot, host=seen)), Clock(build.NOW), 120)
    ]
    assert sum("Provider.php" in row for row in told) == caches.MOST
    assert "      … and 3 more providers" in told


@pytest.mark.parametrize("many", [1, 4, 5, 200])
def test_the_status_for_the_channel_has_at_most_five_lines_whatever_a_server_says(many: int) -> None:
    loud = build.stale_findings()[0]
    findings = (msgspec.structs.replace(loud, summary=SafeText("one\ntwo\r\nthree")),)
    panes = [build.pane(build.stale(f"web{n}", findings=findings)) for n in range(many)]
    error = Unseen(code="link.refused", message=SafeText("refused\nby\nthe\nserver"))
    panes[0] = msgspec.structs.replace(panes[0], report=None, error=error)
    text = markdown.status(panes, Clock(build.NOW), "api\ngateway")
    assert len(text.splitlines()) <= 5
    assert text.endswith("\n")
    assert many <= 4 or f"{many - 3} more servers" in text


@pytest.mark.parametrize("hang", [4, 7, 8, 20])
def test_text_that_hangs_deeper_than_there_is_room_is_broken_all_the_same(hang: int) -> None:
    pieces = wrap("one two three four five six", 8, " " * hang)
    assert "".join("".join(pieces).split()) == "onetwothreefourfivesix"
    assert all(len(piece) <= 8 for piece in pieces)
