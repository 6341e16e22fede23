"""Do the pool and our login see the same tree? A mount namespace, a container or a chroot may show each another one under the same path.

What was compared by our login's files says nothing about the code of a pool that sees others (``docs/facts.md#other-tree``).
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.diagnosis.paths import absolute

if TYPE_CHECKING:
    from stalewatch.diagnosis.context import Context
    from stalewatch.model.snapshot import FileStat

TOLERANCE = 1
"""Seconds: PHP tells whole ones."""


class Trees(NamedTuple):
    """*same*: how many root files and folders both see as the same. *other*: those that each sees as another one, ours first. *hidden*:
    those of ours that the pool does not see at all."""

    same: int
    other: tuple[tuple[FileStat, FileStat], ...]
    hidden: tuple[FileStat, ...]


def compare(context: Context) -> Trees | None:
    """Device and inode of the app's root files from both sides. None: one side was not asked, or not now."""
    ours = context.host.places if context.host is not None else None
    theirs = context.runtime.places if context.runtime is not None and not context.runtime.reused else None
    if ours is None or theirs is None:
        return None
    found: Trees = context.kept.get("trees", lambda: _compared(ours, theirs), (ours, theirs))
    return found


def _compared(ours: tuple[FileStat, ...], theirs: tuple[FileStat, ...]) -> Trees:
    seen = {place.path: place for place in theirs}
    both = [(place, seen[place.path]) for place in ours if place.path in seen]
    other = tuple(pair for pair in both if _same(*pair) is False)
    return Trees(sum(_same(*pair) is True for pair in both), other, tuple(place for place in ours if place.path not in seen))


def older_scripts(context: Context) -> tuple[str, ...]:
    """Scripts of which the pool's tree has an older file than ours: that is the code it compiles."""
    code = context.host.inputs.get("code") if context.host is not None else None
    if code is None or context.opcache is None:
        return ()
    remembered = context.memory.scripts if context.memory.since == context.opcache.since else {}
    theirs: dict[str, float | None] = {path: one.mtime for path, one in remembered.items()}
    theirs |= {str(one.path): one.mtime for one in (*context.opcache.scripts, *context.opcache.changed)}
    ours = {absolute(file.path, context.root): file.mtime for file in code.direct}
    return tuple(path for path, mtime in ours.items() if (held := theirs.get(path)) is not None and floor(held) + TOLERANCE < floor(mtime))


def _same(ours: FileStat, theirs: FileStat) -> bool | None:
    """Another mount of the same file system may have another device number; then nothing else of the file differs. None: a number is
    missing that would decide."""
    if ours.inode != theirs.inode:
        return False
    alike = ours.size == theirs.size and floor(ours.ctime) == floor(theirs.ctime)
    if alike:
        return True
    return None if None in (ours.dev, theirs.dev) else ours.dev == theirs.dev
