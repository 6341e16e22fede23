"""A plan as lines: every server, every step with its exact command and reason, what is left out, what is to be known. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.runbook.plan import Action, Choice, Phase
from tui.widgets.lines import BLANK, Line, Span, line, paragraph
from tui.widgets.names import app_name

if TYPE_CHECKING:
    from tui.runbook.plan import Plan, ServerPlan, Step

TITLES = {
    Choice.CLEAR: "clear its caches",
    Choice.REBUILD: "rebuild its caches",
    Choice.RELOAD: "reload PHP-FPM",
    Choice.FIX: "make it run the code that is on its disk",
    Choice.VERIFY: "look again",
}


def title(plan: Plan) -> str:
    """Where, and what for."""
    names = [server.server for server in plan.servers]
    pace = "one after the other" if plan.batch == 1 else f"{plan.batch} at a time"
    where = names[0] if len(names) == 1 else f"{len(names)} servers, {pace}"
    return f"{where}: {TITLES[plan.request.choice]}"


def word_to_type(plan: Plan) -> str:
    """The app's name where it must be typed: several servers, production, or requests that would be killed. "" where it need not."""
    doing = [server for server in plan.servers if server.steps and not server.blocked]
    if len(doing) > 1 or any(server.production or server.in_flight for server in doing):
        return " ".join(dict.fromkeys(app_name(server.app) for server in doing))
    return ""


def can_run(plan: Plan) -> bool:
    """Whether anything of it would be executed."""
    return any(server.steps and not server.blocked for server in plan.servers)


def plan_lines(plan: Plan, width: int, notice: str = "") -> list[Line]:
    """The whole plan in lines of *width*; long commands are wrapped, never cut."""
    rows: list[Line] = []
    if notice:
        rows += [*paragraph(notice, width, "notice"), BLANK]
    if not can_run(plan):
        rows += [
            *paragraph(
                "Nothing would be done." + ("" if plan.request.everything else " Press a for the whole sequence, needed or not."),
                width,
                "strong",
            ),
            BLANK,
        ]
    for server in plan.servers:
        rows += [*server_lines(server, width), BLANK]
    return rows[:-1]


def server_lines(server: ServerPlan, width: int) -> list[Line]:
    """One server of the plan."""
    head = [Span(server.server, "title"), Span(f"  {server.app}", "muted")]
    if server.production:
        head.append(Span("  production", "warning"))
    rows = [line(*head)]
    for words in server.blocked:
        rows += paragraph(f"✗ blocked, nothing is run here: {words}", width, "stale-mark", " ", "  ")
    if server.in_flight:
        many = "request" if server.in_flight == 1 else "requests"
        rows += paragraph(
            f"! {server.in_flight} {many} in flight would be killed by a reload; i invalidates instead, which loses none",
            width,
            "warning",
            " ",
            "  ",
        )
    for words in server.warnings:
        rows += paragraph(f"! {words}", width, "warning", " ", "  ")
    for number, step in enumerate(server.steps, 1):
        rows += step_lines(step, number, width)
    if not server.steps and not server.blocked:
        rows.append(line(Span("   no steps", "muted")))
    for left in server.left_out:
        rows += paragraph(f"– left out: {left.what}: {left.why}", width, "muted", " ", "  ")
    return rows


def step_lines(step: Step, number: int, width: int) -> list[Line]:
    """A step: its phase and reason, and under it the command as it is run."""
    role = "accent" if step.phase in (Phase.PREFLIGHT, Phase.VERIFY) else "key"
    reason = paragraph(str(step.reason), width - 15, "muted")
    first = Line((Span(f" {number:>2} "), Span(f"{step.phase.value:<10} ", role), *reason[0].spans))
    rest = [Line((Span(" " * 15), *row.spans)) for row in reason[1:]]
    return [first, *rest, *paragraph(_command(step), width, "command", "    ", "    ")]


def _command(step: Step) -> str:
    """As a person would read it: ``$`` before what a shell runs, ``>`` before what is asked of PHP."""
    if step.action is Action.LOOK:
        return f"  {step.command}"
    return f"$ {step.command}" if step.via == "shell" else f"> {step.command}   (through {step.via})"
