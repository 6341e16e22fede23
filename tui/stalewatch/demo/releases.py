"""An application that is deployed as a new folder each time: ``releases/41``, ``releases/42``, shared storage, and a link ``current``."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FIRST = 41


def first(current: Path) -> Path:
    """Where the first release is to be built."""
    path = current.parent / "releases" / str(_FIRST)
    path.parent.mkdir(parents=True)
    return path


def begin(current: Path, release: Path, at: float) -> None:
    """Share the storage of the first *release*, and let *current* lead to it."""
    shared = current.parent / "shared"
    shared.mkdir()
    (release / "storage").rename(shared / "storage")
    (release / "storage").symlink_to("../../shared/storage")
    switch(current, release, at)


def add(current: Path) -> Path:
    """A new release with what the current one holds."""
    before = current.resolve()
    release = before.with_name(str(int(before.name) + 1))
    shutil.copytree(before, release, symlinks=True)
    return release


def switch(current: Path, release: Path, at: float) -> None:
    """Let *current* lead to *release*, as if at *at*."""
    new = current.with_name(".current.new")
    new.symlink_to(release)
    os.utime(new, (at, at), follow_symlinks=False)
    new.replace(current)
