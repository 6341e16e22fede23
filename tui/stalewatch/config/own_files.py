"""Opens the files that this program keeps on the operator's machine, and nothing else in their place."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PRIVATE = 0o600


def open_own(path: Path | str, flags: int) -> int:
    """A descriptor; a file that is made by it is 0600. Raises OSError, also for a pipe, a device or a socket: none is waited for."""
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, _PRIVATE)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a file", str(path))
    return descriptor


def read_own(path: Path | str, limit: int, *, end: bool = False) -> bytes:
    """The first *limit* bytes, or the last where *end*. Raises OSError."""
    with open(open_own(path, os.O_RDONLY), "rb") as file:
        if end:
            file.seek(max(os.fstat(file.fileno()).st_size - limit, 0))
        return file.read(limit)
