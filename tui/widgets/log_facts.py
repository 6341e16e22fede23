"""What the watched logs say lately: alarms and reassurances of the last quarter of an hour. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tui.timeline import EventKind
from tui.widgets.lines import Line, Span, crop, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.timeline import Event
    from tui.widgets.times import Clock

RECENT = 900
"""Seconds."""
LONGEST = 1800
"""Seconds that one event of a log lasts at most: an older one cannot reach into RECENT."""


class Told(NamedTuple):
    """*many* lines from *first* to *last* (epoch seconds), the newest of them *words*."""

    kind: EventKind
    many: int
    first: float
    last: float
    words: str

    @property
    def per_minute(self) -> int:
        """Lines a minute while they came."""
        return round(self.many / max(1.0, (self.last - self.first) / 60))


def told(events: Sequence[Event], app: str, now: float) -> Told | None:
    """The alarms of *app* in *events* (sorted by time) lately; where there are none, the reassurances; None where the logs are silent."""
    found: dict[EventKind, list[Event]] = {EventKind.ERROR: [], EventKind.REASSURE: []}
    for event in reversed(events):
        if event.at < now - RECENT - LONGEST:
            break
        if event.kind in found and event.app == app and (event.until or event.at) >= now - RECENT:
            found[event.kind].append(event)
    for kind, those in found.items():
        if those:
            newest = max(those, key=_end)
            return Told(kind, sum(one.count for one in those), min(one.at for one in those), _end(newest), str(newest.what))
    return None


def _end(event: Event) -> float:
    return event.until or event.at


def log_line(said: Told, clock: Clock, label: int, width: int) -> tuple[int, Line]:
    """``log      ! 14 alarms, 14 a minute, last 12:50  "Call context not found"``, and how telling it is (a verdict's rank)."""
    alarm = said.kind is EventKind.ERROR
    role = "error" if alarm else "reassure"
    noun = ("alarm" if alarm else "good line") + ("" if said.many == 1 else "s")
    pace, quick = (f", {said.per_minute} a minute", f", {said.per_minute}/min") if said.per_minute > 1 else ("", "")
    last = clock.hm(said.last)
    lead = line(Span(f"{'log':<{label}}", "muted"), Span("! " if alarm else "+ ", role))
    words, loud = Span(f"{said.many} {noun}{pace}, last {last}", role if alarm else "text"), Span(f"  {said.words}", role)
    whole = Line((*lead.spans, words, loud))
    if whole.width > width and lead.width + len(words.text) + 12 > width:
        whole = Line((*lead.spans, words._replace(text=f"{said.many} {noun}{quick}, {last}"), loud))
    return (4 if alarm else 0), crop(whole, width)
