"""Keys of one's own: ``[ui.keys]`` of stalewatch.toml, checked, and put in the place of the usual ones."""

from __future__ import annotations

import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING

from stalewatch.config.files import told_at
from stalewatch.dashboard.actions.key_names import SHOWN, key_name
from stalewatch.dashboard.actions.spec import OWN, PLAN, QUIT
from stalewatch.dashboard.actions.table import ACTIONS, BY_ID
from stalewatch.model.errors import StalewatchError, UsageError
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAMED = {
    "esc": "escape",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "shift+tab": "shift+tab",
    **{
        name: name
        for name in [
            "enter",
            "space",
            "tab",
            "backspace",
            "insert",
            "delete",
            "home",
            "end",
            "up",
            "down",
            "left",
            "right",
            "pageup",
            "pagedown",
            "escape",
        ]
    },
    **{f"f{number}": f"f{number}" for number in range(1, 13)},
}
_SAME_BYTE = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+j": "enter", "ctrl+[": "esc", "ctrl+h": "backspace"}

CHANGEABLE = "in dialogs, what scrolls, searches or copies can have other keys"


class _Refused(StalewatchError):
    """What is wrong with a key, without where it stands."""


def use(keys: Mapping[str, str | Sequence[str]], files: Mapping[str, str] | None = None) -> None:
    """From now on the actions of *keys*, by id, have these keys and no others. *files*: by ``keys.ACTION`` the file that says so.
    Raises UsageError, which names that file and the line; then nothing is changed."""
    lists = {name: [written] if isinstance(written, str) else written for name, written in keys.items()}
    wanted: dict[str, tuple[str, ...]] = {}
    name = ""
    try:
        for name, written in lists.items():
            wanted[name] = tuple(_key(one) for one in written)
            _check(name, wanted[name])
        all_keys = {action.id: wanted.get(action.id, action.usual) for action in ACTIONS}
        for name in wanted:
            _check_free(name, all_keys)
    except _Refused as error:
        what = f" {safe(name, 40)}: {error.message}" if name in BY_ID else f": {error.message}"
        raise UsageError(f"{told_at(files or {}, f'keys.{name}')}: [ui.keys]{what}", grant=error.grant) from None
    OWN.clear()
    OWN.update(wanted)


def _key(written: str) -> str:
    """As Textual names it."""
    lower = written.lower()
    if lower in _SAME_BYTE:
        raise _Refused(f"a terminal cannot tell {lower} from {_SAME_BYTE[lower]}")
    if lower in _NAMED:
        return _NAMED[lower]
    if len(written) == 1 and written.isprintable() and not _is_undrawn(written):
        known = next((name for name, sign in SHOWN.items() if sign == written), "")
        return known or (written if written.isalnum() else unicodedata.name(written).lower().replace("-", "_").replace(" ", "_"))
    if lower.startswith("ctrl+") and len(lower) == 6 and lower[5].isascii() and lower[5].isalpha():
        return lower
    raise _Refused(f"{safe(repr(written), 40)} is no key", grant="write x, X, ?, ctrl+x, F5, space, enter, tab, esc or pgdn")


def _is_undrawn(char: str) -> bool:
    """Whether *char* is a blank, an accent without a letter, or a picture, which the screen shows as a box."""
    kind = unicodedata.category(char)
    return kind[0] in "MZ" or (kind == "So" and (unicodedata.east_asian_width(char) in "WF" or ord(char) > 0xFFFF))


def _check(id: str, chosen: Sequence[str]) -> None:
    if id not in BY_ID:
        close = get_close_matches(id, [action.id for action in ACTIONS], n=1)
        grant = f"did you mean {close[0]!r}?" if close else "stalewatch config keys lists all"
        raise _Refused(f"no action is called {safe(repr(id), 40)}", grant=grant)
    action = BY_ID[id]
    if action.fixed:
        raise _Refused(f"{action.fixed}, and those keys are the same everywhere", grant=CHANGEABLE)
    if not chosen:
        raise _Refused("needs a key")
    if action.acting and {"enter", "space"} & {*chosen}:
        raise _Refused("opens a plan, so it may not be on enter or space, which hands press without looking")
    if {PLAN, QUIT} & action.screens and {"enter", "tab"} & {*chosen}:
        raise _Refused("also works where something is asked, and there tab and enter go to the buttons")


def _check_free(id: str, keys: Mapping[str, Sequence[str]]) -> None:
    for other, taken in keys.items():
        shared = set(keys[id]) & set(taken)
        if other != id and shared and BY_ID[id].screens & BY_ID[other].screens:
            grant = f"{other} keeps it: {BY_ID[other].fixed}" if BY_ID[other].fixed else f"give {other} another one too"
            raise _Refused(f"{key_name(sorted(shared)[0])} is the key of {other}", grant=grant)
