"""How keys are written for people."""

from __future__ import annotations

import unicodedata

SHOWN = {
    "at": "@",
    "backslash": "\\",
    "underscore": "_",
    "question_mark": "?",
    "slash": "/",
    "ampersand": "&",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "colon": ":",
    "full_stop": ".",
    "comma": ",",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "f1": "F1",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def key_name(key: str) -> str:
    """How a key is written for people: ``?``, ``esc``, ``ctrl+p``."""
    if key in SHOWN or len(key) == 1 or "+" in key:
        return SHOWN.get(key, key)
    if key[0] == "f" and key[1:].isdigit():
        return key.upper()
    try:
        sign = unicodedata.lookup(key.replace("_", " "))
    except KeyError:
        return key
    return sign if sign.isprintable() and sign != " " else key
