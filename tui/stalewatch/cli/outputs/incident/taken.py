"""What was done: who, which commands, how long each took, what proved it; where nothing was done, the line to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.cli.outputs.fix_line import fix_line
from stalewatch.cli.outputs.incident.markdown import block, code, words
from stalewatch.model import figures
from stalewatch.model.step_names import RESULT
from stalewatch.runbook.in_short import IN_SHORT
from stalewatch.runbook.plan import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.cli.outputs.incident.moments import Moments
    from stalewatch.timeline.incident import IncidentStory, StepTaken

NOT_KNOWN = (
    "Nothing by stalewatch from this machine, by its audit log. What others did there is in each server's own log: "
    "`journalctl -t stalewatch`."
)
NOT_RECORDED = "Nothing by stalewatch while this was recorded."


def taken(incident: IncidentStory, moments: Moments) -> list[str]:
    """Server by server, in the order in which it began; a check is told only where it stopped what should follow."""
    steps = [step for step in incident.steps if not (step.checks and step.status == Status.DONE)]
    if not steps:
        return [NOT_RECORDED if incident.recorded else NOT_KNOWN, *_to_type(incident)]
    lines: list[str] = []
    for server, app in dict.fromkeys((step.server, step.app) for step in steps):
        lines += _server([step for step in steps if (step.server, step.app) == (server, app)], moments)
    return [*lines, *_to_type(incident)]


def _server(steps: Sequence[StepTaken], moments: Moments) -> list[str]:
    who = figures.several([code(name) for name in dict.fromkeys(step.who for step in steps if step.who)])
    lines = [f"On {code(steps[0].server)} ({code(steps[0].app)}){f', by {who}' if who != 'nothing' else ''}:", ""]
    for step in steps:
        if step.step == RESULT:
            told = step.proof.get(IN_SHORT) or next(iter(step.proof.values()), "")
            lines.append(f"- result: **{words(step.status)}**{f': {words(moments.retold(told))}' if told else ''}")
            continue
        length = f", {figures.span(step.ended - step.at)}" if step.ended is not None and step.ended > step.at else ""
        status = step.status or "how it ended is not known"
        lines.append(f"- {moments.both(step.at)} {words(step.step)}: {words(status)}{length}")
        if step.command:
            lines.append(f"  - {code(step.command)}")
        lines += [f"  - {words(name)}: {words(moments.retold(value))}" for name, value in step.proof.items()]
    return [*lines, ""]


def _to_type(incident: IncidentStory) -> list[str]:
    """The lines that fix what is still wrong, where the runbook can."""
    lines = [line for story in incident.stories if (line := fix_line(story.last))]
    return ["", "To be done:", "", *block(lines, "sh")] if lines else []
