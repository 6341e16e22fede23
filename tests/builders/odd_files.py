"""What stands in the place of a file, and must never be waited for."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("folder", "pipe", "socket", "loop")


def make(path: Path, kind: str) -> None:
    """Put one of KINDS at *path*."""
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(str(path))
        case "loop":
            path.symlink_to(path)
        case _:
            raise ValueError(kind)
