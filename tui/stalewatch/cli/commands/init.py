"""``stalewatch init``: look around on servers, say what was found and what could not be seen, and write stalewatch.toml."""

from __future__ import annotations

import asyncio
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from stalewatch.cli import completion, debug_log
from stalewatch.cli.fleet_opener import look_once, opener
from stalewatch.cli.options import Common, common, fleet_of
from stalewatch.cli.streams import emit, is_terminal, looks, tell
from stalewatch.model import figures, reasons
from stalewatch.model.errors import UsageError
from stalewatch.model.exit_codes import ExitCode
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.cli.fleet_opener import OpenFleet
    from stalewatch.config.additions import Addition
    from stalewatch.model.inventory import AppEntry, Fleet, Server
    from stalewatch.model.report import Report
    from stalewatch.runbook.rights import Rights

SOURCES = ("ssh", "ansible", "deployer")


@click.command("init")
@click.argument("targets", nargs=-1, shell_complete=completion.targets, metavar="TARGET... | FILE...")
@click.option("--from", "source", type=click.Choice(SOURCES), help="Take the servers of ssh_config, or of Ansible's or Deployer's FILE.")
@click.option("--dry-run", is_flag=True, help="Print what would be written, and write nothing.")
@click.option("--sudoers", is_flag=True, help="Print the lines of sudoers that fix needs there, and no more.")
@click.option("--health-file", is_flag=True, help="Print a PHP file that tells what PHP runs where no socket can be had, as with mod_php.")
@common
@click.pass_context
def command(
    ctx: click.Context,
    /,
    targets: tuple[str, ...],
    source: str | None,
    dry_run: bool,
    sudoers: bool,
    health_file: bool,
    **options: Unpack[Common],
) -> None:
    """Look around on servers, and write those that are reached to stalewatch.toml. Nothing is changed on a server.

    Says what was found, and what could not be seen with the line that would permit it. A file that is there keeps what is in it.

    --from ssh [PATTERN...] takes the Host aliases of ssh_config; --from ansible FILE (or a folder) and --from deployer FILE (deploy.php or
    deploy.yaml) the hosts that are written there. None of their programs is run.

    Exit code: 0 all was seen; 3 something was not; 2 usage or configuration.
    """
    if health_file:
        ctx.exit(print_health_file(targets, options))
    debug_log.start()
    fleet, lost = _wanted(targets, source, options)
    if is_terminal(sys.stderr):
        tell(f"looking at {figures.count(len(fleet.servers), 'server')}\n")
    look = print_sudoers if sudoers else partial(run, config=options["config"] or "", dry_run=dry_run)
    code = look(fleet, opener(ctx))
    ctx.exit(max(code, ExitCode.UNKNOWN if lost else ExitCode.OK))


def _wanted(targets: tuple[str, ...], source: str | None, options: Common) -> tuple[Fleet, bool]:
    """The servers to look at, and whether some could not be read where they are listed, which is said."""
    if source is None:
        if not targets:
            raise UsageError("say which servers: stalewatch init web1 'web*', or local for this machine; or --from ssh|ansible|deployer")
        return fleet_of(targets, options), False
    from stalewatch.config.inventories.sources import as_listed, listed

    inventory = listed(source, targets, options["ssh_config"] or "")
    for line in (*inventory.lost, *inventory.notes):
        tell(f"stalewatch: {safe(line)}\n")
    fleet = fleet_of(tuple(server.target for server in inventory.servers), options)
    return as_listed(fleet, inventory, own_apps=not options["app"]), bool(inventory.lost)


def print_health_file(targets: tuple[str, ...], options: Common) -> ExitCode:
    """The health file on stdout: with the key that is configured for *targets*, else with a new one. No server is asked."""
    import secrets

    from stalewatch.probe.health.key import health_file, read_key

    fleet = fleet_of(targets, options)
    entries: list[Server | AppEntry] = [*fleet.servers, *(app for server in fleet.servers for app in server.apps)]
    keys = {(entry.health_key_file, entry.health_key_env) for entry in entries} - {("", "")}
    if len(keys) > 1:
        raise UsageError("several health keys are configured: say which server")
    known = next(iter(keys), None)
    emit(health_file(read_key(*known) if known else secrets.token_hex(32).encode()).decode())
    tell("put it where the web server runs PHP of this application, and keep this output too: it holds the key (chmod 600)\n")
    tell("then in stalewatch.toml, under [[server]]: health_url, and health_key_file = the file that you kept; see docs/health.md\n")
    return ExitCode.OK


