"""The only door for what a server says: controls made visible, bidi out, length bounded.

A :data:`SafeText` can be written to a terminal as it is. It may still hold Rich/Textual *markup*, which is why screens turn it into
``Content`` objects and never into markup strings.
"""

from __future__ import annotations

from typing import NewType

SafeText = NewType("SafeText", str)
"""Text without control characters, bidi controls or lone surrogates, bounded in length. Made by :func:`safe` only."""

MAX_LENGTH = 4096


def safe(raw: str | bytes, limit: int = MAX_LENGTH) -> SafeText:
    r"""*raw* with every unprintable character written as an escape (``\x1b``, ``\u202e``), cut to *limit* characters with ``…``.

    ``str.isprintable`` is the whole test: no C0, C1 or bidi control, no line or paragraph separator and no lone surrogate is printable.
    Bytes are read as UTF-8; what is not UTF-8 becomes ``\xNN``.
    """
    text = raw.decode("utf-8", "surrogateescape") if isinstance(raw, bytes) else raw
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _visible(char) for char in text[: limit + 1])
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return SafeText(text)


def is_exact(raw: str, safe_text: str) -> bool:
    """Whether nothing had to be changed: only such a path may be used in a command."""
    return raw == safe_text


def _visible(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape: the byte itself
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
