"""What is remembered between runs: a small file per server and app in the platform's state directory.

Harmless when missing, old, damaged or somebody else's: then nothing is remembered, and what could be proven is only suspected. With
``validate_timestamps=0`` it is what lets the next run prove that a script was compiled from what is on the disk, or was not.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import platformdirs

from tui.diagnosis.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 16 * 1024 * 1024
"""A remembered script takes about 150 bytes; 20,000 is the most that :class:`Memory` holds."""


def recall(target: str, app: str) -> Memory:
    """The memory of *app* on *target*; an empty one where there is none that can be used."""
    path = _path(target, app)
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        status = path.stat()
        if status.st_size <= MAX_BYTES and status.st_uid == os.getuid():
            memory = msgspec.msgpack.decode(path.read_bytes(), type=Memory)
            if memory.version == Memory().version:
                return memory
    return Memory()


def keep(target: str, memories: Mapping[str, Memory]) -> None:
    """Write what is remembered of *target*, 0600, atomically. A disk that takes nothing is no error: memory is a help, not a duty."""
    for app, memory in memories.items():
        data = msgspec.msgpack.encode(memory)
        if app and memory.at and len(data) <= MAX_BYTES:
            with contextlib.suppress(OSError):
                _write(_path(target, app), data)


def _path(target: str, app: str) -> Path:
    name = hashlib.sha256(f"{target}\0{app}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return platformdirs.user_state_path("stalewatch") / "memory" / f"{name}.msgpack"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_suffix(f".{os.getpid()}")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(data)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
