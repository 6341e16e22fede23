"""What a person meets on the page of one server before and beside what it says."""

from __future__ import annotations

import itertools
import re

import msgspec
import pytest

from stalewatch.dashboard.render import markdown
from stalewatch.dashboard.render.chain_rows import SECTION, chain_rows, standing_on
from stalewatch.dashboard.render.detail_lines import NAMES, detail_lines
from stalewatch.dashboard.render.evidence import fix_words
from stalewatch.dashboard.render.options import RenderOptions
from stalewatch.dashboard.render.page_state import PageState
from stalewatch.dashboard.render.sections import verdict
from stalewatch.dashboard.render.times import Clock
from stalewatch.dashboard.screens.server import ServerScreen
from stalewatch.diagnosis.alarms import alarm_of
from stalewatch.diagnosis.plain import PLAIN
from stalewatch.diagnosis.rules import RULES
from stalewatch.engine.board import Pane
from stalewatch.model.alarm import Alarm
from stalewatch.model.cause import Cause
from stalewatch.model.chain import ChainLink, LinkName, LinkState, called
from stalewatch.model.layers import Layer
from stalewatch.model.replace import replace
from stalewatch.model.report import Evidence, Remedy, Verdict
from stalewatch.model.text import SafeText, safe
from stalewatch.model.unseen import Unseen
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui import recorded
from tests.ui.conftest import app_of, press, screen_text, settle, shown
from tests.ui.hands import unhurried


async def test_the_page_of_a_server_that_connects_shows_its_app_once_it_is_found() -> None:
    board = build.Board()
    board.put(build.Pane(server="web1", app=build.SafeText(""), step="host key", step_since=97.0))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "not looked at yet" in await press(pilot, "enter")
        board.put(build.pane(build.stale("web1")), replaces=("web1", build.SafeText("")))
        assert "1 Verdict, and why" in await shown(pilot, "✗ STALE 24 min")


async def test_the_page_says_when_the_last_look_was_also_where_it_told_nothing_new() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        assert "last look 13:02:11" in await press(pilot, "enter")
        engine.board.put_again(build.pane(build.stale("web1", observed_at=build.NOW + 2)))
        app._tick()
        await settle(pilot)
        assert "last look 13:02:13" in screen_text(app)


@pytest.mark.parametrize("word", ["zopcache", "zfpm", "zroutes"])
async def test_a_word_typed_behind_a_refused_key_does_nothing(word: str) -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 40)) as pilot:
        before = await press(pilot, "enter")
        await pilot.press(*word)
        await settle(pilot)
        after = screen_text(app)
        assert isinstance(app.screen, ServerScreen)
        assert after.splitlines()[:-1] == before.splitlines()[:-1], "not frozen, nothing opened"
        assert "only in the fleet" in after
        await unhurried(pilot)
        assert "FROZEN" in await press(pilot, "p")


async def test_the_finding_under_the_cursor_is_explained_in_plain_sentences() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        await unhurried(pilot)
        said = await press(pilot, "x")
        assert "what it means" in said
        assert "opcache.stale-bytecode" in said
        plain = " ".join(said.replace("│", " ").split())
        assert all(sentence in plain for sentence in PLAIN["opcache.stale-bytecode"])
        await unhurried(pilot)
        await press(pilot, "escape")
        assert isinstance(app.screen, ServerScreen)
        assert app.screen.finding is not None, "the cursor stays"
        assert app.screen.finding.code == "opcache.stale-bytecode"


async def test_where_nothing_was_found_there_is_nothing_to_explain() -> None:
    board = build.Board()
    board.put(build.pane(build.fresh("web2")))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        await unhurried(pilot)
        assert "no findings" in await press(pilot, "x")
        assert isinstance(app.screen, ServerScreen)


async def test_the_chain_is_a_row_of_links_and_the_broken_one_opens() -> None:
    app = recorded.app(recorded.engine())
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "enter")
        assert re.search(r"→  bytecode ✗  opcache stale → classes ✓", text)
        text = await press(pilot, "right_square_bracket")
        assert re.search(r"▸  bytecode ✗  opcache stale → classes ✓", text), "the cursor begins at what is broken"
        assert "enter opens it" in text
        text = await press(pilot, "right_square_bracket")
        assert re.search(r"→  bytecode ✗  opcache stale ▸ classes ✓", text)
        text = await press(pilot, "left_square_bracket", "enter")
        assert "bytecode  ✗ broken" in text
        assert re.search(r"asked +is what is compiled what is on the disk\?", text)
        assert re.search(r"seen +opcache stale", text)
        assert "opcache.stale-bytecode" in text
        text = await press(pilot, "enter")
        assert isinstance(app.screen, ServerScreen)
        assert text.splitlines()[1].startswith(" 3 Bytecode against disk")


