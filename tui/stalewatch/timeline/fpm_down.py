"""PHP-FPM that nobody can reach, and that can be reached again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis.fpm import DOWN, NOT_RUNNING
from stalewatch.model.replace import replace
from stalewatch.timeline.event import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stalewatch.model.report import Finding, Report
    from stalewatch.timeline.snapshot_events import SnapshotEvents


def at_first_look(report: Report, facts: SnapshotEvents, told: Sequence[Event]) -> Iterator[Event]:
    """That it is down already; where a log among what is *told* has its stop, that is when it went."""
    finding = down(report)
    last = next((event for event in reversed(told) if event.kind in (EventKind.DOWN, EventKind.RELOAD)), None)
    if finding is not None and (last is None or last.kind is not EventKind.DOWN):
        yield _event(facts, f"down at the first look: {finding.summary}", facts.master)


def between(before: Report, after: Report, old: SnapshotEvents, new: SnapshotEvents, told: Sequence[Event]) -> Iterator[Event]:
    """It went down, or can be reached again; *told*: what is known of this look, a start perhaps."""
    was, now = down(before), down(after)
    if now is not None and was is None:
        gone = now.code == NOT_RUNNING.code and old.fpm is not None and bool(old.fpm.running)
        yield _event(new, "FPM is not running any more" if gone else str(now.summary), old.master)
    elif was is not None and now is None and not any(event.kind is EventKind.RELOAD for event in told):
        at = new.snapshot.observed_at
        yield new.of_master(EventKind.RELOAD, at, "fpm", "answers again", f"fpm-back:{int(at)}")


def down(report: Report) -> Finding | None:
    """What says that nobody is served."""
    return next((finding for finding in report.findings if finding.code in DOWN), None)


def _event(facts: SnapshotEvents, what: str, master: int | None) -> Event:
    at = facts.snapshot.observed_at
    return replace(facts.event(EventKind.DOWN, at, "fpm", what, f"fpm-down:{int(at)}"), master=master)
