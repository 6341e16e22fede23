"""Scripts that PHP checks against the disk: vt=1 and a known T. It checks whether m and T are equal (``docs/facts.md#opcache-timestamps``).

The letters are explained in :mod:`stalewatch.diagnosis.opcache`.
"""

from __future__ import annotations

from math import floor, inf

from stalewatch.diagnosis.opcache import moved_over
from stalewatch.diagnosis.opcache.script_state import ScriptState, ScriptVerdict
from stalewatch.diagnosis.opcache.window import NO_CTIME, Window, changed_at, displaced, landed, same_content, wrote
from stalewatch.model import figures
from stalewatch.model.snapshot import Opcache, Script

TOLERANCE = 1
"""Seconds: OPcache counts in whole ones."""


def judge(script: Script, opcache: Opcache, window: Window, now: float) -> ScriptVerdict:
    """*script* (on disk, cached, T > 0) of a pool with vt=1."""
    assert script.mtime is not None
    assert script.timestamp is not None
    if script.timestamp == floor(script.mtime):
        return equal(script, window)
    return unequal(script, opcache, window, now)


def equal(script: Script, window: Window) -> ScriptVerdict:
    """m = T: fresh if the content was written at m or before this compile; else only the content can tell
    (``docs/facts.md#identity``, ``docs/facts.md#ctime``).

    git is not asked: its index tells what was checked out, not that PHP compiled just that (other content may have stood there with
    the same time and been put back).
    """
    mtime = floor(script.mtime or 0)
    changed = script.ctime if script.ctime is not None else inf
    renamed = script.parent_changed is not None and not window.came_after(script.parent_changed)
    other = displaced(script, window.seen)
    if stored_before(script, changed) and (window.seen is None or not window.seen.proven):
        why = "changed on disk after its bytecode was stored in opcache.file_cache, without a new modification time"
        return ScriptVerdict(script, ScriptState.KEPT_UNSEEN, window, since=script.ctime, why=why)
    if window.retimed and not renamed:
        return ScriptVerdict(script, ScriptState.FRESH, window, proven=True)
    as_written = changed < mtime + TOLERANCE + 1 and wrote(script, window) is not None
    if (window.came_after(changed) or as_written) and not renamed and not other:
        return ScriptVerdict(script, ScriptState.FRESH, window, proven=True)
    same = same_content(script, window.seen) if window.seen is not None else None
    if window.seen is not None and same is True and window.seen.proven:
        return ScriptVerdict(script, ScriptState.FRESH, window, proven=True)
    if window.seen is not None and same is False:
        why = "has new content with the same modification time, so PHP never notices"
        return ScriptVerdict(script, ScriptState.SAME_MTIME, window, since=landed(script), why=why)
    if script.ctime is None:
        return ScriptVerdict(script, ScriptState.SUSPECT, window, why=NO_CTIME)
    if renamed and window.came_after(changed):
        why = "is in a directory that was renamed into place after the cache started"
        return ScriptVerdict(script, ScriptState.RENAMED, window, since=script.parent_changed, why=why)
    if other and window.came_after(changed):
        return moved_over.unproven(script, window)
    why = "changed on disk without a new modification time: a chmod, or new content"
    return ScriptVerdict(script, ScriptState.SUSPECT, window, since=landed(script), why=why)


def stored_before(script: Script, changed: float) -> bool:
    """Whether the file in ``opcache.file_cache`` that a reload loads again is older than the content, although both have the same m
    (``docs/facts.md#opcache-file-cache``)."""
    return script.kept is not None and changed >= script.kept and changed >= floor(script.mtime or 0) + TOLERANCE + 1


def unequal(script: Script, opcache: Opcache, window: Window, now: float) -> ScriptVerdict:
    """m ≠ T: pending until W, and until a request makes PHP check; stale if it was used after W and still is the old code
    (``docs/facts.md#opcache-revalidate-window``)."""
    assert script.timestamp is not None
    if window.seen is not None and window.seen.proven and script.digest and script.digest == window.seen.digest:
        return ScriptVerdict(script, ScriptState.FRESH, window, proven=True)
    since = changed_at(script, script.timestamp)
    due = float(script.revalidate if script.revalidate is not None else floor(landed(script)) + opcache.revalidate_freq)
    difference = (script.mtime or 0.0) - script.timestamp
    why = f"is {figures.span(difference)} {'newer' if difference > 0 else 'older'} on disk than the code that PHP compiled"
    if now < due:
        return ScriptVerdict(
            script, ScriptState.PENDING, window, since=since, until=due, why=f"{why}, and PHP has not checked it again yet"
        )
    if script.last_used <= due + TOLERANCE:
        return ScriptVerdict(
            script, ScriptState.PENDING, window, since=since, why=f"{why}; the next request that uses it compiles it again"
        )
    return ScriptVerdict(script, ScriptState.STALE, window, since=since, why=why, proof=True)
