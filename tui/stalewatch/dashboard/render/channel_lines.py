"""What ``y`` copies after a fix: five lines for the incident channel, so that nobody has to write them. Markdown, pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render import report_parts
from stalewatch.dashboard.render.pane_lines import verdict_of
from stalewatch.dashboard.render.plan_words import changes
from stalewatch.dashboard.render.signs import VERDICT_SIGN, VERDICT_WORD
from stalewatch.model import figures
from stalewatch.model.step_names import RESULT
from stalewatch.runbook.in_short import IN_SHORT
from stalewatch.runbook.plan import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalewatch.dashboard.render.times import Clock
    from stalewatch.engine.board import Pane
    from stalewatch.model.cause import Cause
    from stalewatch.model.inventory import AppKey
    from stalewatch.runbook.plan import Plan


TOLD = 3
"""Servers that are told of in one line, each with its sentence."""


class BeforeFix(NamedTuple):
    """What one app was when its runbook was confirmed: *since* when it ran old code (the server's clock; None: not known), and why."""

    since: float | None
    cause: Cause | None


class EndedRunbook(NamedTuple):
    """A runbook that was started here and has ended: *outcome* by app, *before* what its apps were, *who* confirmed it."""

    plan: Plan
    outcome: Mapping[AppKey, Status]
    before: Mapping[AppKey, BeforeFix]
    who: str


def channel(run: EndedRunbook, panes: Sequence[Pane], clock: Clock, title: str) -> str:
    """Which servers, since when they ran old code and why, what was done by whom, what it cost, what they are now: five lines at most."""
    mine = {server.key: server for server in run.plan.servers}
    shown = [pane for pane in panes if pane.key in mine]
    clocks = {pane.key: report_parts.clock_of(pane.report, clock) for pane in shown}
    servers = figures.several(list(dict.fromkeys(server.server for server in run.plan.servers)))
    head = f"**{title or 'stalewatch'}** {clock.moment(clock.now):%Y-%m-%d %H:%M} {clock.zone_name}: {_ended(run)} on {servers}"
    rows = [head, *_old(run, clocks, clock), f"- done by {run.who}: {_done(run)}"]
    results = [item for pane in shown for item in pane.progress if item.step == RESULT]
    told = list(dict.fromkeys(clock.retold(item.evidence[IN_SHORT]) for item in results if IN_SHORT in item.evidence))
    more = [f"{figures.whole(len(told) - TOLD)} more"] if len(told) > TOLD else []
    rows += [f"- {' · '.join([*told[:TOLD], *more])}"] if told else []
    verdicts = [f"{VERDICT_SIGN[verdict_of(pane)]} {pane.server} {VERDICT_WORD[verdict_of(pane)]}" for pane in shown]
    rows.append(f"- now: {figures.several(verdicts, 4)}")
    return "\n".join(" ".join(row.split()) for row in rows) + "\n"


def _ended(run: EndedRunbook) -> str:
    """How it ended, the worst first."""
    what = run.plan.request.choice.value
    for status, words in ((Status.FAILED, "failed"), (Status.UNKNOWN, "has an unknown outcome"), (Status.PARTLY, "did only a part")):
        if status in run.outcome.values():
            return f"{what} {words}"
    return f"{what} verified"


def _old(run: EndedRunbook, clocks: Mapping[AppKey, Clock], clock: Clock) -> list[str]:
    """``old code ran since 12:38: HomeController.php runs as compiled …``, of the one that ran it longest."""
    known = [(before.since, key, before.cause) for key, before in run.before.items() if before.since is not None]
    if not known:
        return []
    since, key, cause = min(known, key=lambda one: one[0])
    here = clocks.get(key, clock)
    why = f": {here.told(cause.sentence)}" if cause is not None and cause.sentence else ""
    return [f"- old code ran since {here.hms(since)}{why}"]


def _done(run: EndedRunbook) -> str:
    """What the plans changed, each once."""
    done = [words for server in run.plan.servers if server.runnable and (words := changes(server))]
    return "; ".join(dict.fromkeys(done)) or "looked only"
