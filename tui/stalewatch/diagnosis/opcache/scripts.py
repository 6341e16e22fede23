"""Every changed script of the app, judged by the rules that fit it."""

from __future__ import annotations

from stalewatch.diagnosis.context import Look
from stalewatch.diagnosis.opcache import blade, timestamps_off, timestamps_on
from stalewatch.diagnosis.opcache.app_scope import Ours
from stalewatch.diagnosis.opcache.beginning import beginning
from stalewatch.diagnosis.opcache.script_state import Judged, Kind
from stalewatch.diagnosis.opcache.window import Window, window
from stalewatch.model.snapshot import Opcache, Script


def judge(look: Look, opcache: Opcache) -> tuple[Judged, ...]:
    """The changed scripts that concern this app."""
    if not opcache.changed:
        return ()
    ours = Ours(look)
    begun = beginning(look, opcache)
    concerned = (begun.exactly(script) for script in opcache.changed if ours.concerns(script.path))
    judged = tuple(judge_one(script, opcache, look, begun.born) for script in concerned)
    return blade.settle(judged, look, opcache)


def judge_one(script: Script, opcache: Opcache, look: Look, born: float) -> Judged:
    """One script. What is listed but not cached any more is neutral: the next request compiles it from disk."""
    known = window(script, opcache, look.memory, look.now, born)
    if not script.cached:
        return Judged(script, Kind.NEUTRAL, known)
    if script.mtime is None:
        return deleted(script, opcache, known, look.now)
    if opcache.validate_timestamps and script.timestamp:
        return timestamps_on.judge(script, opcache, known, look.now)
    return timestamps_off.judge(script, opcache, known)


def deleted(script: Script, opcache: Opcache, known: Window, now: float) -> Judged:
    """Gone from disk: a left-over, as after every deploy into a new directory, unless it is still being used."""
    seen = known.seen
    used = seen is not None and (seen.ran_deleted or (seen.mtime is None and script.hits > seen.hits))
    if not used:
        return Judged(script, Kind.NEUTRAL, known)
    checked = opcache.validate_timestamps and bool(script.timestamp)
    if checked and script.revalidate is not None and now < script.revalidate:
        until = float(script.revalidate)
        return Judged(script, Kind.PENDING, known, until=until, why="is gone from the disk and still runs until PHP checks it again")
    return Judged(script, Kind.DELETED, known, why="is gone from the disk and still runs from the cache")
