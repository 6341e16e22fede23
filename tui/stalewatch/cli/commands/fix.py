"""``stalewatch fix``: the runbook without the dashboard. Look, plan, confirm, execute, verify."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Unpack

import click
import msgspec

from stalewatch.cli import debug_log
from stalewatch.cli.fix_reporter import FixReporter
from stalewatch.cli.options import Common, common, fleet_of
from stalewatch.cli.streams import is_terminal, tell
from stalewatch.model.errors import UsageError
from stalewatch.model.exit_codes import ExitCode
from stalewatch.runbook.plan import Choice, Phase, Plan, Request, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stalewatch.engine.session_pool import Sites
    from stalewatch.model.inventory import Fleet
    from stalewatch.model.report import Report

PHASES = (Phase.CLEAR, Phase.REBUILD, Phase.RELOAD)


def phases(text: str) -> tuple[Phase, ...]:
    """``clear,reload`` in the order of execution: the type of ``--only``."""
    asked = {word.strip() for word in text.split(",")}
    unknown = asked - set(PHASES)
    if unknown:
        raise click.BadParameter(f"{', '.join(sorted(unknown)) or text!r} is none of {', '.join(PHASES)}")
    return tuple(phase for phase in PHASES if phase in asked)


@click.command("fix")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--dry-run", is_flag=True, help="Only print the plan: every command, per server.")
@click.option("--only", type=phases, metavar="PHASES", help="Only these of clear,rebuild,reload.")
@click.option("--all", "everything", is_flag=True, help="The whole sequence, whether needed or not.")
@click.option("--cache-clear", is_flag=True, help="Also artisan cache:clear. It empties the application cache.")
@click.option("--batch", type=click.IntRange(min=1), default=1, metavar="N", help="So many servers at a time (1).")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to report the steps (text).")
@common
@click.pass_context
def command(
    ctx: click.Context,
    /,
    targets: tuple[str, ...],
    yes: bool,
    dry_run: bool,
    only: tuple[Phase, ...] | None,
    everything: bool,
    cache_clear: bool,
    batch: int,
    form: str,
    **options: Unpack[Common],
) -> None:
    """Clear, rebuild, reload and verify, one server at a time, without the dashboard.

    Exit code: 0 all verified, or nothing to do; 1 failed or unproven; 3 a link was lost while a step ran; 2 usage.
    """
    fleet = fleet_of(targets, options)
    if fleet.read_only and not dry_run:
        raise UsageError("--read-only: nothing is done on any server; --dry-run shows what would be")
    if not (yes or dry_run or (is_terminal(sys.stdin) and is_terminal(sys.stderr))):
        raise UsageError("nobody can confirm here: say --yes, or see the plan with --dry-run")
    debug_log.start()
    request = Request(choice=Choice.FIX, everything=everything, cache_clear=cache_clear, only=only or ())
    fixing = _Fix(fleet, request, FixReporter(form), batch=batch, yes=yes, dry_run=dry_run)
    try:
        ctx.exit(asyncio.run(fixing.run()))
    except KeyboardInterrupt:
        if fixing.acting:
            tell("stalewatch: interrupted: a step that was under way runs to its end over there; look again with stalewatch check\n")
        raise


class _Fix:
    """One run, from the first look to the exit code."""

    def __init__(self, fleet: Fleet, request: Request, reporter: FixReporter, *, batch: int, yes: bool, dry_run: bool) -> None:
        self.acting = False
        self._fleet = fleet
        self._request = request
        self._reporter = reporter
        self._batch = batch
        self._yes = yes
        self._dry_run = dry_run

    async def run(self) -> ExitCode:
        from stalewatch.engine.session_pool import open_sites

        async with open_sites(self._fleet) as sites:
            plan = self._plan(sites.reports)
            if self._dry_run:
                self._reporter.dry_run(plan)
                return exit_code(self._settled(plan, sites.reports).values())
            confirmed = await self._confirm(plan, sites)
            if confirmed is None:
                tell("stalewatch: not confirmed: nothing was done\n")
                return ExitCode.FAILED
            return await self._execute(confirmed, sites)

    async def _confirm(self, plan: Plan, sites: Sites) -> Plan | None:
        """The plan that a person (or ``--yes``) agreed to; None: not. An answer to a plan whose evidence has changed does not count."""
        if not self._runnable(plan, sites.reports):
            return plan
        if self._yes:
            self._reporter.plan(plan)
            return plan
        while await self._reporter.ask(plan):
            again = self._plan(await sites.look())
            if [server.evidence_digest for server in again.servers] == [server.evidence_digest for server in plan.servers]:
                return plan
            tell("\nstalewatch: what was seen has changed since this plan was drawn; this is the new one\n\n")
            plan = again
        return None

    async def _execute(self, plan: Plan, sites: Sites) -> ExitCode:
        settled = self._settled(plan, sites.reports)
        self._reporter.settled(plan, sites.reports)
        rest = tuple(server for server in plan.servers if server.key not in settled)
        if rest:
            self.acting = True
            settled |= await sites.run(msgspec.structs.replace(plan, servers=rest), self._reporter.progress)
            self.acting = False
        statuses = [settled.get(server.key, Status.UNKNOWN) for server in plan.servers]
        self._reporter.result(plan, statuses)
        return exit_code(statuses)

    def _runnable(self, plan: Plan, reports: Sequence[Report]) -> bool:
        return len(self._settled(plan, reports)) < len(plan.servers)

    def _plan(self, reports: Sequence[Report]) -> Plan:
        from stalewatch.runbook import cleared_layers, planner

        production = frozenset(server.name for server in self._fleet.servers if server.production)
        inputs = planner.PlanInputs(units=self._fleet.units, cleared=cleared_layers.cleared_layers())
        return planner.plan(reports, self._request, production=production, batch=self._batch, inputs=inputs)

    def _settled(self, plan: Plan, reports: Sequence[Report]) -> dict[tuple[str, str], Status]:
        """Servers on which nothing is to be run: blocked, or nothing to do (which is fine only where the server is)."""
        from stalewatch.cli.outputs import fix_lines

        by_key = {report.key: report for report in reports}
        statuses: dict[tuple[str, str], Status] = {}
        for server in plan.servers:
            if server.blocked:
                statuses[server.key] = Status.FAILED
            elif not server.steps:
                statuses[server.key] = fix_lines.left(by_key[server.key]).status
        return statuses


def exit_code(statuses: Iterable[Status]) -> ExitCode:
    """Of a whole fix: an unknown outcome weighs more than a failure, because it asks for a look."""
    found = set(statuses)
    if Status.UNKNOWN in found:
        return ExitCode.UNKNOWN
    return ExitCode.OK if found <= {Status.DONE} else ExitCode.FAILED
