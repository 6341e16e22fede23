"""``stalewatch watch``: tells when servers begin to run old code, and when that is over. It looks, and can do nothing to a server."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Unpack

import click

from stalewatch.cli import completion, debug_log
from stalewatch.cli.options import Common, common, fleet_of, seconds
from stalewatch.cli.signalled import Signalled, run_until_signal
from stalewatch.cli.streams import tell
from stalewatch.model import figures
from stalewatch.model.exit_codes import ExitCode

if TYPE_CHECKING:
    from stalewatch.cli.outbox import Outbox
    from stalewatch.engine.incidents import Incidents, Patience
    from stalewatch.engine.watch import Watch
    from stalewatch.model.inventory import Fleet

INTERVAL, SETTLE, REMIND = 15.0, 30.0, 3600.0
"""Seconds: between two looks; that a verdict stands before it is told; between two reminders."""
NOTIFY = "STALEWATCH_NOTIFY"
"""The variable that holds what ``--notify`` does, apart by blanks: an argument can be read by whoever else is on the machine."""
GATHER = 2.0
"""Times *interval*: within it every server is looked at again, so that what came over all of them at once is told at once."""
TICK = 0.5
"""Seconds between two questions whether there is something to tell."""
FLUSH = 5.0
"""Seconds for what is still to be delivered when the program is told to end."""


@click.command("watch")
@click.argument("targets", nargs=-1, shell_complete=completion.targets, metavar="[TARGET...]")
@click.option(
    "--notify", "urls", multiple=True, envvar=NOTIFY, metavar="URL", help="Tell this webhook or apprise service; repeatable (stdout)."
)
@click.option("--settle", type=seconds, default=SETTLE, metavar="SECONDS", help=f"So long a verdict stands before it is told ({SETTLE:g}).")
@click.option("--remind", type=seconds, default=REMIND, metavar="SECONDS", help=f"What goes on is told again so often ({REMIND:g}).")
@click.option("--interval", type=seconds, default=INTERVAL, metavar="SECONDS", help=f"Look so often ({INTERVAL:g}).")
@common
@click.pass_context
def command(
    ctx: click.Context,
    /,
    targets: tuple[str, ...],
    urls: tuple[str, ...],
    settle: float,
    remind: float,
    interval: float,
    **options: Unpack[Common],
) -> None:
    """Tell when servers begin to run old code, and when that is over: once per cause, however many servers have it.

    Ends by SIGTERM or Ctrl-C. Exit code: 0; 1 something could not be delivered; 2 usage or configuration. Nothing can be changed on a
    server.
    """
    from stalewatch.cli.outbox import Outbox
    from stalewatch.cli.receivers import StdoutLines, receiver
    from stalewatch.engine.incidents import Patience

    debug_log.start()
    fleet = fleet_of(targets, options)
    receivers = [receiver(url) for url in urls] or [StdoutLines()]
    shown = ", ".join(one.shown for one in receivers)
    tell(f"stalewatch: watching {figures.count(len(fleet.servers), 'server')}, telling {shown}\n")
    outboxes = [Outbox(one, lambda line: tell(f"stalewatch: {line}\n")) for one in receivers]
    ctx.exit(run(fleet, outboxes, Patience(settle=settle, gather=GATHER * interval, remind=remind), interval=interval))


def run(fleet: Fleet, outboxes: list[Outbox], patience: Patience, *, interval: float) -> ExitCode:
    """Watch until SIGTERM, SIGHUP or SIGINT, or until nobody takes what is told. What was delivered is not told again by the next run."""
    from stalewatch.engine.incident_store import load, save
    from stalewatch.engine.incidents import Incidents
    from stalewatch.engine.watch import Watch

    incidents = Incidents(patience, load(fleet))
    with contextlib.suppress(Signalled):
        run_until_signal(_until_broken(fleet, Watch(fleet, interval=interval), incidents, outboxes))
    lost = sum(outbox.close(FLUSH) for outbox in outboxes)
    broken = next((outbox.broken for outbox in outboxes if outbox.broken is not None), None)
    if broken is not None:
        return _broken(broken)
    if lost:
        return ExitCode.FAILED
    save(fleet, incidents.opened)
    return ExitCode.OK


def _broken(error: OSError) -> ExitCode:
    """A reader that has gone is no error (``| head``)."""
    if isinstance(error, BrokenPipeError):
        return ExitCode.OK
    tell(f"stalewatch: stdout takes nothing: {error.strerror}\n")
    return ExitCode.FAILED


async def _until_broken(fleet: Fleet, watch: Watch, incidents: Incidents, outboxes: list[Outbox]) -> None:
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch.run())
        await _tell_on(fleet, watch, incidents, outboxes)
        watching.cancel()


async def _tell_on(fleet: Fleet, watch: Watch, incidents: Incidents, outboxes: list[Outbox]) -> None:
    """Until nobody takes anything any more. What is kept for the next run is what was delivered."""
    from stalewatch.engine.incident_store import save

    kept = incidents.opened
    begun = time.time() - time.monotonic()
    while all(outbox.broken is None for outbox in outboxes):
        for notice in incidents.look(watch.servers, begun + time.monotonic()):
            for outbox in outboxes:
                outbox.put(notice)
        if incidents.opened != kept and all(outbox.idle for outbox in outboxes):
            kept = incidents.opened
            save(fleet, kept)
        await asyncio.sleep(TICK)