@pytest.mark.parametrize("width", [50, 80])
def test_no_link_of_the_chain_is_broken_between_two_rows(width: int) -> None:
    report = build.stale()
    states = itertools.cycle((LinkState.OK, LinkState.BROKEN, LinkState.UNSEEN))
    chain = [ChainLink(name=name, state=state, says=SafeText(f"what {name} says")) for name, state in zip(LinkName, states, strict=False)]
    rows, places = chain_rows(chain, width, LinkName.POOL)
    assert all(row.width <= width for row in rows)
    assert all(row.spans[0].text == "  " for row in rows)
    for link in chain:
        word = called(link) if link.state is LinkState.OK else link.name
        assert re.search(rf"{word} [✓✗?]", rows[places[link.name]].text), word
    lit = [span for row in rows for span in row.spans if span.role == "broken"]
    assert len(lit) == sum(link.state is LinkState.BROKEN for link in chain)
    assert "▸  pool ✗ " in rows[places[LinkName.POOL]].text
    assert report.findings


def test_every_finding_stands_on_one_link_and_a_section_tells_more_of_each_link() -> None:
    assert set(SECTION) == set(LinkName)
    assert set(SECTION.values()) <= set(NAMES)
    findings = build.stale().findings
    assert [one for name in LinkName for one in standing_on(name, findings)] == sorted(findings, key=lambda one: one.layer != Layer.OPCACHE)


async def test_evidence_is_folded_until_somebody_asks_and_stays_as_it_was_left() -> None:
    board = build.incident()
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(120, 60)) as pilot:
        text = await press(pilot, "enter")
        assert "$ stat" not in text
        assert re.search(r"fix: .* \+ \d pieces? of evidence", text)
        text = await press(pilot, "n", "enter")
        assert text.count("$ stat") == 1
        board.put(build.pane(replace(build.stale("web1"), observed_at=build.NOW + 2)))
        app.flush()
        assert (await press(pilot)).count("$ stat") == 1
        assert "$ stat" not in await press(pilot, "enter")
        folded = text.count("of evidence")
        assert "of evidence" not in await press(pilot, "e")
        assert (await press(pilot, "e")).count("of evidence") == folded + 1 > 1


async def test_the_language_of_proofs_is_in_the_evidence_alone() -> None:
    proofs = ("not compiled after", "proof:", "compiled after", "after it was cached")
    app = recorded.app(recorded.engine())
    async with app.run_test(size=(120, 60)) as pilot:
        await settle(pilot)
        recorded.go_on(app.model.engine)  # type: ignore[arg-type]
        app.flush()
        fleet, page = await press(pilot), await press(pilot, "enter")
        assert not [words for words in proofs if words in fleet + page]
        assert "not compiled after" in await press(pilot, "e")


async def test_enter_with_the_cursor_on_nothing_goes_to_the_first_finding() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "finding 1 of" in await press(pilot, "enter", "enter")


async def test_what_is_copied_has_the_evidence_that_is_folded() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "n")
        assert isinstance(app.screen, ServerScreen)
        finding = app.screen.finding
        assert finding is not None
        assert all(item.label in markdown.findings(build.stale("web1"), Clock(build.NOW), finding) for item in finding.evidence)


def test_what_no_key_does_is_said_to_be_done_by_hand() -> None:
    assert fix_words((Remedy.REBUILD, Remedy.RELOAD)) == "rebuild the cache, reload PHP-FPM"
    assert fix_words((Remedy.RELOAD, Remedy.CONFIGURE)) == "reload PHP-FPM, by hand: change its configuration"
    assert fix_words((Remedy.WAIT, Remedy.INVALIDATE)) == "wait, invalidate the script"


def test_a_finding_names_the_command_that_the_page_opens_with() -> None:
    """Not another remedy than what stands above it as what to do."""
    report = build.stale()
    finding = report.findings[0]
    finding = msgspec.structs.replace(finding, remedy=(Remedy.CONFIGURE,))
    report = msgspec.structs.replace(report, findings=(finding, *report.findings[1:]))
    restart = "sudo systemctl restart php8.3-fpm.service"
    cause = Cause(layer=finding.layer, code=finding.code, verdict=finding.verdict, subject=finding.subject, press=restart)
    clock = Clock(build.NOW)
    told = [row.text for row in verdict.lines(report, clock, 100, PageState(cause=cause))]
    assert any(f"fix: by hand: {restart}" in row for row in told)
    assert not any("change its configuration" in row for row in told)
    keyed = msgspec.structs.replace(cause, keyed=True, press="reloads PHP-FPM")
    assert any("change its configuration" in row.text for row in verdict.lines(report, clock, 100, PageState(cause=keyed)))


def test_a_file_that_the_summary_names_is_not_named_again_below_it() -> None:
    finding = next(one for one in build.stale().findings if one.subject and str(one.subject).rpartition("/")[2] in one.summary)
    root = "/somewhere/else"
    said = msgspec.structs.replace(finding, summary=safe(f"{finding.subject} is newer than its cache"))
    other = msgspec.structs.replace(finding, summary=safe("something is newer than its cache"))
    once, both = ([row.text for row in verdict.finding_lines(one, Clock(build.NOW), 150, (root,), folded=True)] for one in (said, other))
    assert sum(str(finding.subject) in row for row in once) == 1
    assert sum(str(finding.subject) in row for row in both) == 1


