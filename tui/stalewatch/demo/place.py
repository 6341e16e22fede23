"""The one folder that a demo lives in, and who removes it: we do, else a small child that outlives us, else the next demo."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "stalewatch-demo-"
_NAME = re.compile(rf"{PREFIX}(\d+)(-\w+)?")
_PLAIN = re.compile(r"[\w./+-]{1,60}", re.ASCII)
"""Short, so that a socket's path below it stays under the 107 bytes that a unix socket may have; and nothing that ssh_config, or the
commands that the demo shows, would have to quote."""

_CLEANER = """
trap '' HUP INT TERM QUIT
IFS= read -r word
[ "$word" = bye ] || sleep 1
rm -rf -- "$1"
"""
"""Waits for a word, or for the end of its stdin (we were killed: the demo's probes end by themselves within that second)."""


class Place:
    """``path`` exists from the start; :meth:`remove` takes it away. Leftovers of dead demos are removed first."""

    def __init__(self) -> None:
        base = _base()
        sweep(base)
        self.path = _make(base)
        self._lock = os.open(self.path, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._cleaner = subprocess.Popen(
            ["/bin/sh", "-c", _CLEANER, "stalewatch-demo-cleaner", str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )

    def remove(self) -> None:
        """Remove the folder now and end the child. Never raises."""
        with suppress(OSError, subprocess.TimeoutExpired):
            self._cleaner.communicate(b"bye\n", timeout=5)
        shutil.rmtree(self.path, ignore_errors=True)
        with suppress(OSError):
            os.close(self._lock)


def sweep(base: Path) -> list[Path]:
    """Remove what demos left in *base* that were killed together with their cleaner; gives what was removed."""
    removed = []
    for path in base.glob(f"{PREFIX}*"):
        match = _NAME.fullmatch(path.name)
        if match and not path.is_symlink() and path.is_dir() and path.stat().st_uid == os.getuid() and _dead(int(match[1]), path):
            shutil.rmtree(path, ignore_errors=True)
            removed.append(path)
    return removed


def _dead(pid: int, path: Path) -> bool:
    """Whether nobody holds *path*: no such process here, nor one elsewhere (another container) that keeps its lock."""
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return False
    try:
        held = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(held)
    return True


def _make(base: Path) -> Path:
    """A private folder. Its name is short where it can be: people read it in every path and command that the demo shows."""
    path = base / f"{PREFIX}{os.getpid()}"
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return Path(tempfile.mkdtemp(prefix=f"{path.name}-", dir=base))
    return path


def _base() -> Path:
    base = Path(tempfile.gettempdir()).resolve()
    return base if _PLAIN.fullmatch(str(base)) else Path("/tmp")
