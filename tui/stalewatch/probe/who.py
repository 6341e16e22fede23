"""How other watchers of a server see us."""

from __future__ import annotations

import getpass
import socket


def who() -> str:
    """``user@laptop``: how other watchers see us."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "someone"
    return f"{name}@{socket.gethostname()}"
