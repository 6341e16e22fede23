"""What was set by key is there again in the next run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from stalewatch.cli.commands import dashboard
from stalewatch.cli.commands.dashboard import watch
from stalewatch.cli.main import main
from stalewatch.dashboard import remembered
from stalewatch.dashboard.app import StalewatchApp
from stalewatch.dashboard.remembered import Remembered
from stalewatch.model.inventory import Fleet
from stalewatch.model.ui import Ui
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


async def test_the_interval_that_i_sets_is_kept_and_the_next_run_looks_so(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_of(FakeEngine(build.incident()), remembered=remembered.load())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert app.to_remember == Remembered()
        await press(pilot, "i", "i")
    assert app.to_remember == Remembered(interval=10.0)
    remembered.save(app.to_remember)
    looked: list[float] = []
    monkeypatch.setattr(StalewatchApp, "run", lambda self: looked.append(self.model.engine.interval))
    watch(Fleet(servers=(), ui=Ui(interval=3.0)))
    assert looked == [10.0]
    remembered.save(Remembered(theme="light"))
    watch(Fleet(servers=(), ui=Ui(interval=3.0)))
    assert looked == [10.0, 3.0], "where no key set it, the file says it"


def test_a_theme_that_only_this_run_was_given_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STALEWATCH_THEME", "ansi")
    app = app_of(FakeEngine(build.incident()), remembered=Remembered(theme="light"))
    assert app.theme == "ansi"
    assert app.to_remember.theme == "light"
    monkeypatch.setenv("NO_COLOR", "1")
    assert app_of(FakeEngine(build.incident()), remembered=Remembered(theme="light")).to_remember.theme == "light"


def test_the_theme_of_the_command_line_wins_for_this_run_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apps: list[StalewatchApp] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STALEWATCH_THEME", "ansi")
    monkeypatch.setattr(StalewatchApp, "run", lambda self: apps.append(self))
    monkeypatch.setattr(dashboard, "no_screen", lambda: "")
    (tmp_path / "stalewatch.toml").write_text('[ui]\ntheme = "high-contrast"\n')
    remembered.save(Remembered(theme="light"))
    for arguments in (["--theme", "colour-blind"], ["--theme", "colour-blind", "web1"], ["web1", "--theme=colour-blind"], []):
        CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert [app.theme for app in apps] == ["colour-blind"] * 3 + ["ansi"]
    assert remembered.load() == Remembered(theme="light")


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "{",
        "[" * 5000,
        '{"later": ' + "[" * 9000,
        '{"zone": "Mars"}',
        '{"theme": 7}',
        '{"interval": 0}',
        "\0\xff",
        '{"theme": "of another version"}',
    ],
)
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


def test_a_link_to_itself_is_as_none_and_is_replaced(state: Path) -> None:
    state.parent.mkdir(parents=True)
    state.symlink_to(state.name)
    assert remembered.load() == Remembered()
    remembered.save(Remembered(theme="light"))
    assert remembered.load() == Remembered(theme="light")
