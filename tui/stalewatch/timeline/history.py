"""What happened before we came: the timeline does not begin empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.timeline import fpm_down
from stalewatch.timeline.changes import notable
from stalewatch.timeline.logs import events_of
from stalewatch.timeline.snapshot_events import SnapshotEvents

if TYPE_CHECKING:
    from stalewatch.model.report import Report
    from stalewatch.timeline.event import Event


def history(report: Report) -> tuple[Event, ...]:
    """Everything that *report*'s snapshot tells of the past, sorted by time: deploys, caches, reloads, workers, errors in the logs; and
    that PHP-FPM is down."""
    if report.snapshot is None:
        return ()
    facts = SnapshotEvents(report.snapshot)
    lines = facts.host.log_lines if facts.host is not None else ()
    told = sorted((*facts.all(), *events_of(facts, lines), *notable(facts)), key=lambda event: event.at)
    told += fpm_down.at_first_look(report, facts, told) if report.last_seen is None else ()
    return tuple(sorted(told, key=lambda event: event.at))
