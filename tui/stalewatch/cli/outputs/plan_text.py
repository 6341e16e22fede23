"""A plan and its progress for people: every command per server, its reason, and what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.cli.outputs.text_writer import TextWriter
from stalewatch.model.text import safe
from stalewatch.runbook import verdict_words
from stalewatch.runbook.plan import Status

if TYPE_CHECKING:
    from stalewatch.runbook.plan import Plan, Progress, ServerPlan


def render(plan: Plan, *, colour: bool = False, width: int | None = None) -> str:
    """The plan, server by server in the order of execution."""
    writer = TextWriter(colour=colour, width=width)
    for number, server in enumerate(plan.servers):
        if number:
            writer.gap()
        _server(writer, server)
    if len(plan.servers) > 1 and not plan.empty:
        writer.gap()
        if plan.canary:
            writer.line(f"{plan.canary} alone first, verified twice; then the others.")
        writer.line(f"{plan.batch} at a time; the next only after the previous is verified; stops at the first failure.")
    return writer.text()


def progress_line(progress: Progress, *, colour: bool = False, width: int | None = None) -> str:
    """``✓ web1 /srv/app  config:cache  done  written: 13:07:02``."""
    writer = TextWriter(colour=colour, width=width)
    evidence = ", ".join(f"{name}: {value}" for name, value in progress.evidence.items())
    writer.line(
        (f"{verdict_words.STATUS_SIGN[progress.status]} ", verdict_words.STATUS_STYLE.get(progress.status, "")),
        (safe(progress.server), "bold"),
        f" {progress.app}  {safe(progress.step)}  ",
        (_word(progress), verdict_words.STATUS_STYLE.get(progress.status, "")),
        f"  {evidence}" if evidence else "",
    )
    return writer.text()


def _word(progress: Progress) -> str:
    begun = progress.status is Status.UNKNOWN and "blocked" not in progress.evidence
    return "outcome unknown" if begun else str(progress.status)


def _server(writer: TextWriter, server: ServerPlan) -> None:
    production = ("  PRODUCTION", "bold reverse") if server.production else ""
    writer.line((safe(server.server), "bold"), f"  {server.app}", production)
    for why in server.blocked:
        writer.line(("✗ blocked: ", "bold red"), why, indent=2)
    for warning in server.warnings:
        writer.line(("! ", "yellow"), warning, indent=2)
    if server.in_flight and server.idle is None:
        writer.line(("! ", "yellow"), f"a reload kills requests in flight: {server.in_flight} now", indent=2)
    if not server.steps and not server.blocked:
        writer.line("nothing to do", indent=2)
    for number, step in enumerate(server.steps, start=1):
        through = f"  (through {step.via})" if step.via == "fastcgi" else ""
        writer.line((f"{number:>2}. {step.phase:<9} ", ""), (safe(step.command), "bold"), through, indent=2, wrap=False)
        writer.line(step.reason, indent=16)
    for left_out in server.left_out:
        writer.line(f"left out: {left_out.what}: {left_out.why}", indent=2)
