"""What ``y`` and ``Y`` copy after a fix, from where, and what is said where it is too long; the bytes for GNU screen."""

from __future__ import annotations

import os
import re
import time
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from stalewatch.cli.commands.dashboard import incident_report
from stalewatch.dashboard import clipboard
from stalewatch.dashboard.render import osc52
from stalewatch.model.step_names import RESULT
from stalewatch.model.text import safe
from stalewatch.runbook.in_short import IN_SHORT
from stalewatch.runbook.plan import Choice, Progress, Request, Status
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press, settle

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from stalewatch.dashboard.app import StalewatchApp
    from stalewatch.model.inventory import AppKey

KEY = ("web1", build.APP)
SHORT = "web1 ran old code 24 min; fixed in 6 s; 0 requests lost"


async def fixed(pilot: Pilot[int], app: StalewatchApp, engine: FakeEngine) -> None:
    """From the plan to the end: web1 is fresh, and the dialog says so."""
    await press(pilot, "f", "tab", "enter")
    result = Progress(server="web1", app=build.APP, step=RESULT, status=Status.DONE, evidence={IN_SHORT: safe(SHORT, 200)}, at=build.NOW)
    engine.board.put(msgspec.structs.replace(build.pane(build.fresh("web1")), progress=(result,)))
    engine.futures[0].set_result({KEY: Status.DONE})
    app.flush()
    await settle(pilot)


async def test_after_a_fix_y_gives_five_lines_for_the_channel_in_the_dialog_and_on_the_fleet(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    monkeypatch.setattr(clipboard, "copy", lambda text, _: copied.append(text) or "~/copied.md")
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(100, 30)) as pilot:
        await fixed(pilot, app, engine)
        text = await press(pilot, "y")
        assert "copied what was fixed, 5 lines" in text
        await press(pilot, "escape", "y")
    assert len(copied) == 2
    assert copied[0] == copied[1]
    rows = copied[0].splitlines()
    assert rows[0] == "**api-gateway · prod** 2025-10-24 13:02 CEST: fix verified on web1"
    assert re.match(r"- old code ran since 12:38:\d\d: RetellFunctionCallHandler\.php runs as compiled .*the disk has 12:38", rows[1])
    assert re.match(r"- done by \S+@\S+: rebuild config, routes; reload PHP-FPM gracefully", rows[2])
    assert rows[3] == f"- {SHORT}"
    assert rows[4] == "- now: ✓ web1 FRESH"


async def test_what_was_fixed_is_copied_at_once_also_while_another_server_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    monkeypatch.setattr(clipboard, "copy", lambda text, _: copied.append(text) or "~/copied.md")
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(100, 30)) as pilot:
        await fixed(pilot, app, engine)
        engine.board.put(build.pane(build.stale("web2")))
        app.flush()
        await press(pilot, "escape", *"/web1", "enter")
        assert "copied what was fixed, 5 lines" in await press(pilot, "y"), "the cursor is on it"
        assert "copied what was fixed, 5 lines" in await press(pilot, "enter", "y"), "its page is shown"
        await press(pilot, "escape", "escape", *"/web2", "enter")
        assert "copied the status" in await press(pilot, "y")
        assert "copied all findings" in await press(pilot, "enter", "y")
        engine.board.put(build.pane(build.stale("web1")))
        app.flush()
        assert "copied all findings" in await press(pilot, "left", "y"), "what was true then is not any more"
    assert copied[0] == copied[1]
    assert "fix verified on web1" in copied[0]
    assert "✗ `web2` **STALE**" in copied[2]


async def test_many_servers_are_five_lines_too(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    monkeypatch.setattr(clipboard, "copy", lambda text, _: copied.append(text) or "~/copied.md")
    board, names = build.Board(), [f"web{number}" for number in range(1, 7)]
    for name in names:
        board.put(build.pane(build.stale(name)))
    engine = FakeEngine(board)
    app = app_of(engine)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        plan = engine.plan([(name, build.APP) for name in names], Request(choice=Choice.FIX))
        app.model.note_before(plan)
        future: Future[dict[AppKey, Status]] = Future()
        future.set_result(dict.fromkeys([(name, build.APP) for name in names], Status.DONE))
        app.model.fleet.runs.append((plan, future))
        for name in names:
            short = {IN_SHORT: safe(f"{name} {SHORT[5:]}", 200)}
            result = Progress(server=name, app=build.APP, step=RESULT, status=Status.DONE, evidence=short, at=build.NOW)
            board.put(msgspec.structs.replace(build.pane(build.fresh(name)), progress=(result,)))
        app.flush()
        assert "copied what was fixed, 5 lines" in await press(pilot, "y")
    rows = copied[0].splitlines()
    assert rows[0].endswith("fix verified on web1, web2, web3 and 3 more")
    assert rows[3] == f"- web1 {SHORT[5:]} · web2 {SHORT[5:]} · web3 {SHORT[5:]} · 3 more"
    assert rows[4] == "- now: ✓ web1 FRESH, ✓ web2 FRESH, ✓ web3 FRESH, ✓ web4 FRESH and 2 more"


async def test_before_it_is_over_there_is_nothing_to_copy() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(100, 30)) as pilot:
        assert "not over yet" in await press(pilot, "f", "tab", "enter", "y")


