"""What happened, in the order of each server's own clock.

In: Snapshots, Reports and what a runbook did. Out: Events. Never: I/O or a clock.
"""

from stalewatch.timeline.changes import changes
from stalewatch.timeline.event import Event, EventKind, combine
from stalewatch.timeline.history import history
from stalewatch.timeline.progress import from_progress
from stalewatch.timeline.repeats import joined, told_once
from stalewatch.timeline.runbook_events import RUNBOOK, WithRunbooks, as_runbooks
from stalewatch.timeline.snapshot_events import PHP
from stalewatch.timeline.spans import doubted_since, healed_spans

__all__ = [
    "PHP",
    "RUNBOOK",
    "Event",
    "EventKind",
    "WithRunbooks",
    "as_runbooks",
    "changes",
    "combine",
    "doubted_since",
    "from_progress",
    "healed_spans",
    "history",
    "joined",
    "told_once",
]
