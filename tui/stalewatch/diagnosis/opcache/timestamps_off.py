"""Scripts that PHP never checks again: vt=0, or compiled under it (T = 0), or preloaded (``docs/facts.md#opcache-timestamps-off``).

The letters are explained in :mod:`stalewatch.diagnosis.opcache`.
"""

from __future__ import annotations

from math import floor

from stalewatch.diagnosis.opcache import moved_over
from stalewatch.diagnosis.opcache.script_state import ScriptState, ScriptVerdict
from stalewatch.diagnosis.opcache.window import NO_CTIME, Window, changed_at, displaced, landed, same_content, wrote
from stalewatch.model import figures
from stalewatch.model.snapshot import Opcache, Script


def judge(script: Script, opcache: Opcache, window: Window) -> ScriptVerdict:
    """*script* (on disk, cached): by memory, by m, by c, in this order; what none of them proves is suspect
    (``docs/facts.md#opcache-timestamps-off``)."""
    if preloaded(script, opcache, window):
        why = "was preloaded when PHP started and changed after that; PHP never checks preloaded scripts"
        return ScriptVerdict(script, ScriptState.PRELOADED, window, since=script.mtime, why=why)
    if opcache.file_cache_seen and (kept := by_file(script, window, opcache.file_update_protection)) is not None:
        return kept
    proof = by_memory(script, window) or by_mtime(script, window)
    if proof is None and not displaced(script, window.seen):
        proof = by_ctime(script, window)
    return proof or unproven(script, window)


def preloaded(script: Script, opcache: Opcache, window: Window) -> bool:
    """m after the start of a pool that loaded this script when it started (``docs/facts.md#opcache-preload``)."""
    written = wrote(script, window)
    if not opcache.preload or written is None or floor(written) <= opcache.start_time:
        return False
    return script.path == opcache.preload or (opcache.validate_timestamps and script.timestamp == 0)


def by_file(script: Script, window: Window, protection: int) -> ScriptVerdict | None:
    """What a reload or reset loads again: the file that stores the bytecode, against the script (``docs/facts.md#opcache-file-cache``).
    None: it was compiled from what is on the disk.

    PHP writes such a file when it compiles and never over another one, and stores nothing that is younger than *protection* seconds. So a
    file that is that much newer than the script was compiled from what is there now.
    """
    if script.kept is None:
        why = "has no file in opcache.file_cache any more, and PHP may have loaded it from an old one"
        return ScriptVerdict(script, ScriptState.KEPT_UNSEEN, window, why=why)
    if script.mtime is not None and floor(script.mtime) > script.kept - protection:
        held = script.mtime - script.kept
        when = f"{figures.span(held)} after" if held >= 1 else "when"
        why = f"was modified {when} its bytecode was stored in opcache.file_cache, which PHP never checks"
        return ScriptVerdict(script, ScriptState.KEPT, window, since=script.mtime, why=why)
    if max(script.ctime or 0.0, script.mtime or 0.0) >= script.kept:
        why = "changed on disk after its bytecode was stored in opcache.file_cache, without a new modification time"
        return ScriptVerdict(script, ScriptState.KEPT_UNSEEN, window, since=script.ctime, why=why)
    return None


def by_memory(script: Script, window: Window) -> ScriptVerdict | None:
    """The same compile was seen before: has the content changed since then? (``docs/facts.md#identity``)"""
    if window.seen is None:
        return None
    same = same_content(script, window.seen)
    if same is True and window.seen.proven:
        return ScriptVerdict(script, ScriptState.FRESH, window, proven=True)
    if same is False:
        why = "changed after it was cached"
        return ScriptVerdict(script, ScriptState.STALE, window, since=changed_at(script, window.before), why=why, proof=True)
    return None


def by_mtime(script: Script, window: Window) -> ScriptVerdict | None:
    """m is later than the compile can have been (``docs/facts.md#opcache-timestamps-off``)."""
    written = wrote(script, window)
    if written is None or floor(written) <= window.newest:
        return None
    held = written - window.before
    late = f"was modified {figures.span(held)} after it was last used from the cache"
    why = late if held >= 1 else "was modified after it was compiled"
    return ScriptVerdict(script, ScriptState.STALE, window, since=written, why=why, proof=True)


def by_ctime(script: Script, window: Window) -> ScriptVerdict | None:
    """The file was compiled after its last change, by m and c (``docs/facts.md#ctime``)."""
    if script.ctime is not None and window.came_after(max(landed(script), wrote(script, window) or 0.0)):
        return ScriptVerdict(script, ScriptState.FRESH, window, proven=True)
    return None


def unproven(script: Script, window: Window) -> ScriptVerdict:
    """It changed after S, and PHP does not say when it was compiled (``docs/facts.md#directory-renamed`` for a renamed one)."""
    mtime = wrote(script, window) or 0.0
    if window.came_after(landed(script)) and displaced(script, window.seen):
        return moved_over.unproven(script, window)
    if not window.came_after(mtime):
        why = "was modified after the cache started, and PHP does not say whether it was compiled before or after that"
        return ScriptVerdict(script, ScriptState.SUSPECT, window, since=mtime, why=why)
    if script.ctime is None:
        return ScriptVerdict(script, ScriptState.SUSPECT, window, why=NO_CTIME)
    if window.came_after(script.ctime) and script.parent_changed is not None:
        why = "is in a directory that was renamed into place after the cache started"
        return ScriptVerdict(script, ScriptState.RENAMED, window, since=script.parent_changed, why=why)
    why = "changed on disk after the cache started, without a new modification time: a chmod, or new content"
    return ScriptVerdict(script, ScriptState.SUSPECT, window, since=landed(script), why=why)
