"""What was set by key is there again in the next run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stalewatch.dashboard import remembered
from stalewatch.dashboard.remembered import Remembered
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press, screen_text, settle

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("STALEWATCH_THEME", raising=False)
    return tmp_path / "stalewatch" / "dashboard.json"


async def test_theme_layout_order_and_times_are_as_they_were_left() -> None:
    first = app_of(FakeEngine(build.incident()), remembered=remembered.load())
    async with first.run_test(size=(120, 40)) as pilot:
        await press(pilot, "T", "t", "S", "O", "u", "d", "slash", *"web1", "enter", "space")
    remembered.save(first.to_remember)
    second = app_of(FakeEngine(build.incident()), remembered=remembered.load())
    async with second.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert second.theme == first.theme == "light"
        was, now = first.model.view, second.model.view
        assert (now.dense, now.sorting, now.zone, now.relative) == (was.dense, was.sorting, was.zone, was.relative)
        assert (now.dense, now.relative) != (None, False)
        assert "server ▼" in screen_text(second), "by name, from the end"
        assert (now.filter, now.marked) == ("", frozenset()), "what was looked for is not looked for again"


def test_a_theme_that_only_this_run_was_given_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STALEWATCH_THEME", "ansi")
    app = app_of(FakeEngine(build.incident()), remembered=Remembered(theme="light"))
    assert app.theme == "ansi"
    assert app.to_remember.theme == "light"
    monkeypatch.setenv("NO_COLOR", "1")
    assert app_of(FakeEngine(build.incident()), remembered=Remembered(theme="light")).to_remember.theme == "light"


@pytest.mark.parametrize("kept", ["", "{", "[" * 5000, '{"zone": "Mars"}', '{"theme": 7}', "\0\xff", '{"theme": "of another version"}'])
def test_a_file_that_cannot_be_used_is_as_none(kept: str, state: Path) -> None:
    state.parent.mkdir(parents=True)
    state.write_text(kept, encoding="latin-1")
    assert app_of(FakeEngine(build.incident()), remembered=remembered.load()).theme == "dark"


def test_it_is_private_and_a_place_that_takes_nothing_is_no_error(state: Path) -> None:
    remembered.save(Remembered(theme="light"))
    assert state.stat().st_mode & 0o777 == 0o600
    state.unlink()
    state.mkdir()
    remembered.save(Remembered(theme="light"))
    assert remembered.load() == Remembered()
