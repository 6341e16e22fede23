"""The timeline: lanes as text, then one line an event, in UTC and in the reader's zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.cli.outputs.incident.markdown import block, code, words
from stalewatch.dashboard.render import lanes
from stalewatch.dashboard.render.fitting import fitted
from stalewatch.dashboard.render.signs import EVENT_SIGN, event_word
from stalewatch.dashboard.render.time_window import window
from stalewatch.model import figures
from stalewatch.model.step_names import RESULT
from stalewatch.timeline import EventKind
from stalewatch.timeline.stale_spans import OPEN

if TYPE_CHECKING:
    from stalewatch.cli.outputs.incident.moments import Moments
    from stalewatch.timeline import Event
    from stalewatch.timeline.incident import IncidentStory

WIDTH = 84
"""Cells of the lanes: what GitHub, Notion and Slack show of a block of code without scrolling."""
MOST_LANES = 20
MOST = 60
"""Events that are listed; the oldest are left out, and counted."""
_LEFT_OUT = (EventKind.LINK, EventKind.VERDICT, EventKind.WORKERS)


def happened(incident: IncidentStory, moments: Moments) -> list[str]:
    """Nothing where nothing is known."""
    told = [event for event in incident.events if event.kind not in _LEFT_OUT and not _is_told_as_done(event)]
    span = _span(incident, told)
    begin = incident.ended - span
    within = [event for event in told if (event.until or event.at) >= begin]
    if not within:
        return []
    listed = within[-MOST:]
    older = len(told) - len(listed)
    lines = [*block(_lanes(incident, within, span, moments)), "", *(_event(event, moments) for event in listed)]
    return [*lines, "", f"{figures.count(older, 'older event')} not listed."] if older else lines


def _span(incident: IncidentStory, told: list[Event]) -> int:
    """Seconds that show all old code that was proven, also where it is over by now; else the last deploy and what followed."""
    own = lanes.by_server(told)
    rows = [
        lanes.Lane(name, own.get(name, []), [(begin, OPEN) for begin, _ in incident.stale.get(name, ())], incident.probable.get(name, ()))
        for name in dict.fromkeys(story.last.server for story in incident.stories)
    ]
    return fitted(rows, incident.ended).span(incident.ended)


def _is_told_as_done(event: Event) -> bool:
    """A single step stands in what was done; its result is part of the story."""
    return event.kind is EventKind.ACTION and not event.what.startswith(f"{RESULT}: ")


def _lanes(incident: IncidentStory, events: list[Event], span: int, moments: Moments) -> list[str]:
    servers = list(dict.fromkeys(story.last.server for story in incident.stories))
    shown = servers[:MOST_LANES]
    label = max(11, min(24, max(map(len, shown), default=0) + 6))
    shape = window(incident.ended, span, 0, WIDTH - label)
    own = lanes.by_server(events)
    rows = [lanes.axis(shape, moments.clock(), label, focused=False)]
    for name in shown:
        stale = [(begin, min(end, incident.ended)) for begin, end in incident.stale.get(name, ())]
        likely = [(begin, min(end, incident.ended)) for begin, end in incident.probable.get(name, ())]
        rows.append(lanes.lane(lanes.Lane(name, own.get(name, []), stale, likely), shape, label))
    shading = lanes.Shading(old=any(incident.stale.values()), probably=any(incident.probable.values()))
    rows.append(lanes.legend(WIDTH + 20, shading, {event.kind for event in events}))
    told = [row.text.rstrip() for row in rows]
    if incident.recorded:
        told[0] = told[0].replace(" now", " end")
    return [*told, f"and {figures.count(len(servers) - MOST_LANES, 'more server')}"] if len(servers) > MOST_LANES else told


def _event(event: Event, moments: Moments) -> str:
    times = f" ×{event.count}" if event.count > 1 else ""
    until = f", until {moments.short(event.until)}" if event.until is not None and event.until - event.at >= 1 else ""
    sign, word = EVENT_SIGN[event.kind], event_word(event)
    told = f"{word}, {words(event.source)}: {words(moments.retold(event.what))}{times}{until}"
    return f"- {moments.both(event.at)} {code(event.server)} {words(sign)} {told}"
