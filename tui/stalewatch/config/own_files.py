"""Opens and replaces the files that this program keeps on the operator's machine, and nothing else in their place."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

_PRIVATE = 0o600


def open_own(path: Path | str, flags: int) -> int:
    """A descriptor; a file that is made by it is 0600. Raises OSError, also for a pipe, a device or a socket: none is waited for."""
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, _PRIVATE)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        wrong, words = (errno.EISDIR, os.strerror(errno.EISDIR)) if stat.S_ISDIR(mode) else (errno.EINVAL, "it is not a file")
        raise OSError(wrong, words, str(path))
    return descriptor


def read_own(path: Path | str, limit: int, *, end: bool = False) -> bytes:
    """The first *limit* bytes, or the last where *end*. Raises OSError."""
    with open(open_own(path, os.O_RDONLY), "rb") as file:
        if end:
            file.seek(max(os.fstat(file.fileno()).st_size - limit, 0))
        return file.read(limit)


def replace_own(path: Path | str, text: str) -> None:
    """Make *text* the content of a file: all of it or nothing, by rename. Its mode stays, a new one is 0600; a link stays a link.
    Raises OSError."""
    real = Path(os.path.realpath(path))  # resolve() ends a link to itself with RuntimeError
    mode = stat.S_IMODE(real.stat().st_mode) if real.exists() else _PRIVATE
    descriptor, made = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(made).replace(real)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise


def keep_own(path: Path, text: str) -> None:
    """As :func:`replace_own`, in a folder of ours, which is made where there is none. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_own(path, text)
