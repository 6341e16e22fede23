"""Keys that other programs of a terminal have and this one has not: what does it here, or why nothing does. docs/keys.md has the habits."""

from __future__ import annotations

import re

from stalewatch.dashboard.actions.key_names import key_name
from stalewatch.dashboard.actions.table import key_of

_TOLD = {
    ("ctrl+n", "alt+j"): "{down} goes down",
    ("alt+k",): "{up} goes up",
    ("alt+h",): "{left} goes to the left",
    ("alt+l",): "{right} goes to the right",
    ("circumflex_accent", "dollar_sign", "ctrl+a"): "nothing scrolls to the side; {wrap} wraps long lines in the log",
    ("ctrl+w",): "{next_part} is the next part of the screen",
    ("backslash", "f3", "f4"): "{filter} filters servers and searches text",
    ("shift+f3", "f15"): "{next_finding} and {previous_finding} go through what was found",
    ("ctrl+backslash",): "{unmark} removes all marks",
    ("ctrl+space", "ctrl+at", "ctrl+@"): "there are no ranges; {mark} marks one server",
    ("f6",): "{sort_by} sorts by the next column",
    ("I",): "{reverse} sorts the other way round",
    ("exclamation_mark",): "{shell} is a shell on the server",
    ("underscore",): "{zoom_out} shows more of the timeline",
    ("grave_accent", "f5"): "{group} groups, or does not",
    ("Z",): "{freeze} holds the picture still",
    ("ctrl+r",): "{verify} looks again",
    ("K",): "{explain} explains a finding, on a server's page",
    ("ctrl+o",): "{copy} copies",
    ("ctrl+s",): "{report} copies the whole report",
    ("f10",): "{quit} quits",
    ("delete", "backspace", "ctrl+k", "f9"): "nothing here deletes or kills",
    ("f2", "f7", "f8"): "nothing here needs it",
    ("W",): "nothing here is written",
    ("m", "apostrophe", "asterisk", "number_sign"): "no text is edited here; {search} searches",
}
_ACTION = re.compile(r"{(\w+)}")
_WORDS = {key: words for keys, words in _TOLD.items() for key in keys}
KEYS = frozenset(_WORDS)
"""Those of which more is said than that they are none."""


def told(key: str) -> str:
    """What is said when *key*, which is none of ours, is pressed: ``ctrl+r is no key here: v looks again``."""
    words = _WORDS.get(key)
    if words is None:
        return f"{key_name(key)} is no key here; {key_of('help')} lists them all"
    instead = _ACTION.sub(lambda found: key_of(found[1]), words)
    return f"{key_name(key)} is no key here: {instead}"
