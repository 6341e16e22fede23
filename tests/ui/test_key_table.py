"""Every key is in the one table of actions: screens and dialogs bind nothing else, and everything that names a key reads it there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from textual.binding import Binding

import stalewatch.dashboard
from stalewatch.dashboard import actions
from stalewatch.dashboard.actions import (
    ACTIONS,
    EXPLANATION,
    FILTER,
    FLEET,
    HELP,
    LINK,
    LOG,
    PALETTE,
    PLAN,
    PROGRESS,
    QUIT,
    SEARCH,
    SERVER,
    TOO_SMALL,
    actions_in,
    markdown_table,
)
from stalewatch.dashboard.render.cells import PICTURE
from stalewatch.dashboard.render.lanes import LASTS, PROBABLE
from stalewatch.dashboard.render.signs import ALARM, CURSOR, EVENT_SIGN, MARK, SHADE, VERDICT_SIGN
from stalewatch.dashboard.screens.confirm import ConfirmScreen
from stalewatch.dashboard.screens.explanation import ExplanationScreen
from stalewatch.dashboard.screens.help import HelpScreen, help_lines
from stalewatch.dashboard.screens.link import LinkScreen
from stalewatch.dashboard.screens.palette import ActionPalette
from stalewatch.dashboard.screens.progress import ProgressScreen
from stalewatch.dashboard.screens.quit_question import QuitScreen
from stalewatch.dashboard.screens.scroll_modal import ScrollModal
from stalewatch.dashboard.screens.too_small import TooSmallScreen
from stalewatch.dashboard.widgets.filter_bar import FilterInput
from stalewatch.dashboard.widgets.prompt import PromptInput

FOLDER = Path(stalewatch.dashboard.__file__).parent
TABLE = "bindings.py"
DIALOGS = {
    PLAN: ConfirmScreen,
    PROGRESS: ProgressScreen,
    HELP: HelpScreen,
    QUIT: QuitScreen,
    TOO_SMALL: TooSmallScreen,
    FILTER: FilterInput,
    EXPLANATION: ExplanationScreen,
    SEARCH: PromptInput,
    LINK: LinkScreen,
    PALETTE: ActionPalette,
}


def test_nothing_but_the_table_makes_a_binding() -> None:
    made = []
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Binding":
                made.append(path.name)
            if isinstance(node, ast.AnnAssign | ast.Assign) and "BINDINGS" in ast.unparse(node).split("=")[0].split(":")[0]:
                assert isinstance(node.value, ast.Call), f"{path}: BINDINGS is not made from the table"
                assert ast.unparse(node.value.func) in ("screen_bindings", "dialog_bindings"), path
            if isinstance(node, ast.FunctionDef) and node.name.startswith("key_") and node.name not in ("key_name", "key_of", "context"):
                raise AssertionError(f"{path}: {node.name} takes a key past the table")
    assert set(made) == {TABLE}


@pytest.mark.parametrize("place", [FLEET, SERVER, LOG, *DIALOGS])
def test_no_key_has_two_meanings_in_one_place(place: str) -> None:
    keys = [key for action in actions_in(place) for key in action.keys]
    assert keys
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("place", DIALOGS)
def test_a_dialog_does_what_the_table_says_of_it(place: str) -> None:
    for action in actions_in(place):
        assert callable(getattr(DIALOGS[place], f"action_{action.id}", None)), f"{place}: nothing is done for {action.id}"
    bound = {key for binding in DIALOGS[place].BINDINGS if isinstance(binding, Binding) for key in binding.key.split(",")}
    assert bound == {key for action in actions_in(place) for key in action.keys}


def test_every_place_that_the_table_names_is_one_that_binds_it() -> None:
    assert {place for action in ACTIONS for place in action.screens} == {FLEET, SERVER, LOG, *DIALOGS}


def test_every_dialog_is_a_scroll_modal() -> None:
    assert all(issubclass(DIALOGS[dialog], ScrollModal) for dialog in (PLAN, PROGRESS, HELP, QUIT))


def test_help_and_readme_name_every_action_of_the_table() -> None:
    shown = "\n".join(row.text for row in help_lines(actions.ActionContext(), 400))
    for action in ACTIONS:
        if not action.id.startswith("go_"):
            assert action.help in shown
            assert action.help in markdown_table()


@pytest.mark.parametrize("width", [46, 68, 96])
def test_nothing_in_help_is_cut_and_every_sign_is_explained(width: int) -> None:
    wide, narrow = help_lines(actions.ActionContext(), 400), help_lines(actions.ActionContext(), width)
    assert all(row.width <= width for row in narrow)
    assert " ".join(row.text for row in narrow).split() == " ".join(row.text for row in wide).split()
    explained = {word for row in narrow for word in row.text[:16].split()}
    drawn = {*EVENT_SIGN.values(), *VERDICT_SIGN.values(), *(mark * 3 for mark in (SHADE, PROBABLE, LASTS)), CURSOR, MARK, ALARM, PICTURE}
    assert drawn <= explained
