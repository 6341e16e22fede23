"""When which server ran old code, how that is known, and what its logs said meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.cli.outputs.incident.markdown import code, words
from stalewatch.model import figures
from stalewatch.model.report import Verdict
from stalewatch.timeline import EventKind
from stalewatch.timeline.stale_spans import OPEN, ran_old_code

if TYPE_CHECKING:
    from stalewatch.cli.outputs.incident.moments import Moments
    from stalewatch.timeline.incident import IncidentStory

NOTHING = "No server that was looked at ran old code."


def impact(incident: IncidentStory, moments: Moments) -> list[str]:
    """A line per span of old code; then what logs said."""
    lines = [f"- {_span(incident, server, begin, end, moments)}" for server, spans in incident.stale.items() for begin, end in spans]
    for server, spans in incident.probable.items():
        for begin, end in spans:
            if not any(begin < known[1] and known[0] < end for known in incident.stale.get(server, ())):
                lines.append(f"- {code(server)} probably {_ran(begin, end, moments)}: nobody was looking.")
    return [*(lines or [_none(incident)]), *_errors(incident, moments)]


def _none(incident: IncidentStory) -> str:
    doubts = [story.worst for story in incident.stories if story.worst.verdict in (Verdict.SUSPECT, Verdict.UNKNOWN)]
    if not doubts:
        return NOTHING
    names = figures.several([code(report.server) for report in doubts])
    return f"No server was proven to run old code; of {names} it could not be proven that it does not."


def _span(incident: IncidentStory, server: str, begin: float, end: float, moments: Moments) -> str:
    proofs = [story.first_stale for story in incident.stories if story.worst.server == server and story.first_stale is not None]
    proven = min((at for at in proofs if begin <= at <= end), default=None)
    tail = f", proven from {moments.short(proven)}, when it was first looked at" if proven is not None else ""
    if end == OPEN:
        age = figures.span(max(0.0, incident.ended - begin))
        return f"{code(server)} **runs old code since {moments.both(begin)}** ({age}){tail}. It is not over."
    return f"{code(server)} {_ran(begin, end, moments)}{tail}."


def _ran(begin: float, end: float, moments: Moments) -> str:
    if end == OPEN:
        return f"ran old code from {moments.both(begin)} on"
    return ran_old_code(end - begin, f"**from {moments.both(begin)} to {moments.both(end)}**")


def _errors(incident: IncidentStory, moments: Moments) -> list[str]:
    """What the logs said while old code ran; where none did, what they said since the first look's deploy is no part of it."""
    lines = []
    for event in incident.events:
        spans = (*incident.stale.get(event.server, ()), *incident.probable.get(event.server, ()))
        last = event.until or event.at
        if event.kind is EventKind.ERROR and any(last >= begin and event.at <= end for begin, end in spans):
            until = f" to {moments.short(last)}" if last - event.at >= 1 else ""
            times = f", {figures.count(event.count, 'time')}" if event.count > 1 else ""
            lines.append(f"- {code(event.server)}, {code(event.source)}: {words(event.what)}, {moments.both(event.at)}{until}{times}.")
    return lines
