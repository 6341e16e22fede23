"""Who else is here: who runs a runbook on this server, and which other stalewatches look at it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render.lines import Line, Span, crop, line, paragraph
from stalewatch.dashboard.render.signs import STATUS_SIGN
from stalewatch.dashboard.render.their_runbook import NOT_TOLD, number_of, place_of, statuses, what_of
from stalewatch.runbook.plan import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.dashboard.render.times import Clock
    from stalewatch.engine.board import Pane
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import LockHolder

STEPS = 3
"""Of somebody else's runbook, in a pane."""


def holder_lines(report: Report, clock: Clock, width: int) -> list[Line]:
    """``★ mara@laptop runs fix here since 12:49, step 2 of 5 (step config:cache, pid 4711)``, where somebody holds the lock, and the steps
    about the one that runs."""
    lock = report.host.lock if report.host is not None else None
    if lock is None:
        return []
    since = f" {clock.begun(lock.since)}" if lock.since else ""
    place = f", {place_of(lock)}" if lock.steps else ""
    said = f"★ {lock.who} runs {what_of(lock)} here{since}{place}{lock.process}{'' if lock.steps else f', {NOT_TOLD}'}"
    return [*paragraph(said, width, "warning", hang="  "), *_steps(lock, width)]


def _steps(lock: LockHolder, width: int) -> list[Line]:
    """At most three: what was done, what runs, what comes."""
    if not lock.steps:
        return []
    number = number_of(lock)
    first = max(0, min(number - 2, len(lock.steps) - STEPS))
    rows = []
    for at, (step, status) in list(enumerate(zip(lock.steps, statuses(lock), strict=True), 1))[first : first + STEPS]:
        role = "strong" if status is Status.RUNNING else "muted"
        rows.append(crop(line("  ", STATUS_SIGN[status], Span(f" {at}. {step.label}  {step.id}", role)), width))
    return rows


def watchers(panes: Iterable[Pane]) -> tuple[str, ...]:
    """Who else looks at any of *panes*, each once."""
    hosts = (pane.report.host for pane in panes if pane.report is not None)
    return tuple(dict.fromkeys(str(watcher.who) for host in hosts if host is not None for watcher in host.watchers))


def watcher_lines(report: Report, clock: Clock, width: int) -> list[Line]:
    """``also watched by mara@laptop since 12:31, ben@desk since 12:40``."""
    host = report.host
    if host is None or not host.watchers:
        return []
    named = ", ".join(f"{watcher.who} {clock.begun(watcher.since)}" for watcher in host.watchers)
    return [crop(line(Span(f"also watched by {named}", "muted")), width)]
