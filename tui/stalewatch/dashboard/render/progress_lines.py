"""A running plan as lines. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render.lines import BLANK, Line, Span, clamp, crop, fill, line, middle_crop, paragraph
from stalewatch.dashboard.render.plan_lines import title
from stalewatch.dashboard.render.runbooks import step_of
from stalewatch.dashboard.render.signs import STATUS_SIGN
from stalewatch.model import figures
from stalewatch.model.replace import replace
from stalewatch.model.report import Verdict
from stalewatch.model.step_names import LOCK, RESULT
from stalewatch.model.text import safe
from stalewatch.runbook.in_short import IN_SHORT
from stalewatch.runbook.plan import Choice, Progress, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.inventory import AppKey
    from stalewatch.runbook.plan import Plan, ServerPlan

_AS_WHOM = re.compile(r"\bsudo -n (?:-l )?(?:-u \S+ )?")
_OPTIONS = re.compile(r" --no-(?:interaction|ansi)\b")
OUTCOME = {
    "done": Span("✓ verified", "fresh-mark"),
    "partly": Span("~ partly", "suspect-mark"),
    "failed": Span("✗ failed", "stale-mark"),
    "unknown": Span("? outcome unknown: look again first", "unknown-mark"),
    "skipped": Span("– not started", "muted"),
}


class RunState(NamedTuple):
    """A runbook that was started here, as it stands: *outcome* by app once *done*; *failure*: why it stopped early.

    *clock*: in whose zone its evidence is shown (None: as it was recorded, in UTC). *by*: who runs it, where it is somebody else's; then
    *head* says how far it is.
    """

    plan: Plan
    progress: Mapping[AppKey, Sequence[Progress]]
    outcome: Mapping[AppKey, str]
    done: bool = False
    failure: str = ""
    clock: Clock | None = None
    head: Span | None = None
    by: str = ""


def head_lines(run: RunState, width: int) -> list[Line]:
    """The state of the runbook, and its title."""
    how = run.head or (ended(run.plan, run.outcome, run.failure) if run.done else under_way(run.plan, run.progress))
    rows = [fill(row, width, role=how.role) for row in paragraph(f" {how.text}", width, how.role)]
    return [*rows, crop(line(Span(run.by or title(run.plan), "muted")), width)]


def hint(run: RunState) -> str:
    """What keys do here."""
    if run.by:
        return f"read-only: it is not yours · {key_of('hide')} hides this, {key_of('progress')} shows it again"
    if run.done:
        return f"finished · {key_of('hide')} goes back · {key_of('copy_result')} copies it for the channel"
    return f"running · {key_of('hide')} hides this, {key_of('progress')} shows it again; the runbook goes on"


def progress_lines(run: RunState, width: int) -> list[Line]:
    """Every server with its steps."""
    rows: list[Line] = []
    for server in run.plan.servers:
        latest = {item.step: _retold(item, run.clock) for item in run.progress.get(server.key, ())}
        rows += [*_server(server, latest, run.outcome.get(server.key, ""), width), BLANK]
    if run.by and not any(server.steps for server in run.plan.servers):
        rows += [*paragraph("steps not told: it was started by a stalewatch older than this one", width, "muted", " "), BLANK]
    if run.failure:
        rows += [*paragraph(f"? the runbook stopped early: {run.failure}", width, "unknown-mark"), BLANK]
    return rows[:-1]


def _retold(item: Progress, clock: Clock | None) -> Progress:
    """*item* with the moments of its evidence in the zone of *clock*."""
    if clock is None:
        return item
    return replace(item, evidence={label: safe(clock.retold(words)) for label, words in item.evidence.items()})


def under_way(plan: Plan, progress: Mapping[AppKey, Sequence[Progress]]) -> Span:
    """``▸ web1: rebuild, step 4 of 7``."""
    at = step_of(plan, progress)
    if at is None:
        return Span("▸ running", "strong")
    server, step, number = at
    return Span(f"▸ {server.server}: {step.label}, step {number} of {len(server.steps)}", "strong")


def ended(plan: Plan, outcome: Mapping[AppKey, str], failure: str) -> Span:
    """The result in words that nobody has to look up; the worst of several servers first."""
    if failure:
        return Span("? the runbook stopped early: look again first", "unknown")
    named = {status: [server.server for server in plan.servers if outcome.get(server.key) == status.value] for status in Status}
    done, partly = named[Status.DONE], named[Status.PARTLY]
    failed, lost, skipped = named[Status.FAILED], named[Status.UNKNOWN], named[Status.SKIPPED]
    parts = [
        f"✗ {_names(failed)} failed: see the reason below" if failed else "",
        f"? {_names(lost)}: outcome unknown, look again first" if lost else "",
        f"✓ {_names(done)} verified: {_proven(plan, done)}" if done else "",
        f"~ {_names(partly)} partly: {_planned(plan, partly)}, and not everything is fresh" if partly else "",
        f"– {_names(skipped)} not started" if skipped else "",
    ]
    verdict = Verdict.STALE if failed else Verdict.UNKNOWN if lost or not (done or partly) else Verdict.SUSPECT if partly else Verdict.FRESH
    return Span("; ".join(filter(None, parts)) or "– nothing was done", verdict.value)


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} servers"


def _proven(plan: Plan, names: Sequence[str]) -> str:
    """What verification proved of the servers *names*."""
    return {
        Choice.CLEAR: "the caches are cleared",
        Choice.REBUILD: "the caches are rebuilt",
        Choice.RELOAD: "PHP-FPM was reloaded",
        Choice.FIX: f"{figures.agree(len(names), 'runs', 'run')} the code on {figures.agree(len(names), 'its disk', 'their disks')}",
        Choice.VERIFY: "looked again",
    }[plan.request.choice]


def _planned(plan: Plan, names: Sequence[str]) -> str:
    """What verification proved of the servers *names*, which are not fresh."""
    return "the planned changes are in place" if plan.request.choice is Choice.FIX else _proven(plan, names)


def _server(server: ServerPlan, latest: Mapping[str, Progress], outcome: str, width: int) -> list[Line]:
    head = line(Span(server.server, "title"), Span(f"  {server.app}  ", "muted"), OUTCOME.get(outcome, Span(outcome)))
    rows = [crop(head, width)]
    if (result := latest.get(RESULT)) is not None and IN_SHORT in result.evidence:
        rows += paragraph(result.evidence[IN_SHORT], width, "strong", " ")
    rows += [row for words in server.blocked for row in paragraph(f"✗ blocked: {words}", width, "stale-mark", " ")]
    known = {step.id for step in server.steps} | {RESULT}
    unnumbered = [item for item in latest.values() if item.step not in known]
    rows += [row for item in unnumbered if item.step == LOCK for row in _line("  ", item.step, "", item, width)]
    for number, step in enumerate(server.steps, 1):
        rows += _line(f"{number:>2}", step.label, step.command, latest.get(step.id), width)
    return rows + [row for item in unnumbered if item.step != LOCK for row in _line("  ", item.step, "", item, width)]


def _line(number: str, label: str, command: str, item: Progress | None, width: int) -> list[Line]:
    """A step with the number that it has in the plan, and what was seen of it; why it failed is never cut."""
    status = item.status if item else Status.WAITING
    role = "strong" if status is Status.RUNNING else "muted" if status in (Status.WAITING, Status.SKIPPED) else "text"
    lead = line(" ", STATUS_SIGN[status], Span(f" {number} {label:<10} ", role))
    rows = [Line((*lead.spans, Span(brief(command, width - lead.width), "command" if status is Status.RUNNING else role)))]
    if item is None or status is Status.WAITING:
        return rows
    bad = status in (Status.FAILED, Status.UNKNOWN)
    for label_of, words in item.evidence.items():
        told = paragraph(f"{label_of}: {words}", width, "stale-mark" if status is Status.FAILED else "muted", " " * 17, "  ")
        rows += told if bad else clamp(told, 4, width)
    return rows


def brief(command: str, width: int) -> str:
    """*command* in *width* cells: what all of them have goes first (``sudo -n -u USER``, options), then what is in the middle."""
    if cell_len(command) <= width:
        return command
    plain = _AS_WHOM.sub("", _OPTIONS.sub("", command))
    return middle_crop(plain, width)