async def test_capital_y_copies_the_report_of_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    monkeypatch.setattr(clipboard, "copy", lambda text, _: copied.append(text) or "~/copied.md")
    engine = FakeEngine(build.incident())
    app = app_of(engine, report=incident_report)
    async with app.run_test(size=(100, 30)) as pilot:
        await fixed(pilot, app, engine)
        assert "copied the report" in await press(pilot, "escape", "Y")
    report = copied[-1]
    assert report.startswith("# Incident report: ")
    for section in ("Summary", "Impact", "Root cause", "Timeline", "Prevention"):
        assert f"## {section}" in report
    assert "`web1` ran other code than is on the disk" in report, "it was stale when it was seen first"


async def test_what_is_too_long_for_a_terminal_is_in_a_file_with_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clipboard, "copy", lambda text, _: "~/copied.md")
    app = app_of(FakeEngine(build.incident()), report=lambda _: "x" * 80_000)
    async with app.run_test(size=(120, 30)) as pilot:
        assert "the report has 78.1 KiB, too long for a terminal: it is in ~/copied.md" in await press(pilot, "Y")


def test_in_tmux_its_own_clipboard_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where tmux passes no program's sequence on, which is its default; the sequences are sent all the same."""
    stub, got = tmp_path / "bin" / "tmux", tmp_path / "got"
    stub.parent.mkdir()
    stub.write_text(f'#!/bin/sh\necho "$@" >{got}.args\ncat >{got}.part\nmv {got}.part {got}\n')
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stub.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("TMUX", "/tmp/tmux,1,0")
    sent: list[str] = []
    assert clipboard.copy("five lines\n", sent.append).endswith("copied.md")
    end = time.monotonic() + 20
    while not got.exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    assert got.read_text() == "five lines\n"
    assert Path(f"{got}.args").read_text() == "load-buffer -w -\n"
    assert sent == [osc52.sequence("five lines\n", tmux=True)]


def over_ssh(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    """From a terminal multiplexer on the desk: nothing of it comes along but its name for the terminal."""
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 5022 10.0.0.2 22")
    monkeypatch.setenv("TERM", term)


def test_over_ssh_a_tmux_that_says_so_gets_both_of_its_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    over_ssh(monkeypatch, "tmux-256color")
    sent: list[str] = []
    clipboard.copy("x", sent.append)
    assert sent == [osc52.sequence("x", tmux=True)]
    assert not clipboard.is_doubtful(os.environ)


@pytest.mark.parametrize(("term", "doubtful"), [("screen-256color", True), ("xterm-256color", False)])
async def test_over_ssh_from_what_may_be_tmux_or_screen_it_is_said_that_only_the_file_is_sure(
    term: str, doubtful: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """tmux calls itself ``screen``, too, takes other sequences, and would let none of GNU screen's through."""
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(120, 30)) as pilot:
        over_ssh(monkeypatch, term)
        monkeypatch.setattr(clipboard, "copy", lambda text, _: "~/copied.md")
        said = (await press(pilot, "y")).splitlines()[-1]
    sure = "in ~/copied.md; a clipboard behind tmux or screen (TERM=screen-256color) may not get it"
    assert (sure in said) is doubtful
    assert ("also in ~/copied.md" in said) is not doubtful


def test_gnu_screen_is_known_by_its_session_whatever_it_calls_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STY", "7.pts-0.host")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setattr(clipboard, "programs", lambda _environment: ())
    sent: list[str] = []
    clipboard.copy("x", sent.append)
    assert sent == [osc52.sequence("x", "screen")] != [osc52.sequence("x")]


def test_gnu_screen_gets_it_in_pieces_that_it_passes_through() -> None:
    """It takes 256 bytes of a string at most, and hands what is in ESC P … ESC backslash to the terminal as it is."""
    text = "what was fixed " * 30
    sent = osc52.sequence(text, "screen.xterm-256color")
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", sent, re.S)
    assert "".join(f"\x1bP{piece}\x1b\\" for piece in pieces) == sent, "nothing stands outside of them"
    assert len(pieces) > 1
    assert max(len(piece) for piece in pieces) <= 256
    assert "".join(pieces) == osc52.sequence(text)
