"""The second in which the cache started, finer than PHP tells it: a deploy and its reload often share one."""

from __future__ import annotations

from math import floor
from typing import NamedTuple

from stalewatch.diagnosis.context import Context
from stalewatch.diagnosis.paths import absolute
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import Opcache, Script


class Beginning(NamedTuple):
    """*born*: when the workers came that began with this cache, to the millisecond (0.0 not known): nothing in it was compiled earlier.
    *changed*: ctimes in that second with their fraction, by path."""

    since: int
    born: float
    changed: dict[str, float]

    def exactly(self, script: Script) -> Script:
        """*script* with the fraction of its ctime, where that decides and the host probe saw it."""
        if script.ctime is None or floor(script.ctime) != self.since or script.path not in self.changed:
            return script
        return replace(script, ctime=self.changed[script.path])


def beginning(context: Context, opcache: Opcache) -> Beginning:
    """What the host tells of the second S. A reset leaves the workers as they are, so their birth says nothing of it."""
    since = opcache.since
    changed = {
        absolute(file.path, context.root): file.ctime
        for inputs in (context.host.inputs.values() if context.host is not None else ())
        for file in inputs.direct
        if floor(file.ctime) == since
    }
    return Beginning(since, _born(context, since), changed)


def _born(context: Context, since: int) -> float:
    """When the first of the workers came, 0.0 where they may not be those that this cache began with: all of those may have ended."""
    first = min((worker.started for worker in context.fpm.workers), default=0.0) if context.fpm is not None else 0.0
    if not since <= first < since + 2:
        return 0.0
    memory = context.memory
    older = memory.since == since and (memory.at < first or any(seen.before < floor(first) for seen in memory.scripts.values()))
    return 0.0 if older else first
