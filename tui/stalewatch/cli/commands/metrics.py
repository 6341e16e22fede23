"""``stalewatch metrics``: what is known of a fleet, for Prometheus. It looks, and can do nothing to a server."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING, Unpack

import click

from stalewatch.cli import completion, debug_log
from stalewatch.cli.options import Common, common, fleet_of, seconds
from stalewatch.cli.signalled import Signalled, run_until_signal
from stalewatch.cli.streams import emit, tell
from stalewatch.model import figures
from stalewatch.model.exit_codes import ExitCode

if TYPE_CHECKING:
    from stalewatch.model.inventory import Fleet

INTERVAL = 15.0
"""Seconds between two looks: as often as Prometheus usually scrapes."""
ADDRESS, PORT = "127.0.0.1", 9837
_WHERE = re.compile(r"(\[(?P<six>[^][]+)]|(?P<name>[^][:]*)):(?P<port>[0-9]{1,5})")


def listen(value: str) -> tuple[str, int]:
    """``ADDRESS:PORT``, ``:PORT`` (every address) or ``[::1]:PORT``: the type of an option."""
    parts = _WHERE.fullmatch(value)
    if parts is None or int(parts["port"]) > 65_535:
        raise click.BadParameter(f"{value!r} is not ADDRESS:PORT")
    return parts["six"] or parts["name"] or "0.0.0.0", int(parts["port"])


@click.command("metrics")
@click.argument("targets", nargs=-1, shell_complete=completion.targets, metavar="[TARGET...]")
@click.option("--listen", "where", type=listen, metavar="ADDRESS:PORT", help=f"Where Prometheus scrapes ({ADDRESS}:{PORT}).")
@click.option("--once", is_flag=True, help="Look once and print it, for node_exporter's textfile collector.")
@click.option("--interval", type=seconds, default=INTERVAL, metavar="SECONDS", help=f"Look so often ({INTERVAL:g}).")
@common
@click.pass_context
def command(
    ctx: click.Context,
    /,
    targets: tuple[str, ...],
    where: tuple[str, int] | None,
    once: bool,
    interval: float,
    **options: Unpack[Common],
) -> None:
    """Metrics of the fleet for Prometheus: /metrics, and /probe?target=NAME for one server. Nothing can be changed on a server.

    Answers from memory at once, however slow a server is. Exit code of --once: 0 also where a server could not be looked at: stalewatch_up
    says so; 2 usage or configuration.
    """
    if once and where is not None:
        raise click.UsageError("--once prints and --listen serves: give one of them", ctx)
    debug_log.start()
    fleet = fleet_of(targets, options)
    ctx.exit(print_once(fleet) if once else serve(fleet, *(where or (ADDRESS, PORT)), interval=interval))


def print_once(fleet: Fleet) -> ExitCode:
    """One look at every server, on stdout."""
    from stalewatch.cli.outputs.prometheus import render
    from stalewatch.engine.watch import Watch

    watch = Watch(fleet, interval=INTERVAL)
    asyncio.run(watch.look_once())
    emit(render(watch.servers))
    return ExitCode.OK


def serve(fleet: Fleet, address: str, port: int, *, interval: float) -> ExitCode:
    """Watch and answer scrapes until SIGTERM or SIGINT. Raises UsageError where nothing can listen there."""
    from stalewatch.cli.scrape_server import application, scraped
    from stalewatch.engine.watch import Watch

    watch = Watch(fleet, interval=interval)
    with scraped(address, port, application(lambda: watch.servers)) as port_taken:
        shown = f"[{address}]" if ":" in address else address
        tell(f"stalewatch: metrics of {figures.count(len(fleet.servers), 'server')} on http://{shown}:{port_taken}/metrics\n")
        with contextlib.suppress(Signalled):
            run_until_signal(watch.run())
    return ExitCode.OK
