"""Seconds, finer than PHP tells them: a deploy and its reload often share one, and so do a rebuild and the invalidation after it."""

from __future__ import annotations

from math import floor
from typing import NamedTuple

from stalewatch.diagnosis.context import Context
from stalewatch.diagnosis.paths import absolute
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import Opcache, Script


class Beginning(NamedTuple):
    """*born*: when the workers came that began with this cache, to the millisecond (0.0 not known): nothing in it was compiled earlier.
    *changed*: ctimes with their fraction, by path, where that decides: those in that second, and those of artisan's caches, which a fix
    makes and invalidates within a second."""

    born: float
    changed: dict[str, float]

    def exactly(self, script: Script) -> Script:
        """*script* with the fraction of its ctime, where the host probe saw it."""
        exact = self.changed.get(script.path)
        if exact is None or script.ctime is None or floor(script.ctime) != floor(exact):
            return script
        return replace(script, ctime=exact)


def beginning(context: Context, opcache: Opcache) -> Beginning:
    """What the host tells of such seconds. A reset leaves the workers as they are, so their birth says nothing of it."""
    since = opcache.since
    host = context.host
    files = [file for inputs in host.inputs.values() for file in inputs.direct if floor(file.ctime) == since] if host is not None else []
    files += [cache.stat for cache in host.caches if cache.stat is not None] if host is not None else []
    changed = {absolute(file.path, context.root): file.ctime for file in files}
    return Beginning(_born(context, since), changed)


def _born(context: Context, since: int) -> float:
    """When the first of the workers came, 0.0 where they may not be those that this cache began with: all of those may have ended."""
    first = min((worker.started for worker in context.fpm.workers), default=0.0) if context.fpm is not None else 0.0
    if not since <= first < since + 2:
        return 0.0
    memory = context.memory
    older = memory.since == since and (memory.at < first or any(seen.before < floor(first) for seen in memory.scripts.values()))
    return 0.0 if older else first
