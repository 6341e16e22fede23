"""``stalewatch init --sudoers``: the least that a login must be permitted before ``fix`` can do its work."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Unpack

import click

from stalewatch.cli import debug_log
from stalewatch.cli.fleet_opener import opener
from stalewatch.cli.options import Common, common, fleet_of
from stalewatch.cli.streams import emit
from stalewatch.model.errors import UsageError
from stalewatch.model.exit_codes import ExitCode

if TYPE_CHECKING:
    from stalewatch.cli.fleet_opener import OpenFleet
    from stalewatch.model.inventory import Fleet
    from stalewatch.runbook.rights import Rights


@click.command("init")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--sudoers", is_flag=True, help="Print the lines of sudoers that fix needs there, and no more.")
@common
@click.pass_context
def command(ctx: click.Context, /, targets: tuple[str, ...], sudoers: bool, **options: Unpack[Common]) -> None:
    """Look at servers and print what their logins must be permitted. Nothing is changed on a server.

    Exit code: 0 all lines are known; 3 some are not, and the comments say which; 2 usage or configuration.
    """
    if not sudoers:
        raise UsageError("say what to print: --sudoers (a configuration to begin with is examples/stalewatch.toml)")
    from stalewatch.cli.outputs import sudoers_file

    debug_log.start()
    rights = asyncio.run(_rights(fleet_of(targets, options), opener(ctx)))
    emit(sudoers_file.text(rights))
    ctx.exit(ExitCode.OK if rights and all(each.complete for each in rights) else ExitCode.UNKNOWN)


async def _rights(fleet: Fleet, open_fleet: OpenFleet) -> tuple[Rights, ...]:
    async with open_fleet(fleet) as session:
        return session.sudo_rights()
