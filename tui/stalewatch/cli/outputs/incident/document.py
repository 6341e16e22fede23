"""The report of an incident: its sections in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.cli.outputs.incident.before_after import before_after
from stalewatch.cli.outputs.incident.causes import causes, wrong
from stalewatch.cli.outputs.incident.happened import happened
from stalewatch.cli.outputs.incident.impact import impact
from stalewatch.cli.outputs.incident.markdown import code, section, words
from stalewatch.cli.outputs.incident.moments import Moments
from stalewatch.cli.outputs.incident.prevention import prevention
from stalewatch.cli.outputs.incident.questions import questions
from stalewatch.cli.outputs.incident.taken import taken
from stalewatch.model import figures
from stalewatch.model.report import Verdict, worst

if TYPE_CHECKING:
    from datetime import tzinfo

    from stalewatch.timeline.incident import IncidentStory

NOBODY = "Nothing was looked at."


def render(incident: IncidentStory, *, zone: tzinfo | None = None) -> str:
    """Markdown that ends with a line break. *zone* None: times in the local zone, beside UTC."""
    moments = Moments(zone, incident.ended)
    apps = figures.several([words(name) for name in dict.fromkeys(story.last.name for story in incident.stories if story.last.app)])
    lines = [f"# Incident report: {apps if apps != 'nothing' else 'no application was found'}, {moments.date}", ""]
    lines += section("Summary", _summary(incident, moments))
    lines += section("Impact", impact(incident, moments))
    lines += section("Root cause", causes(incident, moments))
    if any(wrong(story.worst) for story in incident.stories) or incident.steps:
        lines += section("What was done", taken(incident, moments))
    lines += section("Before and after" if _moved(incident) else "State", before_after(incident, moments))
    lines += section("Timeline", happened(incident, moments))
    lines += section("Prevention", prevention(incident))
    lines += section("Open questions", questions(incident, moments))
    return "\n".join(_once_empty(lines)) + "\n"


def _summary(incident: IncidentStory, moments: Moments) -> list[str]:
    if not incident.stories:
        return [NOBODY]
    stale = [story for story in incident.stories if story.worst.verdict is Verdict.STALE]
    count = figures.count(len({story.last.server for story in incident.stories}), "server")
    looked = f"looked at until {moments.both(incident.ended)}" if incident.recorded else f"looked at {moments.both(incident.ended)}"
    now = worst([story.last.verdict for story in incident.stories])
    if not stale:
        return [f"{count}, {looked}: {_fleet(now)}"]
    names = figures.several([code(name) for name in dict.fromkeys(story.last.server for story in stale)])
    first = next((f" The first cause: {words(finding.summary)}." for finding in wrong(stale[0].worst)), "")
    over = not any(story.last.verdict is Verdict.STALE for story in incident.stories)
    verb = "ran" if over else figures.agree(len(stale), "runs", "run")
    status = "not resolved" if not over else "resolved" if now is Verdict.FRESH else "no longer stale"
    return [
        f"{names} {verb} other code than is on the disk.{first}",
        "",
        f"{count}, {looked}. Status: **{status}**. {_fleet(now)}",
    ]


def _fleet(now: Verdict) -> str:
    told = {
        Verdict.FRESH: "all that was looked at is fresh.",
        Verdict.STALE: "old code still runs.",
        Verdict.SUSPECT: "something cannot be proven fresh.",
        Verdict.PENDING: "something heals by itself soon.",
    }
    sentence = told.get(now, "something could not be looked at.")
    return sentence[0].upper() + sentence[1:]


def _moved(incident: IncidentStory) -> bool:
    return any(story.worst.layers != story.last.layers for story in incident.stories)


def _once_empty(lines: list[str]) -> list[str]:
    """Without empty lines that follow each other, or end it."""
    kept = [line for at, line in enumerate(lines) if line or (at and lines[at - 1])]
    while kept and not kept[-1]:
        kept.pop()
    return kept
