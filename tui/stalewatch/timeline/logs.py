"""Log lines -> events: the same line over and over is one event with a count."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.timeline.event import Event, EventKind
from stalewatch.timeline.fpm_log import reloads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.model.snapshot import LogLine
    from stalewatch.timeline.snapshot_events import SnapshotEvents

SPAN = 900
"""Seconds within which repeats are one event."""
_PREFIX = re.compile(r"^(?:\[[^\]]{0,40}\]\s*)?(?:\w+\.[A-Z]+:\s*)?")
_FPM = re.compile(r"^(?:DEBUG|NOTICE|WARNING|ERROR|ALERT): +")
_CONTEXT = re.compile(r"\s*[\[{].*$")
_VARIABLE = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8,}|\d+", re.IGNORECASE)


def events_of(facts: SnapshotEvents, lines: Sequence[LogLine]) -> tuple[Event, ...]:
    """Alarms and reassurances in *lines*; other lines are no events. The key is the same for later repeats: see ``combine``."""
    groups: dict[str, list[LogLine]] = {}
    for line in lines:
        if line.alarm or line.reassure:
            name = line.log.rsplit("/", 1)[-1]
            kind = "error" if line.alarm else "good"
            key = f"log:{kind}:{name}:{_VARIABLE.sub('#', message(line))[:120]}:{int(line.at // SPAN)}"
            groups.setdefault(key, []).append(line)
    return (*(_event(facts, key, group) for key, group in groups.items()), *reloads(facts, lines))


def message(line: LogLine) -> str:
    """The line without Monolog's date and level in front and its context behind; FPM's without its level."""
    if _FPM.match(line.text):
        return _FPM.sub("", line.text)
    text = _PREFIX.sub("", line.text)
    return _CONTEXT.sub("", text) or text


def _event(facts: SnapshotEvents, key: str, group: list[LogLine]) -> Event:
    first, last = min(line.at for line in group), max(line.at for line in group)
    kind = EventKind.ERROR if group[0].alarm else EventKind.REASSURE
    name = group[0].log.rsplit("/", 1)[-1]
    event = facts.event(kind, first, name, f'"{message(group[0])}"', key, until=last if last > first else None, count=len(group))
    return replace(event, master=facts.master) if group[0].fpm else event
