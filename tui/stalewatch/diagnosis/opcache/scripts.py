"""Every changed script of the app, judged by the rules that fit it."""

from __future__ import annotations

from stalewatch.diagnosis.context import Context
from stalewatch.diagnosis.opcache import blade, moved_over, timestamps_off, timestamps_on
from stalewatch.diagnosis.opcache.app_scope import AppScope
from stalewatch.diagnosis.opcache.beginning import beginning
from stalewatch.diagnosis.opcache.new_release import new_release
from stalewatch.diagnosis.opcache.script_state import ScriptState, ScriptVerdict
from stalewatch.diagnosis.opcache.window import Window, window
from stalewatch.model.snapshot import Opcache, Script


def judge(context: Context, opcache: Opcache) -> tuple[ScriptVerdict, ...]:
    """The scripts that concern this app and that changed, or in whose places other files lie."""
    others = moved_over.scripts(context, opcache)
    if not opcache.changed and not others:
        return ()
    ours = AppScope.of(context)
    begun = beginning(context, opcache)
    release = new_release(context, opcache)
    concerned = (begun.exactly(script) for script in opcache.changed if ours.concerns(script.path))
    judged = [judge_one(script, opcache, context, max(begun.born, release.came_before(script.path))) for script in concerned]
    judged += [moved_over.judge(script, opcache, context) for script in others if ours.concerns(script.path)]
    # Where only the directory's place changed, as the first write below it changes it on overlayfs, no app is suspected for it.
    judged = [one for one in judged if one.state is not ScriptState.RENAMED or not ours.stands_alone(one.script.path)]
    return blade.clear_doubts(tuple(judged), context, opcache)


def judge_one(script: Script, opcache: Opcache, context: Context, born: float) -> ScriptVerdict:
    """One script, compiled after *born*. What is listed but not cached any more is neutral: the next request compiles it from disk."""
    known = window(script, opcache, context.memory, context.now, born)
    if not script.cached:
        return ScriptVerdict(script, ScriptState.NEUTRAL, known)
    if script.mtime is None:
        return deleted(script, opcache, known, context.now, own=AppScope.of(context).inside(script.path))
    if opcache.validate_timestamps and script.timestamp:
        return timestamps_on.judge(script, opcache, known, context.now)
    return timestamps_off.judge(script, opcache, known)


def deleted(script: Script, opcache: Opcache, known: Window, now: float, *, own: bool) -> ScriptVerdict:
    """Gone from disk: a left-over, as after every deploy into a new directory, unless it still runs (``docs/facts.md#opcache-deleted``)."""
    seen = known.seen
    checked = opcache.validate_timestamps and bool(script.timestamp)
    due = script.revalidate if script.revalidate is not None else (script.ctime or 0.0) + opcache.revalidate_freq
    late = script.ctime is not None and script.last_used > script.ctime
    if checked and now >= due and script.last_used <= due + timestamps_on.TOLERANCE:
        late = False  # used within its window, which is over: the next request finds that it is gone
    used = late or (seen is not None and (seen.ran_deleted or (seen.mtime is None and script.hits > seen.hits)))
    if not used:
        over = checked and script.revalidate is not None and now >= due and script.last_used <= due + timestamps_on.TOLERANCE
        # A pool that sees no directory above it either (open_basedir, chroot) may not run it: it is another pool's, if it is not the app's.
        if script.ctime is not None or over or not own:
            return ScriptVerdict(script, ScriptState.NEUTRAL, known)
        why = "was deleted from the disk, and whether it was used since could not be seen"
        return ScriptVerdict(script, ScriptState.DELETED_UNSEEN, known, why=why)
    if checked and now < due:
        return ScriptVerdict(
            script, ScriptState.PENDING, known, until=float(due), why="was deleted from the disk and still runs until PHP checks it again"
        )
    since = script.ctime if late else None
    return ScriptVerdict(script, ScriptState.DELETED, known, since=since, why="was deleted from the disk and still runs from the cache")