def print_sudoers(fleet: Fleet, open_fleet: OpenFleet) -> ExitCode:
    """The lines of sudoers that ``fix`` needs, on stdout."""
    from stalewatch.cli.outputs import sudoers_file

    rights = asyncio.run(_rights(fleet, open_fleet))
    emit(sudoers_file.text(rights))
    return ExitCode.OK if rights and all(each.complete for each in rights) else ExitCode.UNKNOWN


async def _rights(fleet: Fleet, open_fleet: OpenFleet) -> tuple[Rights, ...]:
    async with open_fleet(fleet) as session:
        return session.sudo_rights()


def run(fleet: Fleet, open_fleet: OpenFleet, *, config: str = "", dry_run: bool = False) -> ExitCode:
    """Look, say what was found, and add to *config* ("" ``./stalewatch.toml``) the servers that are not configured. With *dry_run* what
    was found goes to stderr, and what the file would be to stdout. Raises UsageError where the file can't be written."""
    from stalewatch.cli.outputs import first_look

    reports = asyncio.run(look_once(open_fleet, fleet))
    colour, width = looks(err=dry_run)
    (tell if dry_run else emit)(first_look.render(reports, colour=colour, width=width))
    _write(_additions(fleet, reports, config), config, dry_run=dry_run)
    _say_next(fleet, reports, config)
    all_seen = all(_exit_of(error.code) is ExitCode.OK for report in reports for error in report.errors)
    return ExitCode.OK if all_seen else ExitCode.UNKNOWN


def _exit_of(code: str) -> ExitCode:
    return reasons.REASONS[code].exit if code in reasons.REASONS else ExitCode.UNKNOWN


def _additions(fleet: Fleet, reports: Sequence[Report], config: str) -> list[Addition]:
    """The servers to write down; which others are not is said."""
    from stalewatch.config.additions import Addition, told_already
    from stalewatch.config.files import config_files, read_files
    from stalewatch.runbook.commands import usable

    tree = read_files(config_files(config, folder=Path.cwd()))
    new, away = [], []
    for server in fleet.servers:
        seen = [report for report in reports if report.server == server.name]
        if file := told_already(tree, server):
            tell(f"stalewatch: {server.name}: is in {file} already\n")
        elif all(report.host is None for report in seen):
            away.append(server.name)
        else:
            found = tuple(_found(report) for report in seen if usable(report.app))
            about = f"{server.name}: {figures.count(len(found), 'application')} found"
            new.append(Addition(server=server, about=about, found=found))
    if away:
        tell(f"stalewatch: left out, for the reasons above: {', '.join(away)}\n")
    return new


def _found(report: Report) -> AppEntry:
    """The application as it would be written down, without what may not stand there."""
    from stalewatch.config.tables import is_socket, is_unit
    from stalewatch.model.inventory import AppEntry

    fpm = report.fpm
    listen = fpm.pool.listen if fpm is not None and fpm.pool is not None else ""
    unit = fpm.unit if fpm is not None else ""
    return AppEntry(path=report.app, socket=listen if is_socket(listen) else "", reload=unit if is_unit(unit) else "")


def _write(additions: Sequence[Addition], config: str, *, dry_run: bool) -> None:
    from stalewatch.config.additions import added
    from stalewatch.config.files import FILE_NAME
    from stalewatch.config.own_files import replace_own

    if not additions:
        return
    file = config or FILE_NAME
    try:
        with open(file, encoding="utf-8", newline="") as existing:
            text = existing.read()
    except FileNotFoundError:
        text = ""
    whole = added(text, additions, file)
    if dry_run:
        emit(whole)
        return
    try:
        replace_own(file, whole)
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from error
    tell(f"stalewatch: {file}: {figures.several([addition.server.name for addition in additions])} added\n")


def _say_next(fleet: Fleet, reports: Sequence[Report], config: str) -> None:
    options = [*(["-F", fleet.ssh_config] if fleet.ssh_config else []), *(["--config", config] if config else [])]
    reached = dict.fromkeys(report.address for report in reports if report.host is not None)
    if reached:
        tell(f"next: {shlex.join(['stalewatch', *options])}\n")
        tell(f"what fix needs there: {shlex.join(['stalewatch', *options, 'init', '--sudoers', *reached])}\n")
