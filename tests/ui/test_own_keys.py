"""``[ui]``: how the dashboard begins, and keys of one's own, which everything that names a key follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from stalewatch.cli.commands import demo, replay
from stalewatch.cli.commands.dashboard import watch, with_own_ui
from stalewatch.cli.main import main
from stalewatch.config.load import load
from stalewatch.dashboard.actions import ACTIONS, BY_ID, OWN, keys_of, own_keys
from stalewatch.dashboard.app import StalewatchApp
from stalewatch.dashboard.remembered import Remembered
from stalewatch.dashboard.render.sorting import By, Sorting
from stalewatch.dashboard.render.times import Zone
from stalewatch.dashboard.screens.confirm import ConfirmScreen
from stalewatch.dashboard.widgets.theme import files
from stalewatch.demo.scenarios import scenario
from stalewatch.model.errors import UsageError
from stalewatch.model.replace import replace
from stalewatch.model.themes import THEMES
from stalewatch.model.ui import Ui
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.night import FILE
from tests.ui.conftest import app_of, press, screen_text, settle
from tests.ui.test_groups import two_groups

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def usual_keys_afterwards() -> Iterator[None]:
    yield
    OWN.clear()


@pytest.fixture(autouse=True)
def nobody_s_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def engine_of(ui: Ui) -> FakeEngine:
    engine = FakeEngine(build.incident())
    engine.fleet = replace(engine.fleet, ui=ui)
    return engine


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"fxi": "f"}, "no action is called 'fxi'"),
        ({"cancel": "F5"}, "cancel: changes or answers what is asked, and those keys are the same everywhere"),
        ({"everything": "F5"}, "everything: changes or answers what is asked, and those keys are the same everywhere"),
        ({"close": "F5"}, "close: closes a dialog, and those keys are the same everywhere"),
        ({"keep_search": "F5"}, "keep_search: works in a box to type in, and those keys are the same everywhere"),
        ({"scroll_down": ["j", "q"]}, "scroll_down: q is the key of cancel"),
        ({"scroll_down": ["j", "y"]}, "scroll_down: y is the key of copy_plan"),
        ({"scroll_down": ["j", "enter"]}, "scroll_down: also works where something is asked, and there tab and enter go to the buttons"),
        ({"search": ["/", "tab"]}, "search: also works where something is asked, and there tab and enter go to the buttons"),
        ({"search": "n"}, "n is the key of next_match"),
        ({"search": "k", "up": "up"}, "k is the key of scroll_up"),
        ({"fix": "c"}, "c is the key of clear"),
        ({"fix": "/"}, "fix: / is the key of filter"),
        ({"fix": "escape"}, "fix: esc is the key of back"),
        ({"fix": "F1"}, "fix: F1 is the key of help"),
        ({"fix": ["F5", "slash"]}, "'slash' is no key"),
        ({"help": "ctrl+i"}, "a terminal cannot tell ctrl+i from tab"),
        ({"help": "shift+ctrl+x"}, "'shift+ctrl+x' is no key"),
        ({"help": ""}, "'' is no key"),
        ({"help": []}, "needs a key"),
        ({"help": "\u0301"}, "is no key"),
        ({"help": "🔧"}, "is no key"),
        ({"fix": "enter", "open": "o"}, "may not be on enter or space"),
        ({"reload": ["r", "space"]}, "may not be on enter or space"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_changed(keys: dict[str, str | list[str]], says: str) -> None:
    with pytest.raises(UsageError) as raised:
        own_keys.use(keys)
    assert raised.value.message.startswith("stalewatch.toml: [ui.keys]")
    assert says in raised.value.message
    assert "\n" not in raised.value.message
    assert OWN == {}


def test_keys_are_written_as_they_are_shown() -> None:
    own_keys.use({"theme": "F2", "log": ["l", "?"], "right": "right", "help": ["h", "%"], "left": "left", "page_up": ["pgup", "ctrl+x"]})
    assert OWN["theme"] == ("f2",)
    assert OWN["log"] == ("l", "question_mark")
    assert OWN["help"] == ("h", "percent_sign")
    assert OWN["page_up"] == ("pageup", "ctrl+x")
    assert [keys_of(BY_ID[name]) for name in ("theme", "help", "page_up")] == ["F2", "h %", "pgup ctrl+x"]


async def test_the_keys_work_their_usual_ones_do_not_and_everything_that_names_one_follows() -> None:
    own_keys.use({"fix": "F5", "clear": "f", "palette": "@"})
    app = app_of(engine_of(Ui()))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert screen_text(app).splitlines()[-1].startswith(" F5 fix  f clear")
        await press(pilot, "f5")
        assert isinstance(app.screen, ConfirmScreen)
        assert app.screen.plan.request.choice == "fix"
        await press(pilot, "escape", "c")
        assert not isinstance(app.screen, ConfirmScreen)
        await press(pilot, "f")
        assert app.screen.plan.request.choice == "clear"  # type: ignore[attr-defined]
        text = await press(pilot, "escape", "question_mark")
        assert "F5 fix" in text
        await press(pilot, "escape", "at")
        assert app.screen is not app.screen_stack[0]


async def test_it_begins_as_the_file_says_and_what_was_set_by_key_wins() -> None:
    ui = Ui(theme="light", zone="UTC", relative=True, layout="table", sort="name", reverse=True)
    first = app_of(engine_of(ui), remembered=Remembered())
    async with first.run_test(size=(120, 40)) as pilot:
        view = first.model.view
        assert (view.zone, view.relative, view.dense, view.sorting) == (Zone.UTC, True, True, Sorting(By.NAME, True))
        assert first.theme == "light"
        await press(pilot, "u", "H")
    kept = first.to_remember
    assert kept == Remembered(zone=Zone.LOCAL, by=By.RATE, reverse=False)
    again = app_of(engine_of(ui), remembered=kept).model.view
    assert (again.zone, again.relative, again.sorting) == (Zone.LOCAL, True, Sorting(By.RATE))


async def test_groups_are_as_the_file_says_and_z_wins() -> None:
    def engine(ui: Ui) -> FakeEngine:
        made = FakeEngine(two_groups(3))
        made.fleet = replace(made.fleet, ui=ui)
        return made

    app = app_of(engine(Ui(grouped="never")), remembered=Remembered())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "api · production" not in screen_text(app)
        assert app.to_remember == Remembered()
        assert "api · production" in await press(pilot, "z")
    assert app.to_remember.grouped is True
    assert app_of(engine(Ui(grouped="never")), remembered=app.to_remember).model.grouped
    panes = app_of(engine(Ui(grouped="always", layout="panes", sort="commit")), remembered=Remembered())
    async with panes.run_test(size=(200, 60)) as pilot:
        await settle(pilot)
        assert [pane.server for pane in panes.model.panes()] == ["api1", "api2", "api3", "api4", "shop1", "shop2", "shop3"]


async def test_what_scrolls_and_copies_in_dialogs_has_keys_of_ones_own_and_what_answers_has_not() -> None:
    own_keys.use({"scroll_last": ["F6"], "copy_plan": "F7", "down": ["down", "ctrl+n"], "scroll_down": ["down", "ctrl+n"]})
    app = app_of(engine_of(Ui()))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "question_mark")
        view = app.screen.scrolled  # type: ignore[attr-defined]
        await press(pilot, "G", "end", "j")
        assert view.scroll_offset.y == 0, "the usual keys are not there"
        await press(pilot, "ctrl+n")
        assert view.scroll_offset.y == 1
        await press(pilot, "f6")
        assert view.scroll_offset.y == view.max_scroll_y > 1
        await press(pilot, "escape", "f")
        assert isinstance(app.screen, ConfirmScreen)
        assert "F7 copy" in screen_text(app)
        await press(pilot, "n")
        assert not isinstance(app.screen, ConfirmScreen)


def test_every_error_of_a_dialog_s_key_says_which_can_be_changed() -> None:
    for action in ACTIONS:
        if action.fixed:
            with pytest.raises(UsageError) as raised:
                own_keys.use({action.id: "F9"})
            assert raised.value.grant == "in dialogs, what scrolls, searches or copies can have other keys"
    changeable = {action.id for action in ACTIONS if action.in_dialog and not action.fixed}
    assert changeable == {
        *("scroll_up", "scroll_down", "scroll_page_up", "scroll_page_down", "scroll_half_up", "scroll_half_down", "scroll_first"),
        *("scroll_last", "copy_plan", "copy_result", "go_section", "next_match", "previous_match"),
    }


def test_config_keys_prints_what_can_be_written_so(tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["config", "keys"]).stdout
    rows = [row.removeprefix("# ") for row in told.splitlines() if " = " in row.split("  #")[0]]
    (tmp_path / "stalewatch.toml").write_text("[ui.keys]\n" + "\n".join(rows))
    own_keys.use(load((), folder=tmp_path).ui.keys)
    assert {action.id: action.usual for action in ACTIONS if not action.fixed} == OWN
    (tmp_path / "stalewatch.toml").write_text('[ui.keys]\nscroll_down = ["down", "ctrl+n"]\n')
    again = CliRunner().invoke(main, ["config", "keys"]).stdout
    assert '\nscroll_down = ["down", "ctrl+n"]  ' in again
    assert [action.id for action in ACTIONS if action.help not in again] == []
    (tmp_path / "stalewatch.toml").write_text("[ui.keys]\n\ncancel = 'F5'\n")
    refused = CliRunner().invoke(main, ["config", "keys"])
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"stalewatch: {tmp_path}/stalewatch.toml:3: [ui.keys] cancel: ")


def test_a_theme_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "stalewatch.toml").write_text('[ui]\nzone = "UTC"\ntheme = "drak"\n')
    with pytest.raises(UsageError) as raised:
        load((), folder=tmp_path)
    assert raised.value.message == "stalewatch.toml:3: [ui]: no theme is called 'drak'"
    assert raised.value.grant == "known are dark, light, high-contrast, colour-blind, ansi, ansi-light"
    assert tuple(files()) == THEMES


MINE = """[ui]
theme = "light"
zone = "UTC"
layout = "table"
[ui.keys]
fix = "F5"
quit = "ctrl+x"
"""


@pytest.mark.parametrize("which", ["demo", "replay"])
def test_demo_and_replay_have_the_keys_and_the_looks_of_the_person(which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stalewatch.toml").write_text(MINE)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    shown: list[StalewatchApp] = []
    monkeypatch.setattr(StalewatchApp, "run", lambda app: shown.append(app))
    assert (demo.run("mixed") if which == "demo" else replay.run(FILE)) == 0
    (app,) = shown
    assert keys_of(BY_ID["fix"]) == "F5"
    assert (app.theme, app.model.view.zone, app.model.view.dense) == ("light", Zone.UTC, True)
    said = demo.hint(scenario("mixed").ends, 100)
    assert said == "demo, nothing here is real: F5 on web1, s on the others · ? for all keys, ctrl+x to leave"


def test_a_mistake_in_stalewatch_toml_keeps_nobody_from_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    for text, says in (("[ui]\ntheme = 'drak'\n", "2: [ui]: no theme"), ("[ui.keys]\nfxi = 'f'\n", "2: [ui.keys]: no action")):
        (tmp_path / "stalewatch.toml").write_text(text)
        engine = engine_of(Ui())
        assert with_own_ui(engine.fleet) == engine.fleet
        told = capsys.readouterr().err
        assert says in told
        assert told.endswith("; your own keys and looks are left out\n")


@pytest.mark.parametrize(
    ("mine", "shared", "whose", "says"),
    [
        ("", "\n[ui]\ntheme = 'drak'\n", "shared", "3: [ui]: no theme is called 'drak'"),
        ("[ui.keys]\nfix = 'F5'\n", "[ui.keys]\nfxi = 'f'\n", "shared", "2: [ui.keys]: no action is called 'fxi'"),
        ("[ui.keys]\nfix = 'slash'\n", "[ui.keys]\nfix = 'F5'\n", "mine", "2: [ui.keys] fix: 'slash' is no key"),
        ("[ui.keys]\nfix = 'c'\n", "[ui.keys]\nhelp = 'F2'\n", "mine", "2: [ui.keys] fix: c is the key of clear"),
    ],
)
def test_an_error_names_the_file_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mine: str, shared: str, whose: str, says: str
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    places = {"mine": tmp_path / "stalewatch.toml", "shared": tmp_path / "shared.toml"}
    places["mine"].write_text(mine)
    places["shared"].write_text(shared)
    with pytest.raises(UsageError) as raised:
        watch(load((), folder=tmp_path, shared=places["shared"]))
    assert raised.value.message == f"{places[whose]}:{says}"
