"""Snapshots, Reports and operator actions -> Events. Pure: no I/O, no clock."""

from tui.timeline.changes import changes
from tui.timeline.event import Event, EventKind, combine
from tui.timeline.history import history
from tui.timeline.progress import from_progress
from tui.timeline.spans import stale_spans

__all__ = ["Event", "EventKind", "changes", "combine", "from_progress", "history", "stale_spans"]
