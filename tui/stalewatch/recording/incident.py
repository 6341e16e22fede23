"""A recording -> the incident that it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.redaction import redacted
from stalewatch.recording.entries import Planned, Stepped
from stalewatch.runbook.plan import Status
from stalewatch.runbook.steps import CHECKS
from stalewatch.timeline.incident import IncidentStory, IncidentTeller, StepTaken

if TYPE_CHECKING:
    from stalewatch.recording.reader import Recording
    from stalewatch.timeline import Event


def incident_of(recording: Recording) -> IncidentStory:
    """Reads all of it. Raises UsageError where that cannot be."""
    teller, steps = IncidentTeller(), _Steps()
    events: tuple[Event, ...] = ()
    ended = recording.header.begun
    for frame in recording.frames():
        teller.saw(frame.reports)
        events, ended = frame.events, frame.at
        match frame.entry:
            case Planned():
                steps.planned(frame.entry)
            case Stepped():
                steps.progressed(frame.entry)
    return teller.told(events, steps.taken(), begun=recording.header.begun, ended=ended, recorded=True)


class _Steps:
    """Joins what was planned with how it went."""

    def __init__(self) -> None:
        self._commands: dict[tuple[str, str, str], str] = {}
        self._who = ""
        self._begun: dict[tuple[str, str, str], float] = {}
        self._taken: list[StepTaken] = []

    def planned(self, plan: Planned) -> None:
        self._who = plan.who
        for server in plan.servers:
            for step in server.steps:
                self._commands[server.server, server.app, step.id] = step.command

    def progressed(self, entry: Stepped) -> None:
        said = entry.progress
        key = (said.server, said.app, said.step)
        if said.status in (Status.WAITING, Status.RUNNING):
            self._begun.setdefault(key, said.at)
            return
        begun = self._begun.pop(key, said.at)
        self._taken.append(
            StepTaken(
                at=begun,
                server=said.server,
                app=said.app,
                who=self._who,
                step=said.step,
                checks=said.step in CHECKS,
                command=self._commands.get(key, ""),
                status=said.status.value,
                ended=said.at,
                proof={name: redacted(value) for name, value in said.evidence.items()},
            )
        )

    def taken(self) -> list[StepTaken]:
        return self._taken
