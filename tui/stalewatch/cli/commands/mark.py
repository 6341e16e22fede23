"""``stalewatch mark``: remember what is cached now, so that the look after a deploy can prove what one look alone can only suspect."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Unpack

import click

from stalewatch.cli import completion, debug_log
from stalewatch.cli.fleet_opener import look_once, opener
from stalewatch.cli.options import Common, common, fleet_of
from stalewatch.cli.streams import emit, tell
from stalewatch.model.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.cli.fleet_opener import OpenFleet
    from stalewatch.diagnosis.marked import Mark
    from stalewatch.model.inventory import Fleet


@click.command("mark")
@click.argument("targets", nargs=-1, shell_complete=completion.targets, required=True, metavar="TARGET...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to answer (text).")
@click.option("--workers-ended", is_flag=True, help="Queue workers that did not come back after a fix were ended for good.")
@common
@click.pass_context
def command(ctx: click.Context, /, targets: tuple[str, ...], form: str, workers_ended: bool, **options: Unpack[Common]) -> None:
    """Remember what is cached now. For a deploy script, before it deploys.

    With validate_timestamps=0 one look can only suspect that old code runs; two looks prove it. Nothing is changed on a server.

    Exit code: 0 remembered; 1 could not be saved on this machine; 3 could not look; 2 usage or configuration.
    """
    ctx.exit(run(fleet_of(targets, options), opener(ctx), form=form, workers_ended=workers_ended))


def run(fleet: Fleet, open_fleet: OpenFleet, *, form: str = "text", workers_ended: bool = False) -> ExitCode:
    """Look, keep what was seen, say on stdout what it is, and return the exit code.

    *workers_ended*: await none of those that a fix ended."""
    from stalewatch.cli.outputs import mark_lines
    from stalewatch.diagnosis.marked import marked
    from stalewatch.engine.memory_store import folder, load, load_awaited, save_awaited
    from stalewatch.model.text import safe

    debug_log.start()
    reports = asyncio.run(look_once(open_fleet, fleet))
    marks = []
    for report in reports:
        ended = load_awaited(report.address, report.app) if workers_ended else ()
        marks.append(marked(report, load(report.address, report.app), ended))
        if ended:
            save_awaited(report.address, report.app, ())
    emit(mark_lines.json(marks) if form == "json" else mark_lines.text(marks))
    if any(one.kept is False for one in marks):
        tell(f"stalewatch: not remembered: {safe(str(folder()))} cannot be written (no permission? disk full?)\n")
    return exit_code(marks)


def exit_code(marks: Sequence[Mark]) -> ExitCode:
    """What was not kept is worse than what was not seen: the deploy script can do something about it."""
    if any(one.kept is False for one in marks):
        return ExitCode.FAILED
    if not marks or any(one.errors or not one.app for one in marks):
        return ExitCode.UNKNOWN
    return ExitCode.OK
