"""Copying through the terminal (OSC 52): bounded, and wrapped where tmux or screen stand between."""

from __future__ import annotations

import base64

LIMIT = 74_994
"""Bytes of base64 that terminals are known to take."""
ROOM = LIMIT // 4 * 3
"""Bytes of text that are in them."""


def sequence(text: str, term: str = "", *, tmux: bool = False) -> str:
    """The escape sequence that puts *text* into the clipboard; what does not fit is cut at the end."""
    data = text.encode("utf-8")[:ROOM].decode("utf-8", "ignore").encode("utf-8")
    plain = f"\x1b]52;c;{base64.b64encode(data).decode('ascii')}\x07"
    if tmux:  # which of the two it takes depends on its settings
        return plain + "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if term.startswith("screen"):
        pieces = [plain[at : at + 76] for at in range(0, len(plain), 76)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return plain
