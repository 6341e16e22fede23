"""What is remembered between runs: a small file per server and app in the platform's state directory.

Harmless when missing, old, damaged or somebody else's: then nothing is remembered, and what could be proven is only suspected. With
``validate_timestamps=0`` it is what lets the next run prove that a script was compiled from what is on the disk, or was not.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import platformdirs

from stalewatch.config.own_files import open_own
from stalewatch.diagnosis.memory import Awaited, Memory

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 16 * 1024 * 1024
"""A remembered script takes about 150 bytes; 20,000 is the most that :class:`Memory` holds."""

_AWAITED = "awaited"


def load(target: str, app: str) -> Memory:
    """The memory of *app* on *target*; an empty one where there is none that can be used."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        memory = msgspec.msgpack.decode(_read(_path(target, app)), type=Memory)
        if memory.version == Memory().version:
            return memory
    return Memory()


def save(target: str, memories: Mapping[str, Memory]) -> None:
    """Write what is remembered of *target*, 0600, atomically. A disk that takes nothing is no error: memory is a help, not a duty."""
    for app, memory in memories.items():
        data = msgspec.msgpack.encode(memory)
        if app and memory.at and len(data) <= MAX_BYTES:
            with contextlib.suppress(OSError):
                _write(_path(target, app), data)


def load_awaited(target: str, app: str) -> tuple[Awaited, ...]:
    """The workers of *app* on *target* that must come back; none where nothing is kept that can be used."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return msgspec.msgpack.decode(_read(_path(target, app, _AWAITED)), type=tuple[Awaited, ...])
    return ()


class AwaitedFile:
    """What :func:`load_awaited` gives for one app, at every look: read again only when another file lies there, or one that was written."""

    def __init__(self, target: str, app: str) -> None:
        self._target = target
        self._app = app
        self._path = _path(target, app, _AWAITED)
        self._seen: tuple[int, ...] | None = None
        self._awaited: tuple[Awaited, ...] = ()

    def load(self) -> tuple[Awaited, ...]:
        """The workers of the app that must come back now."""
        try:
            now = self._path.lstat()
        except OSError:
            self._seen, self._awaited = None, ()
            return ()
        seen = (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_uid)
        if seen != self._seen:
            self._seen, self._awaited = seen, load_awaited(self._target, self._app)
        return self._awaited


def save_awaited(target: str, app: str, awaited: tuple[Awaited, ...]) -> None:
    """Keep *awaited*, or remove what was kept of it. A disk that takes nothing is no error."""
    path = _path(target, app, _AWAITED)
    with contextlib.suppress(OSError):
        if awaited:
            _write(path, msgspec.msgpack.encode(awaited))
        else:
            path.unlink(missing_ok=True)


def _path(target: str, app: str, kind: str = "msgpack") -> Path:
    name = hashlib.sha256(f"{target}\0{app}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return folder() / f"{name}.{kind}"


def folder() -> Path:
    """Where all memories are kept; it need not exist."""
    return platformdirs.user_state_path("stalewatch") / "memory"


def _read(path: Path) -> bytes:
    """Empty where the file is not ours, not a file or too large. Raises OSError. A pipe in its place is not waited for."""
    with open(open_own(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        status = os.fstat(file.fileno())
        ours = status.st_uid == os.getuid() and status.st_size <= MAX_BYTES
        return file.read(MAX_BYTES) if ours else b""


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, whoever else writes now: each writer has a new file (0600) of its own. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    number, name = tempfile.mkstemp(prefix=f"{path.stem}.", dir=path.parent)
    new = Path(name)
    try:
        with open(number, "wb") as file:
            file.write(data)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
