"""Sources against what was made from them: a newer mtime proves, a newer ctime alone suspects (``docs/facts.md#ctime``), remembered content
decides."""

from __future__ import annotations

from typing import NamedTuple

from stalewatch.diagnosis.memory import Baseline
from stalewatch.model.snapshot import FileStat

TOLERANCE = 2.0
"""Seconds within which a sweep over the tree (chmod -R, tar, rsync) moves the ctime of source and cache alike."""


class Behind(NamedTuple):
    """*proven*: sources whose content is newer than the cache, latest first; *touched*: sources of which only the ctime is."""

    proven: tuple[FileStat, ...] = ()
    touched: tuple[FileStat, ...] = ()


def compare(inputs: tuple[FileStat, ...], made: float, swept: float, baseline: Baseline | None) -> Behind:
    """*inputs* (newest first by max of mtime and ctime) against a cache made at *made*, whose own ctime is *swept*.

    *baseline*: the inputs when this same cache was fresh. A source that is not in it, and not newer, is only known by its ctime.
    """
    proven: list[FileStat] = []
    touched: list[FileStat] = []
    known: dict[str, FileStat] | None = None
    limit = max(made, swept) + TOLERANCE
    for source in inputs:
        if source.mtime <= made and source.ctime <= made:
            break
        if source.mtime > made:
            proven.append(source)
            continue
        if known is None:
            known = {old.path: old for old in baseline.inputs} if baseline is not None else {}
        before = known.get(source.path)
        if before is not None and differs(source, before):
            proven.append(source)
        elif before is None and source.ctime > limit:
            touched.append(source)
    return Behind(tuple(proven), tuple(touched))


def differs(now: FileStat, before: FileStat) -> bool:
    """Whether the content moved, by mtime and size; another inode alone may be a copy of the same content."""
    return now.mtime != before.mtime or now.size != before.size


def removed(inputs: tuple[FileStat, ...], baseline: Baseline | None) -> tuple[FileStat, ...]:
    """Sources that were there when the cache was fresh and are gone."""
    if baseline is None or baseline.truncated or baseline.inputs == inputs:
        return ()
    left = {source.path for source in inputs}
    return tuple(source for source in baseline.inputs if source.path not in left)


def came(source: FileStat, made: float) -> float:
    """When the change came, for a person: the mtime where it proves, else the ctime."""
    return source.mtime if source.mtime > made else source.ctime
