"""Scripts that PHP never checks again: validate_timestamps=0, or compiled by such a request (T = 0), or preloaded."""

from __future__ import annotations

from math import floor

from stalewatch.diagnosis.opcache.script_state import ScriptState, ScriptVerdict
from stalewatch.diagnosis.opcache.window import NO_CTIME, Window, changed_at, landed, same_content
from stalewatch.model import figures
from stalewatch.model.snapshot import Opcache, Script


def judge(script: Script, opcache: Opcache, window: Window) -> ScriptVerdict:
    """*script* (on disk, cached): by memory, by its mtime, by its ctime, in this order; what none of them settles is suspect."""
    if preloaded(script, opcache):
        why = "was preloaded when PHP started and changed after that; preloaded scripts are never checked"
        return ScriptVerdict(script, ScriptState.PRELOADED, window, since=script.mtime, why=why)
    if opcache.file_cache_seen and (kept := by_file(script, window, opcache.file_update_protection)) is not None:
        return kept
    return by_memory(script, window) or by_mtime(script, window) or by_ctime(script, window) or unsettled(script, window)


def preloaded(script: Script, opcache: Opcache) -> bool:
    """m > start_time of a script that PHP loaded when it started."""
    if not opcache.preload or script.mtime is None or floor(script.mtime) <= opcache.start_time:
        return False
    return script.path == opcache.preload or (opcache.validate_timestamps and script.timestamp == 0)


def by_file(script: Script, window: Window, protection: int) -> ScriptVerdict | None:
    """What a reload or reset takes in again: the file that keeps the bytecode against the script. None: it is of what is on the disk.

    PHP writes such a file when it compiles and never over another, and compiles for it nothing that is younger than *protection* seconds.
    So one that is that much newer than the script is of what is there now.
    """
    if script.kept is None:
        why = "has no file in opcache.file_cache any more, and may have been taken in from an old one before"
        return ScriptVerdict(script, ScriptState.KEPT_UNSEEN, window, why=why)
    if script.mtime is not None and floor(script.mtime) > script.kept - protection:
        held = script.mtime - script.kept
        when = f"{figures.span(held)} after" if held >= 1 else "when"
        why = f"was modified {when} its bytecode was kept in opcache.file_cache, which is never checked"
        return ScriptVerdict(script, ScriptState.KEPT, window, since=script.mtime, why=why)
    if max(script.ctime or 0.0, script.mtime or 0.0) >= script.kept:
        why = "was changed on disk after its bytecode was kept in opcache.file_cache, without a new modification time"
        return ScriptVerdict(script, ScriptState.KEPT_UNSEEN, window, since=script.ctime, why=why)
    return None


def by_memory(script: Script, window: Window) -> ScriptVerdict | None:
    """The same compile was seen before: has the content moved since then?"""
    if window.seen is None:
        return None
    same = same_content(script, window.seen)
    if same is True and window.seen.proven:
        return ScriptVerdict(script, ScriptState.FRESH, window, proven=True)
    if same is False:
        why = "changed after it was seen in the cache, and was not compiled again since"
        return ScriptVerdict(script, ScriptState.STALE, window, since=changed_at(script, window.before), why=why)
    return None


def by_mtime(script: Script, window: Window) -> ScriptVerdict | None:
    """m later than anything that can have been compiled."""
    if script.mtime is None or floor(script.mtime) <= window.newest:
        return None
    held = script.mtime - window.before
    late = f"was modified {figures.span(held)} after its last use from the cache"
    why = late if held >= 1 else "is newer than what can have been compiled"
    return ScriptVerdict(script, ScriptState.STALE, window, since=script.mtime, why=why)


def by_ctime(script: Script, window: Window) -> ScriptVerdict | None:
    """Everything that happened to the file was over when it was compiled."""
    if script.ctime is not None and window.came_after(max(landed(script), script.mtime or 0.0)):
        return ScriptVerdict(script, ScriptState.FRESH, window, proven=True)
    return None


def unsettled(script: Script, window: Window) -> ScriptVerdict:
    """It changed after the cache began, and PHP does not tell when it was compiled."""
    mtime = script.mtime or 0.0
    if not window.came_after(mtime):
        why = "was modified after the cache began, and PHP does not tell whether it was compiled before or after that"
        return ScriptVerdict(script, ScriptState.SUSPECT, window, since=mtime, why=why)
    if script.ctime is None:
        return ScriptVerdict(script, ScriptState.SUSPECT, window, why=NO_CTIME)
    if window.came_after(script.ctime) and script.parent_changed is not None:
        why = "lies below a directory that was renamed into place after the cache began"
        return ScriptVerdict(script, ScriptState.RENAMED, window, since=script.parent_changed, why=why)
    why = "was changed on disk after the cache began, without a new modification time; that may be a chmod or other content"
    return ScriptVerdict(script, ScriptState.SUSPECT, window, since=landed(script), why=why)
