"""A release that came while this cache lived: its scripts were not compiled before the link was switched to it."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from stalewatch.diagnosis.context import Context
    from stalewatch.model.runtime import Opcache, Script


class NewRelease(NamedTuple):
    """*folder*: its root with a slash ("": there is none). *switched*: the end of the second in which the link was switched to it."""

    folder: str = ""
    switched: float = 0.0

    def came_before(self, path: str) -> float:
        """What the script at *path* was compiled after; 0.0: this does not tell."""
        return self.switched if self.folder and path.startswith(self.folder) else 0.0


def new_release(context: Context, opcache: Opcache) -> NewRelease:
    """The current release, if its directory was made after the cache began, and switched to after that (``docs/facts.md#new-release``).

    Archives, ``cp -a`` and ``rsync -a`` keep old mtimes, so by their times alone all of its scripts would be suspect. Not where something
    shows that another tree was at that path before: scripts of it that were used before this directory was made, an earlier look, or that
    this cache knows no other entry point that was used until the switch: then it was this path that was served before, too.
    """
    release = context.host.release if context.host is not None else None
    if release is None or not release.link or release.born is None or release.switched_at is None:
        return NewRelease()
    made, switched = release.born, release.switched_at
    if not opcache.since < made <= switched:
        return NewRelease()
    folder = f"{release.root}/"
    if any(script.path.startswith(folder) and 0 < script.last_used < floor(made) for script in opcache.listed):
        return NewRelease()
    memory = context.memory
    seen_before = memory.scripts.items() if memory.since == opcache.since else ()
    if any(path.startswith(folder) and seen.at < switched for path, seen in seen_before):
        return NewRelease()
    entries = opcache.entry_points
    if any(one.path.startswith(folder) for one in entries) and not any(until_the_switch(one, folder, switched, context) for one in entries):
        return NewRelease()
    return NewRelease(folder, float(floor(switched) + 1))


def until_the_switch(entry: Script, folder: str, switched: float, context: Context) -> bool:
    """Whether *entry* is what the link may have led to before it was *switched*: used until then, or while PHP's realpath cache held it."""
    ttl = context.runtime.realpath_cache_ttl if context.runtime is not None else 0
    return not entry.path.startswith(folder) and 0 < entry.last_used <= floor(switched) + 1 + ttl
