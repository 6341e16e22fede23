"""How many cells a text takes, on every terminal alike. Pure.

Terminals disagree about emoji: one cell or two, one picture or several, depending on the age of their tables. What they disagree about is
drawn as a sign of one cell, and counted so: then borders stay where they are. Search and copies see the text as it was written.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rich import cells

PICTURE = "▯"
"""Here stood a picture."""

_PICTURES = (
    "\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa"
    "\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b"
    "\u2728\u274c\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55"
    "\U0001f004\U0001f0cf\U0001f18e\U0001f191-\U0001f19a\U0001f200-\U0001f2ff\U0001f300-\U0001f3fa\U0001f400-\U0001faff"
)
"""What is two cells wide and no letter, and all blocks of pictures."""
_FLAGS = "\U0001f1e6-\U0001f1ff"
"""Two letters each, which some terminals draw as a flag."""
_MODIFIERS = "\u20dd-\u20e4\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef"
"""Frames, colours and variants of the sign before them: nothing of their own."""
_UNSTEADY = re.compile(f"(?P<picture>[{_PICTURES}])|(?P<flag>[{_FLAGS}])|[{_MODIFIERS}]")


@lru_cache(maxsize=4096)
def steady(text: str) -> str:
    """*text* as it is drawn: of the same width on every terminal."""
    return _UNSTEADY.sub(_steady, text)


def _steady(match: re.Match[str]) -> str:
    if match["picture"]:
        return PICTURE
    return chr(ord(match["flag"]) - 0x1F1E6 + ord("A")) if match["flag"] else ""


@lru_cache(maxsize=4096)
def cell_len(text: str) -> int:
    """The cells that *text* takes once it is drawn."""
    return len(text) if text.isascii() else cells.cell_len(steady(text))


def set_cell_size(text: str, size: int) -> str:
    """*text* as it is drawn, cut or filled with blanks to *size* cells."""
    return cells.set_cell_size(steady(text), size)


def split_text(text: str, at: int) -> tuple[str, str]:
    """*text* as it is drawn, up to cell *at* and from there on; a sign that stands across becomes blanks."""
    if at <= 0 or at >= cell_len(text):
        return ("", text) if at <= 0 else (text, "")
    return (text[:at], text[at:]) if text.isascii() else cells.split_text(steady(text), at)
