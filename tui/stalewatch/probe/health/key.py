"""The key that a health file and this program share. It is in no error, no log and no repr of ours."""

from __future__ import annotations

import os
import re
import stat
from importlib.resources import files
from pathlib import Path

from stalewatch.model.errors import UsageError

_KEY = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])")
_NO_KEY = b"0" * 64
_LONGEST = 1024 * 1024
_PARTS = ("facts.php", "scoreboard.php", "comparison.php", "links.php", "health.php")


def read_key(file: str, variable: str) -> bytes:
    """The key in *file* (alone, or in the PHP file that holds it), else in the environment *variable*. Raises UsageError, without it."""
    if file:
        return _only(_private(file), f"health_key_file {file}")
    if variable not in os.environ:
        raise UsageError(f"health_key_env: the environment has no {variable}")
    return _only(os.environb[os.fsencode(variable)], f"health_key_env {variable}")


def health_file(key: bytes) -> bytes:
    """The PHP file to install. *key*: 64 hex digits."""
    first, *more = (files("stalewatch.probe.runtime").joinpath(name).read_bytes() for name in _PARTS)
    joined = first + b"".join(part.partition(b"namespace Stalewatch;\n")[2] for part in more)
    return joined.replace(_NO_KEY, key)


def _private(file: str) -> bytes:
    path = Path(file).expanduser()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as opened:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise UsageError(f"health_key_file {file}: it is not a file")
            if mode & 0o077:
                raise UsageError(f"health_key_file {file}: others may read it: chmod 600 {file}")
            return opened.read(_LONGEST)
    except OSError as error:
        raise UsageError(f"health_key_file {file}: cannot be read: {error.strerror}") from error


def _only(content: bytes, where: str) -> bytes:
    found = {match[0] for match in _KEY.finditer(content)} - {_NO_KEY}
    if len(found) != 1:
        raise UsageError(f"{where}: holds no key (64 hex digits, as in the file that `stalewatch init --health-file` prints)")
    return found.pop()