async def test_the_first_screen_answers_the_five_questions_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which server, since when, what runs instead of what, why, and what to press."""
    monkeypatch.setenv("NO_COLOR", "1")
    engine = recorded.engine()
    app = recorded.app(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        recorded.go_on(engine)
        app.flush()
        rows = (await press(pilot, "enter")).splitlines()
    assert rows[1] == " web1  app  /srv/app   ✗ STALE 24 min"
    assert rows[2] == " what runs           HomeController.php runs as compiled 12:27"
    assert rows[3].rstrip(" ▁▂▃▄▅▆▇█") == " on the disk         changed 12:38"
    assert rows[4] == " why nobody noticed  the pool never looks at the disk (validate_timestamps=0)"
    assert rows[5].startswith(" what to press       f  rebuilds config and routes, invalidates scripts")


def page_of(pane: Pane, width: int, alarm: Alarm | None) -> list[str]:
    return [row.text for row in detail_lines(pane, [], RenderOptions(Clock(build.NOW), 100.0, alarm=alarm), width, PageState()).rows]


@pytest.mark.parametrize("width", [50, 80, 120])
def test_a_changed_host_key_is_said_once_and_whole(width: int) -> None:
    known, now = f"SHA256:{'k' * 43}", f"SHA256:{'n' * 43}"
    words = f"the host key of web9 changed: ~/.ssh/known_hosts line 7 has ED25519 {known}, the server shows ED25519 {now}"
    remedy = "find out why before you accept it; then: ssh-keygen -f ~/.ssh/known_hosts -R web9, and log in once with ssh web9"
    error = Unseen(code="link.host-key-changed", message=SafeText(words), grant=SafeText(remedy))
    pane = replace(build.unreachable("web9"), error=error, retry_at=130.0)
    rows = page_of(pane, width, alarm_of(None, error))
    told = " ".join(row.strip() for row in rows)
    assert "▼ HOST KEY CHANGED" in rows[0]
    assert rows[1].startswith(" ▼ the host key of web9 changed")
    for mark, said in (("▼", words), ("→", remedy)):
        assert told.count(f"{mark} {said}"[:24]) == 1
        assert "".join(said.split()) in "".join(told.split()), "nothing is cut"
    assert "tries again in 30 s" in told
    assert "ssh-keygen" in "".join(rows[1:12]), "on the first screen"


@pytest.mark.parametrize("width", [50, 80, 120])
@pytest.mark.parametrize(
    ("code", "verb"), [("fpm.not-running", "start"), ("fpm.socket-missing", "restart"), ("fpm.not-answering", "restart")]
)
def test_a_dead_fpm_is_started_and_never_reloaded(code: str, verb: str, width: int) -> None:
    down = RULES[code].finding("php8.3-fpm.service", "PHP-FPM is not running", ())
    report = build.fresh("web1", findings=(down,), verdict=Verdict.UNKNOWN)
    rows = page_of(build.pane(report), width, alarm_of(report, None))
    assert "▼ FPM DOWN" in rows[0]
    assert rows[1:3] == [" ▼ PHP-FPM is not running", f" → sudo systemctl {verb} php8.3-fpm.service"]
    assert not any("reload" in row for row in rows[: rows.index(next(row for row in rows if "Pool and OPcache" in row))])


@pytest.mark.parametrize(
    ("code", "words"), [("fpm.socket-missing", "the socket {} is not there"), ("fpm.not-answering", "nothing answers")]
)
def test_a_dead_socket_is_named_once_and_its_finding_keeps_the_evidence(code: str, words: str) -> None:
    socket = "/run/php/api.sock"
    down = RULES[code].finding(socket, words.format(socket), (Evidence("socket", safe(socket)),))
    report = build.fresh("web1", findings=(down,), verdict=Verdict.UNKNOWN)
    pane, options = build.pane(report), RenderOptions(Clock(build.NOW), 100.0, alarm=alarm_of(report, None))
    key = (code, socket, 0)
    for unfolded in (frozenset(), frozenset({key})):
        page = detail_lines(pane, [], options, 80, PageState(unfolded=unfolded))
        told = [row.text for row in page.rows[: page.starts["caches"]]]
        assert sum(words.format(socket) in row for row in told) == 1
        assert sum(socket in row for row in told) == 1 + len(unfolded), "in its evidence, once it is unfolded"
        assert told[page.stops[key]] == "  ? FPM DOWN, as said above"


async def test_a_server_that_connects_says_at_which_step_it_is() -> None:
    board = build.Board()
    board.put(build.Pane(server="web1", app=build.SafeText(""), step="host key", step_since=97.0))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "enter")
    assert "connecting: host key, 3 s" in text
    assert "▸ host key" in text


async def test_where_keys_may_not_act_none_is_named() -> None:
    engine = FakeEngine(build.incident())
    engine.read_only = True
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "enter")
    assert "what runs" in text
    assert "what to press" not in text


def test_at_80_columns_the_verdict_since_when_and_the_last_look_are_one_row() -> None:
    rows = [row.text for row in verdict.lines(build.stale(), Clock(build.NOW), 79)]
    assert rows[0] == "  ✗ STALE   old code since 2025-10-24 12:38:02 (24 min ago)  last look 13:02:11"
