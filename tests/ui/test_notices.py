"""No key is silent: what cannot be done here, or now, says so; what was copied is named."""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path

import pytest

from stalewatch.dashboard import clipboard
from stalewatch.dashboard.actions import BY_ID, FLEET, LOG, SCREEN_ACTIONS, SERVER, ActionContext, actions_in, key_name
from stalewatch.dashboard.widgets.footer import footer_line
from stalewatch.model.report import Verdict
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press

OPENS = {FLEET: [], SERVER: ["enter"], LOG: ["L"]}


@pytest.mark.parametrize("screen", [FLEET, SERVER, LOG])
async def test_a_key_of_the_other_screen_says_where_it_belongs(screen: str) -> None:
    app = app_of(FakeEngine(build.incident()))
    here = {key for action in actions_in(screen) for key in action.keys}
    others = [action for action in SCREEN_ACTIONS if screen not in action.screens and not here.intersection(action.keys)]
    assert others
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, *OPENS[screen])
        for action in {action.keys[0]: action for action in reversed(others)}.values():
            last = (await press(pilot, action.keys[0])).splitlines()[-1]
            assert last.strip() == f"{key_name(action.keys[0])} {action.label}: {action.elsewhere(screen)}"
        assert "only" not in (await press(pilot, "down")).splitlines()[-1], "the next key takes the notice away"


@pytest.mark.parametrize("screen", [FLEET, SERVER, LOG])
async def test_every_key_of_a_screen_does_something_there_or_says_that_it_cannot(screen: str) -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, *OPENS[screen])
        known = {**app.shutdown.methods(), **app.shell.methods(), **app.global_actions.methods(), **app.screen.methods()}  # type: ignore[attr-defined]
        idle = [action for action in SCREEN_ACTIONS if screen in action.screens and action.id not in known]
        for action in idle:
            section = action.id.startswith("go_")  # digits may be more than there are sections
            why = "there is no such section here" if section else "only while a recording is replayed"
            assert why in await press(pilot, action.keys[0]), action.id


@pytest.mark.parametrize(
    ("id", "context", "reason"),
    [
        ("fix", ActionContext(verdicts=(Verdict.FRESH,)), "nothing is stale here"),
        ("fix", ActionContext(verdicts=(Verdict.FRESH, Verdict.UNKNOWN)), "not known now: v looks again"),
        ("fix", ActionContext(verdicts=(Verdict.UNKNOWN,), alarm="FPM DOWN"), "FPM DOWN: no runbook ends that; its pane says what to type"),
        ("fix", ActionContext(verdicts=(Verdict.STALE,), alarm="DISK FULL"), ""),
        ("fix", ActionContext(verdicts=(Verdict.STALE, Verdict.UNKNOWN)), ""),
        ("fix", ActionContext(verdicts=(Verdict.STALE,)), ""),
        ("clear", ActionContext(), "no server is selected"),
        ("clear", ActionContext(verdicts=(Verdict.UNKNOWN,), seen=False), "not looked at yet: nothing to plan from"),
        (
            "clear",
            ActionContext(verdicts=(Verdict.UNKNOWN,), seen=False, alarm="HOST KEY CHANGED"),
            "HOST KEY CHANGED: no runbook ends that; its pane says what to type",
        ),
        ("reload", ActionContext(verdicts=(Verdict.STALE,), running=True), "a runbook is running"),
        ("reload", ActionContext(verdicts=(Verdict.STALE,), read_only=True), "read-only: nothing can be changed"),
        ("verify", ActionContext(verdicts=(Verdict.STALE,), read_only=True), ""),
        ("open", ActionContext(), "no server is selected"),
        ("unmark", ActionContext(verdicts=(Verdict.STALE,)), "nothing is marked"),
        ("unmark", ActionContext(verdicts=(Verdict.STALE,), marked=1), ""),
    ],
)
def test_what_cannot_be_done_now_has_a_reason_and_is_grey_in_the_last_line(id: str, context: ActionContext, reason: str) -> None:
    action = BY_ID[id]
    assert action.disabled(context) == reason
    shown = [span.role for span in footer_line(context, 200).spans if span.click == id]
    assert set(shown) == (set() if FLEET not in action.footer else {"key-off"} if reason else {"key", "text"})


async def test_a_greyed_key_says_why_and_so_does_the_help() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "fix: nothing is stale here" in (await press(pilot, "down", "f")).splitlines()[-1]
        assert "unmark all: nothing is marked" in (await press(pilot, "U")).splitlines()[-1]
        assert "(nothing is stale here)" in await press(pilot, "question_mark")


async def test_y_says_what_was_copied_how_much_of_it_and_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(clipboard, "programs", lambda _environment: ())
    app = app_of(FakeEngine(build.incident()))
    sent: list[str] = []
    said: list[str] = []
    async with app.run_test(size=(80, 24)) as pilot:
        monkeypatch.setattr(app, "write_escape", sent.append)
        for keys in (["y"], ["enter", "y"], ["n", "y"], ["escape", "escape", "f", "y"]):
            said.append(await press(pilot, *keys))
    kept = Path(os.environ["XDG_STATE_HOME"]) / "stalewatch" / "copied.md"
    lines = [base64.b64decode(text[7:-1]).decode().count("\n") for text in sent]
    for text, count, what in zip(said, lines, ("the status", "all findings", "the finding", "the plan"), strict=True):
        assert f"copied {what}, {count} lines; also in {str(kept)[:12]}" in text
    assert kept.read_text() == base64.b64decode(sent[-1][7:-1]).decode()


@pytest.mark.parametrize(
    ("environment", "program"),
    [
        ({"TMUX": "/tmp/x,1,0", "SSH_CONNECTION": "1", "DISPLAY": ":0"}, "tmux"),
        ({"SSH_CONNECTION": "1", "DISPLAY": ":0"}, None),
        ({"DISPLAY": ":0"}, "xclip"),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "wl-copy"),
        ({}, None),
    ],
)
def test_a_program_takes_what_is_copied_where_the_desk_is_here(
    environment: dict[str, str], program: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert next((argv[0] for argv in clipboard.programs(environment)), None) == program


async def test_where_no_file_can_be_written_it_is_said_on_what_copying_depends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").write_text("not a folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(clipboard, "programs", lambda _environment: ())
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "lines (if the terminal supports OSC 52)" in await press(pilot, "y")
