"""``stalewatch mark``: remember what is cached now, so that the look after a deploy can prove what one look alone can only suspect."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Unpack

import click

from tui.commands import debug_log
from tui.commands.options import Common, common, fleet_of
from tui.commands.streams import emit, tell
from tui.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.diagnosis.marked import Mark
    from tui.inventory import Fleet


@click.command("mark")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to answer (text).")
@common
@click.pass_context
def command(ctx: click.Context, /, targets: tuple[str, ...], form: str, **options: Unpack[Common]) -> None:
    """Remember what is cached now. For a deploy script, before it deploys.

    With validate_timestamps=0 one look can only suspect that old code runs; two looks prove it. Nothing is changed on a server.

    Exit code: 0 remembered; 1 it could not be kept here; 3 could not look; 2 usage or configuration.
    """
    ctx.exit(run(fleet_of(targets, options), form=form))


def run(fleet: Fleet, *, form: str = "text") -> ExitCode:
    """Look, keep what was seen, say on stdout what it is, and return the exit code."""
    from tui.diagnosis.marked import marked
    from tui.outputs import mark_lines
    from tui.text import safe
    from tui.watch.keep import folder, recall
    from tui.watch.once import look_once

    debug_log.start()
    marks = [marked(report, recall(report.address, report.app)) for report in asyncio.run(look_once(fleet))]
    emit(mark_lines.json(marks) if form == "json" else mark_lines.text(marks))
    if any(one.kept is False for one in marks):
        tell(f"stalewatch: not remembered: {safe(str(folder()))} takes nothing (is it writable? is the disk full?)\n")
    return exit_code(marks)


def exit_code(marks: Sequence[Mark]) -> ExitCode:
    """What was not kept is worse than what was not seen: the deploy script can do something about it."""
    if any(one.kept is False for one in marks):
        return ExitCode.FAILED
    if not marks or any(one.errors for one in marks):
        return ExitCode.UNKNOWN
    return ExitCode.OK
