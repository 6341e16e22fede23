"""Scripts in whose places other files lie now, although no time tells: a tree was mounted or moved over the one that was compiled.

Nothing in the times of these files shows it, so PHP lists them as unchanged. Memory tells: device, inode, size and content
(``docs/facts.md#identity``).
"""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

from stalewatch.diagnosis.opcache.full_list import of_each
from stalewatch.diagnosis.opcache.script_state import ScriptState, ScriptVerdict
from stalewatch.diagnosis.opcache.window import Window, displaced, same_content, window

if TYPE_CHECKING:
    from stalewatch.diagnosis.context import Context
    from stalewatch.model.snapshot import Opcache, Script


def scripts(context: Context, opcache: Opcache) -> tuple[Script, ...]:
    """Those that PHP takes for unchanged and that are not what they were: by the full list where this look has one, else by the last."""
    if context.memory.since != opcache.since:
        return ()
    changed = {script.path for script in opcache.changed}
    if not opcache.scripts:
        return tuple(script for script in context.memory.displaced if script.path not in changed)
    found: tuple[Script, ...] = context.kept.get(
        "moved over",
        lambda: tuple(script for script in _others(context, opcache) if script.path not in changed),
        (opcache,),
    )
    return found


def _others(context: Context, opcache: Opcache) -> compress[Script]:
    return compress(opcache.scripts, of_each("moved over", lambda script: _another(script, opcache, context), context, opcache))


def _another(script: Script, opcache: Opcache, context: Context) -> bool:
    """Whether this is not, or may not be, the file of the compile that is remembered, and not one that was compiled since."""
    if not displaced(script, context.memory.scripts.get(script.path)):
        return False
    return displaced(script, window(script, opcache, context.memory, context.now).seen)


def judge(script: Script, opcache: Opcache, context: Context) -> ScriptVerdict:
    """One of :func:`scripts` (``docs/facts.md#identity``). With validate_timestamps=1 its mtime is the compiled one, else it would not be
    taken for unchanged."""
    known = window(script, opcache, context.memory, context.now)
    if not script.cached:
        return ScriptVerdict(script, ScriptState.NEUTRAL, known)
    if known.seen is None:  # compiled again since
        return ScriptVerdict(script, ScriptState.FRESH, known, proven=True)
    if same_content(script, known.seen) is None:
        return unproven(script, known)
    state = ScriptState.SAME_MTIME if opcache.validate_timestamps and script.timestamp else ScriptState.STALE
    why = "is another file with other content than the one that was cached: a directory was mounted or moved over it, with old times"
    return ScriptVerdict(script, state, known, since=since(known), why=why)


def unproven(script: Script, known: Window) -> ScriptVerdict:
    """Another file with the same time and size, whose content is not known (``docs/facts.md#identity``)."""
    why = "is another file than the one that was cached (another device, inode or ctime), with the same time and size"
    return ScriptVerdict(script, ScriptState.SUSPECT, known, since=since(known), why=why)


def since(known: Window) -> float | None:
    """The last look before another file was found there."""
    if known.seen is None:
        return None
    return known.seen.displaced if known.seen.displaced is not None else known.seen.at
