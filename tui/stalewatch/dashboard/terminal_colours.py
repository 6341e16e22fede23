"""What the terminal can show, as far as its surroundings tell: how many colours, and whether its background is light."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TRUE_COLOUR = 1 << 24
_CHANNELS = re.compile(r"rgba?:([0-9a-f]{1,4})/([0-9a-f]{1,4})/([0-9a-f]{1,4})(?:/[0-9a-f]{1,4})?|#((?:[0-9a-f]{3}){1,4})", re.I)
_LIGHT_OF_SIXTEEN = (7, *range(9, 16))
"""Which of the sixteen colours are light grounds."""
_OLD = re.compile(r"linux|vt\d|cons25|dumb|unknown|$")
"""Consoles that may print a question instead of answering it."""


class TerminalColours(NamedTuple):
    """*number*: 0 (bold and reverse only), 8, 16, 256 or :data:`TRUE_COLOUR`. *light*: the background; None: not known. *asks*: whether the
    terminal may be asked for it."""

    number: int = TRUE_COLOUR
    light: bool | None = None
    asks: bool = False

    @property
    def theme(self) -> str:
        """The name of the theme that suits it."""
        if self.number > 16:
            return "light" if self.light else "dark"
        return "ansi-light" if self.light and self.number else "ansi"


def terminal_colours(environ: Mapping[str, str], terminfo: Callable[[str], int | None]) -> TerminalColours:
    """What *environ* says. *terminfo* gives the colours of a ``TERM``: 0 for none, None where it is not described."""
    term = environ.get("TERM", "")
    number = _number(environ, term, terminfo)
    return TerminalColours(number, _light(environ.get("COLORFGBG", "")), asks=number > 0 and not _OLD.match(term))


def _number(environ: Mapping[str, str], term: str, terminfo: Callable[[str], int | None]) -> int:
    if "NO_COLOR" in environ:
        return 0
    if term in ("", "dumb"):  # no terminal: pictures are made here
        return TRUE_COLOUR
    leaked = "STY" in environ and term.startswith("screen")  # of the terminal around GNU screen, which has its own colours
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit") and not leaked:
        return TRUE_COLOUR
    described = terminfo(term)
    if described is None:
        return 256 if "256color" in term else 8 if "color" in term else 0 if term.endswith(("-mono", "-m")) else 16
    return next((number for number in (TRUE_COLOUR, 256, 16, 8) if described >= number), 0)


def _light(colorfgbg: str) -> bool | None:
    """``15;0`` and ``0;default;15``: the last one is the background, one of sixteen."""
    ground = colorfgbg.rpartition(";")[2]
    return int(ground) in _LIGHT_OF_SIXTEEN if ground.isdecimal() and len(ground) < 3 and int(ground) < 16 else None


def is_light(colour: str) -> bool | None:
    """Whether *colour*, as terminals write it (``rgb:ffff/ffff/ffff``, ``#ffffff``), is a light ground; None if it is no colour."""
    match = _CHANNELS.fullmatch(colour.strip())
    if match is None:
        return None
    *parts, digits = match.groups()
    if digits:
        size = len(digits) // 3
        parts = [digits[at : at + size] for at in range(0, len(digits), size)]
    red, green, blue = (int(part, 16) / ((1 << 4 * len(part)) - 1) for part in parts)
    return 0.299 * red + 0.587 * green + 0.114 * blue > 0.5


def from_terminfo(term: str) -> int | None:
    """The colours of *term* in the database of terminals; None where it is not in there. Only the first call in a process counts."""
    try:
        import curses
    except ImportError:
        return None
    try:
        curses.setupterm(term or "dumb", 1)
    except curses.error:
        return None
    return max(0, curses.tigetnum("colors"))
