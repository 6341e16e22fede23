"""``stalewatch [TARGET...]``: the dashboard; the text of a ``check`` where there is no terminal to draw on."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Unpack

import click

from stalewatch.cli import debug_log
from stalewatch.cli.fleet_opener import opener
from stalewatch.cli.options import Common, common, fleet_of
from stalewatch.cli.streams import is_terminal, tell

if TYPE_CHECKING:
    from stalewatch.model.inventory import Fleet


class _Dashboard(click.Command):
    """Has no help of its own: the help of ``stalewatch`` is its help."""

    def get_help(self, ctx: click.Context) -> str:
        return ctx.parent.get_help() if ctx.parent else super().get_help(ctx)


@click.command("dashboard", cls=_Dashboard, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("targets", nargs=-1, metavar="[TARGET...]")
@common
@click.pass_context
def command(ctx: click.Context, /, targets: tuple[str, ...], **options: Unpack[Common]) -> None:
    """The dashboard."""
    fleet = fleet_of(targets, options)
    why = no_screen()
    if why:
        from stalewatch.cli.commands import check

        tell(f"stalewatch: no dashboard, {why}: this is the text of stalewatch check\n")
        ctx.exit(check.run(fleet, opener(ctx)))
    ctx.exit(run(fleet))


def no_screen() -> str:
    """Why no dashboard can be drawn here; "" if it can."""
    if not is_terminal(sys.stdout) or not is_terminal(sys.stdin):
        return "stdin and stdout are not a terminal"
    if os.environ.get("TERM", "dumb") in ("dumb", ""):
        return "the terminal is TERM=dumb"
    return ""


def run(fleet: Fleet) -> int:
    """Watch until the person quits; the exit code of the app."""
    debug_log.start()
    gc.disable()  # nothing is garbage before the first frame, and looking for it is a tenth of the start
    from stalewatch.dashboard.app import StalewatchApp
    from stalewatch.engine.engine import Engine

    engine = Engine(fleet)

    def painted() -> None:
        gc.freeze()  # what is loaded stays: no later collection goes through it
        gc.enable()
        engine.start()

    app = StalewatchApp(engine, painted=painted, abandoned=engine.stop)
    try:
        app.run()
    finally:
        app.shutdown.over()
        engine.stop()
    return app.return_code or 0
