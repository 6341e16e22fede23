"""docs/keys.md: what it calls ours is in the table of actions, and what it calls a habit of all is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stalewatch.dashboard.actions import ACTIONS, BY_ID, foreign, key_name
from stalewatch.dashboard.screens.palette import called
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, burst, press
from tests.ui.hands import unhurried

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in PAGE.read_text("utf-8").splitlines() if row.startswith("| ")
][1:]
NOT_OURS = (
    "edit, delete, kill",
    "undo",
    "a range",
    "begin, end of the line",
    "down, up as in Emacs",
    "the search before this one",
)
DOES: dict[str, set[str]] = {
    "up, down": {"up", "down"},
    "left, right": {"left", "right"},
    "a page": {"page_up", "page_down"},
    "half a page": {"half_page_up", "half_page_down"},
    "one line, the cursor stays": {"line_up", "line_down"},
    "first, last": {"first", "last"},
    "open": {"open"},
    "back": {"back"},
    "next part of the screen": {"next_part", "previous_part"},
    "a part by its number": {"go_1", "go_9"},
    "the one before, the one after": {"earlier", "later", "next_link", "previous_link"},
    "with the mouse": set(),
    "filter, search": {"filter", "search"},
    "all but what matches": {"filter"},
    "complete a word": {"complete"},
    "end the search": {"back", "clear_search"},
    "next, previous match": {"next_finding", "previous_finding"},
    "mark": {"mark"},
    "remove all marks": {"unmark", "back"},
    "sort by a column": {f"sort_{by}" for by in ("worst", "name", "since", "deploy", "commit", "rate", "age")},
    "sort the other way round": {"reverse"},
    "a shell there": {"shell"},
    "log": {"log"},
    "follow the end": {"follow"},
    "wrap lines": {"wrap"},
    "more, or less of it": {"zoom_in", "zoom_out"},
    "as groups, or not": {"group"},
    "hold the picture still": {"freeze"},
    "only lines that match": {"only"},
    "look again now": {"verify"},
    "paint the screen again": {"redraw"},
    "how often it looks": {"interval"},
    "what is that": {"explain"},
    "copy": {"copy"},
    "a command by name": {"palette"},
    "quit": {"quit", "interrupt"},
    **{habit: set() for habit in NOT_OURS},
    "suspend": {"suspend"},
    "help": {"help"},
}


def test_every_habit_is_judged() -> None:
    assert [row[0] for row in ROWS] == list(DOES)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_our_keys_do_what_the_page_says(row: list[str]) -> None:
    habit, *_, ours = row
    done = set()
    for key in re.findall(r"`([^`]+)`", ours):
        if key.startswith(":") and len(key) > 1:
            action = called(key[1:])
            assert action is not None
            assert action.id in DOES[habit]
            continue
        meant = {action.id for action in ACTIONS if key in [key_name(one) for one in action.keys]} & DOES[habit]
        assert meant, f"{key} is no key for {habit}"
        done |= meant
    assert done == DOES[habit]


def reasons() -> set[str]:
    """The keys that the page names where it says why they are not there."""
    told = PAGE.read_text("utf-8").partition("and not ours:")[2].partition("Of one of them:")[0]
    return {key for entry in re.split(r"\n- ", told) for key in re.findall(r"`([^`]+)`", entry.partition(":")[0])}


def test_what_two_of_the_others_share_is_ours_too_or_has_its_reason() -> None:
    for habit, *others, ours in ROWS:
        keys = [set(re.findall(r"`([^`]+)`", cell)) for cell in others]
        shared = {key for key in set().union(*keys) if sum(key in cell for cell in keys) >= 2}
        assert shared <= set(re.findall(r"`([^`]+)`", ours)) | (reasons() if habit in NOT_OURS else set()), habit


AS_TEXTUAL = {"ctrl+\\": "ctrl+backslash", "\\": "backslash"} | {key_name(key): key for key in foreign.KEYS if "+" not in key}


def theirs() -> set[str]:
    """The single keys of other programs that do nothing on our screens."""
    cells = [cell for _, *others, _ in ROWS for cell in others]
    written = {key for cell in cells for both in re.findall(r"`` ?(.+?) ?``|`([^`]+)`", cell) for key in both if key}
    single = {key for key in written if len(key) == 1 or re.fullmatch(r"(ctrl|alt|shift)\+\S+|F\d+", key)}
    ours = {key_name(key) for action in ACTIONS if not action.in_dialog for key in action.keys}
    return single - ours


def test_of_each_key_of_theirs_that_is_none_here_it_is_told_what_is() -> None:
    assert len(theirs()) > 20
    for key in theirs():
        assert AS_TEXTUAL.get(key, key.lower()) in foreign.KEYS, key
    for key in foreign.KEYS:
        assert "is no key here: " in foreign.told(key)


async def test_a_key_that_is_none_says_what_is_and_what_is_typed_with_it_does_nothing() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        told = {"ctrl+r": "ctrl+r is no key here: v looks again", "f10": "F10 is no key here: q quits", "percent_sign": "% is no"}
        for key, words in told.items():
            assert words in (await press(pilot, key)).splitlines()[-1]
        await unhurried(pilot)
        burst(app, "%q ")
        text = await press(pilot)
        assert "% is no key here; ? lists them all" in text
        assert not app._exit
        assert app.model.view.marked == frozenset()
        assert "? help" in await press(pilot, "j")
        assert "m is no key here" in await press(pilot, "enter", "m")
        assert "^ is no key here: nothing scrolls to the side" in await press(pilot, "escape", "L", "circumflex_accent")


def test_which_keys_of_dialogs_can_be_changed_is_said_of_each() -> None:
    rules = re.findall(r"(?ms)^- \*\*(.*?)(?=^- |^$)", PAGE.read_text("utf-8").split("## Keys of your own")[1])
    named = {name: rule.startswith("Not ") for rule in rules for name in re.findall(r"`([a-z_]+)`", rule) if name in BY_ID}
    dialogs = {action.id: bool(action.fixed) for action in ACTIONS if action.in_dialog}
    likes = {name for name in dialogs if name.startswith("scroll_") and name != "scroll_down"}
    assert {**dialogs, "search": False} == {**named, **dict.fromkeys(likes, False)}
