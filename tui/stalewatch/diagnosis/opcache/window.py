"""When a cached script was compiled, as far as one look and the memory of earlier ones tell, and whether its content changed since.

The letters are explained in :mod:`stalewatch.diagnosis.opcache`.
"""

from __future__ import annotations

from math import floor
from typing import NamedTuple

from stalewatch.diagnosis.memory import Memory, Seen
from stalewatch.model.snapshot import Opcache, Script
from stalewatch.model.times import is_writing_time

NO_CTIME = "is on the disk, but its change time could not be read"


COMPILING = 1.0
"""Seconds that a compile may take from reading the file to being in the list of what is cached."""


class Window(NamedTuple):
    """The compile that is in the cache now happened between *after* and *before*.

    *newest*: no file that was modified later than this can be what was compiled. *seen*: what an earlier look remembers of this same
    compile. *retimed*: an earlier look saw it compiled from another mtime, so this compile is of what came with the new one. *now*:
    the look. *wasted*: what the cache had of invalidated scripts then, in bytes.
    """

    after: float
    before: float
    newest: float
    seen: Seen | None
    retimed: bool
    now: float
    wasted: int = 0

    def came_after(self, change: float) -> bool:
        """Whether this compile came after a *change* on disk. PHP tells whole seconds: such a change may be as late as their end."""
        return change <= self.after if change % 1 else change + 1 <= self.after


def window(script: Script, opcache: Opcache, memory: Memory, now: float, born: float = 0.0) -> Window:
    """What is known of the compile of *script*. *born*: it came after that: the birth of the workers that this cache began with, to the
    millisecond; for a new release the switch to it.

    A script is compiled no earlier than S and no later than L; with ``hits`` 0, L *was* the compile. PHP does not cache a file younger than
    ``file_update_protection``, so a file modified later than L minus that is not what was compiled. What was not in an earlier, whole list
    of this cache was compiled after it (``docs/facts.md#opcache-timestamps-off``).
    """
    since = opcache.since
    seen = memory.scripts.get(script.path) if memory.since == since else None
    used = float(script.last_used) if script.last_used else now
    after = max(float(since), born, memory.uncached.get(script.path, 0.0))
    if seen is None and memory.since == since and memory.whole_at is not None and not opcache.file_cache:
        after = max(after, memory.whole_at - COMPILING)
    before = min(used, now)
    retimed = seen is not None and None not in (script.timestamp, seen.timestamp) and script.timestamp != seen.timestamp
    recompiled = seen is not None and (script.hits < seen.hits or retimed or 0 < seen.memory != script.memory > 0)
    renewed = seen is not None and not recompiled and _may_be_another(script, seen, opcache)
    if seen is not None:
        after = max(after, seen.at if recompiled else seen.after)
        if seen.at < after and not recompiled:  # invalidated by us since: another compile
            recompiled = True
        if not (recompiled or renewed):
            before = min(before, seen.before)
    if script.hits == 0 and script.last_used:
        after, before = max(after, used), used
    newest = before - opcache.file_update_protection if script.last_used else before
    return Window(after, before, newest, None if recompiled or renewed else seen, retimed, now, opcache.wasted_memory)


def _may_be_another(script: Script, seen: Seen, opcache: Opcache) -> bool:
    """Whether enough was invalidated since *seen* for this script to be among it, while its file changed: then more hits than before do not
    tell that it is the same compile (``docs/facts.md#opcache-timestamps-off``)."""
    grown = opcache.wasted_memory - seen.wasted if seen.wasted is not None else 0
    return 0 < script.memory // 2 <= grown and same_content(script, seen) is not True


def same_content(script: Script, seen: Seen) -> bool | None:
    """Whether the content on disk is what it was when this compile was first seen; None: cannot be told.

    A digest decides. Without one, another time or size is other content, and a file that nothing has touched since is the same. Another
    inode or device may be the same content copied, another ctime a chmod (``docs/facts.md#identity``).
    """
    if script.digest and seen.digest:
        return script.digest == seen.digest
    if script.mtime is None or seen.mtime is None:
        return None
    if floor(script.mtime) != floor(seen.mtime) or script.size != seen.size:
        return False
    return True if _same_file(script, seen) else None


def displaced(script: Script, seen: Seen | None) -> bool:
    """Whether the file at this path is not, or may not be, the one that was there when this compile was first seen, whatever its times say:
    a tree may have been mounted or moved over it."""
    return seen is not None and None not in (script.mtime, seen.mtime) and same_content(script, seen) is not True


def _same_file(script: Script, seen: Seen) -> bool:
    """The same file, and nothing has touched it since. The memory of an earlier version has neither device nor ctime: then the inode alone
    decides, as it did."""
    if script.inode != seen.inode or (None not in (script.dev, seen.dev) and script.dev != seen.dev):
        return False
    return seen.ctime is None or (script.ctime is not None and floor(script.ctime) == floor(seen.ctime))


def wrote(script: Script, window: Window) -> float | None:
    """m where it can be when the content was written; None: the file is gone, or m was set by hand or lies in the future
    (``docs/facts.md#future-times``)."""
    return script.mtime if script.mtime is not None and is_writing_time(script.mtime, script.ctime, window.now) else None


def landed(script: Script) -> float:
    """When the content on disk came to this path: its c, or that of a parent directory that was renamed over it. Never earlier than that
    (``docs/facts.md#directory-renamed``)."""
    own = script.ctime if script.ctime is not None else script.mtime or 0.0
    return max(own, script.parent_changed or 0.0)


def changed_at(script: Script, held: float) -> float:
    """The time of the change for a person: the mtime where it moved forward from *held*, else when the content landed."""
    return script.mtime if script.mtime is not None and script.mtime > held else landed(script)
