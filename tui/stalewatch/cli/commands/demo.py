"""``stalewatch demo``: the dashboard over embedded servers."""

from __future__ import annotations

import click

from tui.commands import debug_log
from tui.commands.dashboard import no_screen
from tui.errors import UsageError


@click.command("demo")
@click.option("--read-only", is_flag=True, help="Only look: every acting key is off.")
@click.pass_context
def command(ctx: click.Context, /, read_only: bool) -> None:
    """Three embedded servers live through the incident that stalewatch was born from; f, a look and a confirmation end it.

    Needs no PHP, no root and no network. Nothing is left behind.
    """
    if why := no_screen():
        raise UsageError(f"the demo needs a terminal to draw on: {why}")
    debug_log.start()
    from tui.demo.run import run

    ctx.exit(run(read_only))
