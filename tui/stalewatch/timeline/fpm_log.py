"""What FPM's own log tells of: the starts, reloads and stops before the last one, which nothing else remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.timeline.event import Event, EventKind
from stalewatch.timeline.snapshot_events import pool_start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stalewatch.model.snapshot import LogLine
    from stalewatch.timeline.snapshot_events import SnapshotEvents

SAME_START = 5.0
"""Seconds around the pool's start, which FPM itself and the processes tell of."""
_ASKED, _INHERITED = "NOTICE: Reloading in progress", "NOTICE: using inherited socket"
_READY, _STOPPED = "NOTICE: ready to handle connections", "NOTICE: exiting, bye-bye"


def reloads(facts: SnapshotEvents, lines: Iterable[LogLine]) -> Iterator[Event]:
    """Starts, reloads and stops in those of *lines* that FPM wrote. The last start is left to who sees the pool itself, as far as it is
    seen; lines of another log that look alike tell nothing."""
    begun = pool_start(facts)
    last = begun - SAME_START if begun else facts.snapshot.observed_at + SAME_START
    again = False
    for line in lines:
        if not line.fpm or line.alarm:
            continue
        if line.text.startswith((_ASKED, _INHERITED)):
            again = True
        elif line.text.startswith(_READY):
            if line.at < last:
                yield facts.of_master(EventKind.RELOAD, line.at, "fpm", "reloaded" if again else "started", f"reload:{int(line.at)}")
            again = False
        elif line.text.startswith(_STOPPED) and line.at < min(last, facts.snapshot.observed_at - SAME_START):
            yield facts.of_master(EventKind.DOWN, line.at, "fpm", "stopped", f"stop:{int(line.at)}")
