"""What happened between two looks at the same app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.model.report import Layer, Report, Verdict
from stalewatch.model.step_names import LOCK
from stalewatch.model.text import safe
from stalewatch.timeline import fpm_down
from stalewatch.timeline.event import Event, EventKind
from stalewatch.timeline.logs import events_of
from stalewatch.timeline.snapshot_events import BORN_TOGETHER, SAME, SnapshotEvents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import LockHolder

_GOOD = (Verdict.FRESH, Verdict.ABSENT)
_NEAR = {EventKind.RELOAD: SAME, EventKind.WORKERS: BORN_TOGETHER}


def changes(before: Report, after: Report) -> tuple[Event, ...]:
    """What is new in *after*, sorted by time. Told again for the same pair it is the same events (same keys)."""
    if after.snapshot is None:
        return ()
    new = SnapshotEvents(after.snapshot)
    found = [*_link(before, after, new)]
    if before.snapshot is not None and before.snapshot is not after.snapshot:
        old = SnapshotEvents(before.snapshot)
        found += _facts(old, new)
        found += events_of(new, new.host.log_lines if new.host is not None else ())
        if not _unheard(after):
            found += fpm_down.between(before, after, old, new, found)
    if not _unheard(before) and not _unheard(after):
        found += _verdict(before, after, new)
    return tuple(sorted(found, key=lambda event: event.at))


def _facts(old: SnapshotEvents, new: SnapshotEvents) -> Iterator[Event]:
    """Deploys, edits, caches, reloads, restarts, workers that *old* did not tell of; caches that went away; who acts."""
    if old.event_key() == new.event_key():
        return
    told = (*old.all(), *notable(old))
    known = {event.key for event in told}
    for event in (*new.all(), *notable(new)):
        if event.key not in known and not any(_is_again(event, one) for one in told):
            yield event
    yield from _removed(old, new)
    yield from _unlocked(old, new)


def _is_again(event: Event, told: Event) -> bool:
    """The same reload by another source (which counts in other fractions), or what is left of a group of workers."""
    return event.kind is told.kind and event.kind in _NEAR and event.source == told.source and abs(event.at - told.at) <= _NEAR[event.kind]


def notable(facts: SnapshotEvents) -> Iterator[Event]:
    """What goes on right now: a deploy under way, somebody who holds the lock of a runbook, a dead FPM."""
    host = facts.host
    if host is None:
        return
    deploy, lock = host.release.under_way, host.lock
    if deploy is not None:
        who = f" by {deploy.who}" if deploy.who else ""
        yield facts.event(EventKind.DEPLOY, deploy.since, deploy.sign, f"a deploy{who} is under way", f"under-way:{int(deploy.since)}")
    if lock is not None:
        yield _lock(facts, lock)
        if lock.step:
            key = f"their-step:{lock.step}:{lock.who}:{int(lock.since)}"
            yield facts.event(EventKind.ACTION, facts.snapshot.observed_at, lock.who, f"{lock.step}: seen to run", key)


def _unlocked(old: SnapshotEvents, new: SnapshotEvents) -> Iterator[Event]:
    """Somebody's runbook ended: the event of its lock, which tells until when."""
    if old.host is None or new.host is None or old.host.lock is None or old.host.lock == new.host.lock:
        return
    was, now = old.host.lock, new.host.lock
    over = now is None or (now.who, now.since) != (was.who, was.since)
    if over and new.snapshot.observed_at > was.since:
        yield replace(_lock(old, was), until=new.snapshot.observed_at, what=safe(f"{was.who} ran a runbook", 200))


def _lock(facts: SnapshotEvents, lock: LockHolder) -> Event:
    return facts.event(EventKind.ACTION, lock.since, LOCK, f"{lock.who} runs a runbook", f"lock:{lock.who}:{int(lock.since)}")


def _removed(old: SnapshotEvents, new: SnapshotEvents) -> Iterator[Event]:
    if old.host is None or new.host is None:
        return
    there = {cache.name for cache in new.host.caches if cache.stat is not None}
    for cache in old.host.caches:
        if cache.stat is not None and cache.name not in there:
            at = new.snapshot.observed_at
            yield new.event(EventKind.CACHE, at, cache.name, f"{cache.name} cache removed", f"removed:{cache.name}:{int(at)}")


def _verdict(before: Report, after: Report, facts: SnapshotEvents) -> Iterator[Event]:
    """Better or worse: which layers moved, and what the server is now."""
    moved = [layer for layer in Layer if _moved(before.layers.get(layer), after.layers.get(layer))]
    if before.verdict is after.verdict and not moved:
        return
    layers = ", ".join(f"{layer} {after.layers[layer]}" for layer in moved)
    still = "still " if before.verdict is after.verdict else ""
    what = f"{still}{after.verdict}: {layers}" if layers else str(after.verdict)
    at = after.observed_at or facts.snapshot.observed_at
    yield facts.event(EventKind.VERDICT, at, "verdict", what, f"verdict:{int(at * 10)}:{after.verdict}")


def _moved(old: Verdict | None, new: Verdict | None) -> bool:
    return old is not new and not (old in _GOOD and new in _GOOD)


def _link(before: Report, after: Report, facts: SnapshotEvents) -> Iterator[Event]:
    """Lost: at the time it was last seen. Back: at the look that saw it again."""
    if _unheard(after) and not _unheard(before):
        at = after.last_seen or after.observed_at or 0.0
        why = after.errors[0].message if after.errors else "no answer"
        yield facts.event(EventKind.LINK, at, "link", f"lost: {why}", f"lost:{int(at)}")
    elif _unheard(before) and not _unheard(after):
        at = after.observed_at or 0.0
        yield facts.event(EventKind.LINK, at, "link", f"back, {after.verdict}", f"back:{int(at)}")


def _unheard(report: Report) -> bool:
    return report.last_seen is not None
