"""Sources against what was made from them: a newer mtime proves, a newer ctime alone suspects (``docs/facts.md#ctime``), remembered content
decides."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from stalewatch.diagnosis.memory import Baseline
from stalewatch.model.snapshot import FileStat
from stalewatch.model.times import is_writing_time

TOLERANCE = 2.0
"""Seconds within which a sweep over the tree (chmod -R, tar, rsync) moves the ctime of source and cache alike."""


class Behind(NamedTuple):
    """*proven*: sources whose content is newer than the cache, latest first; *touched*: sources of which only the ctime is, or that may
    be other files than they were."""

    proven: tuple[FileStat, ...] = ()
    touched: tuple[FileStat, ...] = ()


def compare(inputs: tuple[FileStat, ...], made: float, swept: float, baseline: Baseline | None, now: float = inf) -> Behind:
    """*inputs* (newest first by max of mtime and ctime) against a cache made at *made*, whose own ctime is *swept*.

    An mtime that was set by hand, or lies after *now*, proves nothing; the ctime counts then.

    *baseline*: the inputs when this same cache was fresh. Where they moved since, each is compared with what it was, also one whose times
    are old: another folder may lie there now. A source that is not in it is only known by its ctime.
    """
    proven: list[FileStat] = []
    touched: list[FileStat] = []
    moved = baseline if baseline is not None and baseline.inputs != inputs else None
    known = {str(old.path): old for old in moved.inputs} if moved is not None else {}
    there = {str(source.path): source for source in inputs} if moved is not None else {}
    limit = max(made, swept) + TOLERANCE
    for source in inputs:
        ahead = not is_writing_time(source.mtime, source.ctime, now)
        if source.mtime > made and not ahead:
            proven.append(source)
            continue
        if moved is None and (source.ctime <= made or baseline is not None):
            if ahead:
                continue
            break
        before, path = known.get(source.path), source.path.removeprefix("./")
        if path != source.path and path in there and path in known:
            same = _same_behind(there[path], known[path])
        else:
            same = unchanged(source, before) if before is not None else _came_with_old_times(source, moved, limit)
        if same is not True:
            (touched if same is None else proven).append(source)
    return Behind(tuple(proven), tuple(touched))


def _same_behind(now: FileStat, before: FileStat) -> bool | None:
    """The same for a link (``./PATH``): made again, it changes nothing where it leads to the same file, or to the same content."""
    same = unchanged(now, before)
    return same if (now.sum and before.sum) or now.inode == before.inode or same is False else None


def _came_with_old_times(source: FileStat, moved: Baseline | None, limit: float) -> bool | None:
    """A source of which nothing is remembered: None where its ctime suspects, False where it came since although its times are old."""
    if source.ctime > limit:
        return None
    if moved is None or moved.truncated:
        return True
    # Without devices it was written by an earlier version of this program, which may have listed other files.
    return any(old.dev is None for old in moved.inputs)


def unchanged(now: FileStat, before: FileStat) -> bool | None:
    """Whether the content is what it was; None: cannot be told (``docs/facts.md#identity``).

    Check sums decide. Without them another size or mtime is taken for other content, and only a file that nothing has touched since (its
    ctime is the same) for the same: by chmod as by new content with an old time, the ctime moves.
    """
    if now.size != before.size:
        return False
    if now.sum and before.sum:
        return now.sum == before.sum or (None if now.path.startswith("./") else False)  # a link elsewhere may lead to the same content
    if now.mtime != before.mtime:
        return False
    if now.ctime != before.ctime:
        return None
    # A fraction is as good as a name. A boot or a mount may change the numbers of devices, and with some file systems those of inodes.
    return True if now.ctime % 1 or _same_place(now, before) else None


def _same_place(now: FileStat, before: FileStat) -> bool:
    return now.inode == before.inode and (None in (now.dev, before.dev) or now.dev == before.dev)


def removed(inputs: tuple[FileStat, ...], baseline: Baseline | None) -> tuple[FileStat, ...]:
    """Sources that were there when the cache was fresh and are gone."""
    if baseline is None or baseline.truncated or baseline.inputs == inputs:
        return ()
    left = {source.path for source in inputs}
    return tuple(source for source in baseline.inputs if source.path not in left)


def came(source: FileStat, made: float, baseline: Baseline | None) -> float:
    """When the change came, for a person: the mtime where it proves, else the ctime, but not before the *baseline* was seen."""
    return (
        source.mtime
        if source.mtime > made and is_writing_time(source.mtime, source.ctime)
        else max(source.ctime, baseline.at if baseline is not None else 0.0)
    )
