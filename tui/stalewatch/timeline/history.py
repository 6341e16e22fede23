"""What happened before we came: the timeline does not begin empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.timeline.changes import notable
from tui.timeline.facts import Facts
from tui.timeline.logs import events_of

if TYPE_CHECKING:
    from tui.report import Report
    from tui.timeline.event import Event


def history(report: Report) -> tuple[Event, ...]:
    """Everything that *report*'s snapshot tells of the past, sorted by time: deploys, caches, reloads, workers, errors in the logs."""
    if report.snapshot is None:
        return ()
    facts = Facts(report.snapshot)
    lines = facts.host.log_lines if facts.host is not None else ()
    return tuple(sorted((*facts.all(), *events_of(facts, lines), *notable(facts)), key=lambda event: event.at))
