"""What a terminal answers to a question comes between the keys: it is taken out before anything reads keys. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

QUESTION = "\x1b]11;?\x1b\\\x1b[c"
"""The background's colour, and what every terminal answers: once that has come, no other answer is to be waited for."""

_ANSWER = re.compile(
    r"\x1b\](?P<code>\d+);(?P<value>[^\x00-\x1f]*)(?:\x07|\x1b\\)|(?P<fence>\x1b\[\?[\d;]*c)|\x1b\[\?\d*u|\x1b[P_^X][^\x00-\x1f]*\x1b\\"
)
"""Also to what others asked before us: the terminal's name and version (DCS), its graphics (APC), its keyboard (CSI ? u)."""
_BEGUN = re.compile(
    r"\x1b(?:\](?:\d+(?:;[^\x00-\x1f]*\x1b?)?)?|\[(?:\?[\d;]*)?|P[01]?(?:[$+!>|][^\x00-\x1f]*\x1b?)?|_(?:G[^\x00-\x1f]*\x1b?)?)?$"
)
_ALT = re.compile(r"\x1bP[01]")
_KEYS = ("\x1b", "\x1b[")
"""Beginnings of an answer that much more often begin a key."""
_BACKGROUND = "11"
ESCAPE = 0.05
"""Seconds after which an escape is a key, and no answer that is to come in two pieces."""
PIECES = 1.0
"""Seconds between two pieces of an answer, at most."""
LONGEST = 4096
"""Characters of an answer: what is longer is none."""


_OF_EIGHT_BITS = {0x8F: "O", 0x90: "P", 0x98: "X", 0x9B: "[", 0x9C: "\\", 0x9D: "]", 0x9E: "^", 0x9F: "_"}
_LONE = 0xDC00
"""What surrogateescape adds to a byte that is no UTF-8."""
_CONTROL = re.compile(r"([\x80-\x9f\udc80-\udcff])")
_CSI = "\x9b"
_PASTE = re.compile(r"(\x1b\[|\x9b)20([01])~")
"""A paste begins, or ends."""


class Sent(NamedTuple):
    """What is left as *keys*, the colour of the *background* if it was said, and whether the *fence* has come."""

    keys: str = ""
    background: str = ""
    fence: bool = False


class SevenBits:
    """Controls of eight bits (one byte 0x9B for escape and a bracket), which a terminal that was told so sends, become the escapes that
    mean the same. In a paste they are somebody's text, unless the paste began with one: text cannot end a paste."""

    def __init__(self) -> None:
        self._pasting = self._by_eight = False
        self._last = ""

    def feed(self, text: str) -> str:
        """*text* was decoded with surrogateescape."""
        return "".join(self._seen(piece) for piece in _CONTROL.split(text) if piece)

    def _seen(self, piece: str) -> str:
        """*piece* in seven bits: text, or one control."""
        code = ord(piece) if _CONTROL.fullmatch(piece) else 0
        is_byte = code >= _LONE
        code -= _LONE if is_byte else 0
        translated = code in _OF_EIGHT_BITS and (self._by_eight or not self._pasting)
        told = self._last + (chr(code) if code else piece)
        for sign, which in _PASTE.findall(told):
            if which == "0" and not self._pasting:
                self._pasting, self._by_eight = True, sign == _CSI
            elif which == "1" and (self._by_eight or sign != _CSI):
                self._pasting = self._by_eight = False
        self._last = told[-5:]
        return f"\x1b{_OF_EIGHT_BITS[code]}" if translated else "\ufffd" if is_byte else piece


class AnswerFilter:
    """Keeps an answer that has begun until the rest of it comes. *waiting*: an answer is due, so that an escape may be its beginning."""

    def __init__(self) -> None:
        self.waiting = False
        self._held = ""
        self._since = 0.0

    def feed(self, text: str, at: float) -> Sent:
        """*text* came from the terminal *at* (monotonic seconds)."""
        if not self._held and "\x1b" not in text:
            return Sent(text)
        background, fence = "", False
        keys: list[str] = []
        text, end = self._held + text, 0
        for match in _ANSWER.finditer(text):
            keys.append(text[end : match.start()])
            end = match.end()
            fence = fence or match["fence"] is not None
            background = background or (match["value"] if match["code"] == _BACKGROUND else "")
        rest = text[end:]
        begun = _BEGUN.search(rest)
        held = begun.group() if begun else ""
        if held in _KEYS and not self.waiting:
            held = ""
        keys.append(rest[: len(rest) - len(held)])
        self._held, self._since = held if len(held) <= LONGEST else "", at
        if fence:
            self.waiting = False
        return Sent("".join(keys), background, fence)

    def expired(self, at: float) -> str:
        """What was kept and is a key after all. An answer whose end never came is nobody's."""
        if not self._held or at - self._since < (PIECES if self._is_answer else ESCAPE):
            return ""
        keys, self._held = "" if self._is_answer else self._held, ""
        return keys

    @property
    def _is_answer(self) -> bool:
        """Not just the escape, or Alt with a sign, and a digit behind it."""
        return len(self._held) > 2 and not _ALT.fullmatch(self._held)
