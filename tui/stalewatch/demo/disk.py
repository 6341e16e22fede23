"""The files of the demo's servers, as they would look had they been written when the story says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Stat(NamedTuple):
    """Whole seconds, as PHP's ``stat`` tells them."""

    mtime: int
    ctime: int
    size: int
    inode: int


def stat(path: str) -> Stat | None:
    """A file's stat, None when it is not there. Its ctime is its mtime, which is what every ordinary write leaves: nobody can backdate a
    real ctime. ``shims/stat`` says the same."""
    try:
        found = os.stat(path)  # noqa: PTH116 - hundreds of these a second
    except OSError:
        return None
    return Stat(int(found.st_mtime), int(found.st_mtime), found.st_size, found.st_ino)


def itself(path: str) -> str:
    """What sees the disk as everybody does."""
    return path


def read(path: str | Path) -> bytes:
    """The content, ``b""`` when it can't be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def write(path: Path, text: str, when: float | None = None) -> None:
    """Write *text*, as if at *when* (epoch seconds; None: now)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if when is not None:
        os.utime(path, (when, when))


def replace(path: Path, text: str) -> None:
    """Write *text* so that a reader sees the old or the new, never a half."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def backdate(root: Path, when: float) -> None:
    """Everything below *root*, folders too, was last written at *when*."""
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            os.utime(os.path.join(folder, name), (when, when), follow_symlinks=False)  # noqa: PTH118 - 1,500 files, in 10 ms
        os.utime(folder, (when, when))
