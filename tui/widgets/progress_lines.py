"""A running plan as lines. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.runbook.plan import Progress, Status
from tui.widgets.lines import BLANK, Line, Span, crop, line, paragraph
from tui.widgets.plan_lines import title
from tui.widgets.signs import STATUS_SIGN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui.runbook.plan import Plan, ServerPlan, Step

OUTCOME = {
    "done": Span("✓ verified", "fresh-mark"),
    "failed": Span("✗ failed", "stale-mark"),
    "unknown": Span("? outcome unknown: look again before anything else", "unknown-mark"),
    "skipped": Span("– not started", "muted"),
}


def progress_lines(
    plan: Plan,
    progress: Mapping[tuple[str, str], Sequence[Progress]],
    outcome: Mapping[tuple[str, str], str],
    done: bool,
    failure: str,
    width: int,
) -> list[Line]:
    """Every server with its steps; *outcome* by pane once *done*; *failure*: why the runbook itself ended early."""
    rows = [line(Span(title(plan), "title")), BLANK]
    for server in plan.servers:
        rows += [*_server(server, {item.step: item for item in progress.get(server.key, ())}, outcome.get(server.key, ""), width), BLANK]
    if failure:
        rows += paragraph(f"? the runbook ended early: {failure}", width, "unknown-mark")
    rows.append(line(Span("done · esc goes back" if done else "running · esc hides this, o shows it again; it goes on", "muted")))
    return rows


def _server(server: ServerPlan, latest: Mapping[str, Progress], outcome: str, width: int) -> list[Line]:
    head = line(Span(server.server, "title"), Span(f"  {server.app}  ", "muted"), OUTCOME.get(outcome, Span(outcome)))
    rows = [crop(head, width)]
    rows += [row for words in server.blocked for row in paragraph(f"✗ blocked: {words}", width, "stale-mark", " ")]
    known = {step.id for step in server.steps}
    for step in server.steps:
        rows += _step(step, latest.get(step.id), width)
    for item in latest.values():
        if item.step not in known and item.step != "result":
            rows += _line(item.step, "", item, width)
    return rows


def _step(step: Step, item: Progress | None, width: int) -> list[Line]:
    return _line(step.phase.value, step.command, item, width)


def _line(phase: str, command: str, item: Progress | None, width: int) -> list[Line]:
    status = item.status if item else Status.WAITING
    role = "strong" if status is Status.RUNNING else "muted" if status in (Status.WAITING, Status.SKIPPED) else "text"
    rows = [
        crop(
            line(" ", STATUS_SIGN[status], Span(f" {phase:<10} ", role), Span(command, "command" if status is Status.RUNNING else role)),
            width,
        )
    ]
    if item is not None and status is not Status.WAITING:
        for label, words in item.evidence.items():
            rows += paragraph(f"{label}: {words}", width, "stale-mark" if status is Status.FAILED else "muted", " " * 14, "  ")[:4]
    return rows
