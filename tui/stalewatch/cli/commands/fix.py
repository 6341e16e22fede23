"""``stalewatch fix``: the runbook without the dashboard. Look, plan, confirm, execute, verify."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Unpack

import click

from stalewatch.cli import completion, debug_log
from stalewatch.cli.fix_reporter import FixReporter
from stalewatch.cli.fleet_opener import opener
from stalewatch.cli.options import Common, common, fleet_of, seconds
from stalewatch.cli.stopping import Stopping
from stalewatch.cli.streams import is_terminal, tell
from stalewatch.model.errors import UsageError
from stalewatch.model.exit_codes import ExitCode
from stalewatch.model.fixing import InFlight, WhenUnreachable
from stalewatch.model.replace import replace
from stalewatch.model.step_names import RESULT
from stalewatch.runbook import run_record
from stalewatch.runbook.plan import Choice, Phase, Plan, Request, Status
from stalewatch.runbook.result import blocked_ones, left_alone_ones, overall

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stalewatch.cli.fleet_opener import OpenFleet
    from stalewatch.engine.fleet_session import FleetSession
    from stalewatch.model.inventory import AppKey, Fleet
    from stalewatch.runbook.plan import Progress
    from stalewatch.runbook.run_record import RunRecord

PHASES = (Phase.CLEAR, Phase.REBUILD, Phase.RELOAD)


def phases(text: str) -> tuple[Phase, ...]:
    """``clear,reload`` in the order of execution: the type of ``--only``."""
    asked = {word.strip() for word in text.split(",")}
    unknown = asked - set(PHASES)
    if unknown:
        raise click.BadParameter(f"{', '.join(sorted(unknown)) or text!r} is none of {', '.join(PHASES)}")
    return tuple(phase for phase in PHASES if phase in asked)


@click.command("fix")
@click.argument("targets", nargs=-1, shell_complete=completion.targets, metavar="TARGET...")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--dry-run", is_flag=True, help="Only print the plan: every command on every server.")
@click.option("--only", type=phases, metavar="PHASES", help="Only these of clear,rebuild,reload.")
@click.option("--all", "everything", is_flag=True, help="The whole sequence, whether needed or not.")
@click.option("--cache-clear", is_flag=True, help="Also artisan cache:clear. It empties the application cache.")
@click.option(
    "--in-flight",
    type=click.Choice([each.value for each in InFlight]),
    help="Where a reload would kill requests: wait for them to end (wait), invalidate scripts instead, or kill them.",
)
@click.option("--in-flight-wait", type=seconds, metavar="SECONDS", help="Wait for them SECONDS at most, then refuse the reload (30).")
@click.option("--during-deploy", is_flag=True, help="Also where a deploy is under way: what is rebuilt may be old again in a moment.")
@click.option(
    "--canary",
    default="",
    shell_complete=completion.targets,
    metavar="NAME",
    help="Fixed first and verified twice (the first one).",
)
@click.option(
    "--unreachable",
    type=click.Choice([WhenUnreachable.STOP.value, WhenUnreachable.SKIP.value]),
    help="Run nothing while a server can't be reached (stop), or go on without it, also where it is lost before its turn (skip).",
)
@click.option("--resume", is_flag=True, help="Go on where the last fix stopped, with what it was asked for.")
@click.option("--batch", type=click.IntRange(min=1), default=1, metavar="N", help="How many servers at the same time (1).")
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
    in_flight: str | None,
    in_flight_wait: float | None,
    during_deploy: bool,
    canary: str,
    unreachable: str | None,
    resume: bool,
    batch: int,
    form: str,
    **options: Unpack[Common],
) -> None:
    """Clear, rebuild, reload and verify, one server at a time, without the dashboard.

    Exit code: 0 every layer of every server is fresh and the applications answer; 1 failed, not proven or only partly; 3 an outcome is
    unknown or a server was lost; 2 usage.
    """
    record = _stopped() if resume else None
    if record is not None:
        targets, batch, options["config"] = targets or record.targets, record.batch, options["config"] or record.config or None
    fleet = fleet_of(_named(targets), options)
    _check_canary(fleet, canary)
    fleet = _permitted(fleet, dry_run=dry_run)
    if not (yes or dry_run or (is_terminal(sys.stdin) and is_terminal(sys.stderr))):
        raise UsageError("nobody can confirm here: add --yes, or see the plan with --dry-run")
    debug_log.start()
    request = Request(
        choice=Choice.FIX,
        everything=everything,
        cache_clear=cache_clear,
        only=only or (),
        in_flight=InFlight(in_flight) if in_flight else fleet.fixing.in_flight,
        in_flight_wait=fleet.fixing.in_flight_wait if in_flight_wait is None else in_flight_wait,
        during_deploy=during_deploy,
        canary=canary,
        unreachable=WhenUnreachable(unreachable or WhenUnreachable.LOST),
    )
    if record is not None:
        request = _resumed(record.request, request, chosen=in_flight is not None)
    record = run_record.RunRecord(targets=targets, request=request, config=options["config"] or "", batch=batch)
    reporter = FixReporter(form)
    fixing = _Fix(fleet, opener(ctx), record, reporter)
    try:
        code = _ended(fixing, yes=yes, dry_run=dry_run)
    finally:
        taken = reporter.close()
    if code == ExitCode.OK and not taken:
        code = ExitCode.FAILED
    if reporter.stuck:
        os._exit(code)
    ctx.exit(code)


def _check_canary(fleet: Fleet, canary: str) -> None:
    if canary and canary not in {server.name for server in fleet.servers}:
        raise UsageError(f"--canary {canary!r} is none of the servers: {', '.join(server.name for server in fleet.servers)}")


def _permitted(fleet: Fleet, *, dry_run: bool) -> Fleet:
    """*fleet* for this fix. A dry run changes nothing, so it shows the plan for what is read-only too."""
    if dry_run:
        return replace(fleet, servers=tuple(replace(server, read_only=False) for server in fleet.servers))
    if fleet.read_only:
        raise UsageError("--read-only: nothing is changed on any server; --dry-run shows the plan")
    if kept := ", ".join(server.name for server in fleet.servers if server.read_only):
        raise UsageError(f"read_only is set in stalewatch.toml for {kept}: leave it out, or see the plan with --dry-run")
    return fleet


def _named(targets: tuple[str, ...]) -> tuple[str, ...]:
    if not targets:
        raise UsageError("which servers? TARGET... is missing")
    return targets


def _resumed(stopped: Request, asked: Request, *, chosen: bool) -> Request:
    """*stopped*, with what may be said otherwise now of requests in flight (*chosen*: what to do with them) and of a deploy."""
    in_flight = asked.in_flight if chosen else stopped.in_flight
    during_deploy = asked.during_deploy or stopped.during_deploy
    return replace(stopped, in_flight=in_flight, in_flight_wait=asked.in_flight_wait, during_deploy=during_deploy)


def _stopped() -> RunRecord:
    record = run_record.load()
    if record is None:
        raise UsageError("there is no fix to resume: the last one has verified every server, or none was begun here")
    return record


def _ended(fixing: _Fix, *, yes: bool, dry_run: bool) -> int:
    try:
        code = asyncio.run(fixing.run(yes=yes, dry_run=dry_run))
    except (KeyboardInterrupt, asyncio.CancelledError):
        tell("\n")
        if fixing.acting:
            tell("stalewatch: interrupted: a step that was running runs to its end on the server; look again with stalewatch check\n")
        return 128 + fixing.stopping.number if fixing.stopping.number else ExitCode.INTERRUPTED
    return 128 + fixing.stopping.number if fixing.stopping.number else code


class _Fix:
    """One run, from the first look to the exit code."""

    def __init__(self, fleet: Fleet, open_fleet: OpenFleet, record: RunRecord, reporter: FixReporter) -> None:
        self.acting = False
        self.stopping = Stopping()
        self._fleet = fleet
        self._open_fleet = open_fleet
        self._record = record
        self._request = record.request
        self._reporter = reporter
        self._batch = record.batch

    async def run(self, *, yes: bool, dry_run: bool) -> ExitCode:
        async with self._open_fleet(self._fleet) as session:
            plan = session.propose(self._request, batch=self._batch)
            if dry_run:
                self._reporter.dry_run(plan)
                await session.settle(_alone(plan))
                told = (*blocked_ones(plan).values(), *left_alone_ones(plan, session.reports).values())
                return exit_code(progress.status for progress in told)
            if yes:
                if plan.runnable:
                    self._reporter.plan(plan)
                return await self._execute(plan, session)
            confirmed = await self._confirm(plan, session)
            if confirmed is None:
                tell("stalewatch: not confirmed: nothing was done\n")
                return ExitCode.FAILED
            return await self._execute(confirmed, session)

    async def _confirm(self, plan: Plan, session: FleetSession) -> Plan | None:
        """The plan that a person agreed to; None: not. An answer to a plan whose evidence has changed does not count."""
        while plan.runnable:
            if not await self._reporter.ask(plan):
                return None
            await session.look()
            again = session.propose(self._request, batch=self._batch)
            if again.evidence == plan.evidence:
                return plan
            tell("\nstalewatch: the servers have changed since this plan was made; this is the new plan\n\n")
            plan = again
        return plan

    async def _execute(self, plan: Plan, session: FleetSession) -> ExitCode:
        ended = self._told(blocked_ones(plan))
        rest = tuple(server for server in plan.servers if server.runnable)
        if rest:
            self.acting = True
            run_record.save(self._record)
            with self.stopping.heard():
                ended |= await session.run(replace(plan, servers=rest), self._progress, self.stopping.why)
            self.acting = False
        if alone := _alone(plan):
            if not self.stopping.number:
                await session.settle(alone)
            ended |= self._told(left_alone_ones(plan, session.reports))
        statuses = [ended.get(server.key, Status.UNKNOWN) for server in plan.servers]
        if overall(statuses) is Status.DONE:
            run_record.save(None)
        self._reporter.result(plan, statuses)
        return exit_code(statuses)

    def _progress(self, progress: Progress) -> None:
        if progress.step == RESULT and progress.status is Status.DONE:
            self._record = self._record.with_verified((progress.server, str(progress.app)))
            run_record.save(self._record)
        self._reporter.progress(progress)

    def _told(self, results: Mapping[AppKey, Progress]) -> dict[AppKey, Status]:
        for progress in results.values():
            self._reporter.progress(progress)
        return {key: progress.status for key, progress in results.items()}


def _alone(plan: Plan) -> set[AppKey]:
    """The servers with nothing to do."""
    return {server.key for server in plan.servers if not server.steps and not server.blocked}


def exit_code(statuses: Iterable[Status]) -> ExitCode:
    """Of a whole fix."""
    return {Status.DONE: ExitCode.OK, Status.UNKNOWN: ExitCode.UNKNOWN}.get(overall(statuses), ExitCode.FAILED)
