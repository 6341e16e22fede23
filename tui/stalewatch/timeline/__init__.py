"""Snapshots, Reports and operator actions -> Events. Pure: no I/O, no clock."""

from tui.timeline.changes import changes
from tui.timeline.event import Event, EventKind, combine
from tui.timeline.history import history
from tui.timeline.progress import from_progress
from tui.timeline.repeats import joined
from tui.timeline.spans import doubted_since, healed_spans

__all__ = ["Event", "EventKind", "changes", "combine", "doubted_since", "from_progress", "healed_spans", "history", "joined"]
