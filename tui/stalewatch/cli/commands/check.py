"""``stalewatch check``: one look at every server, all at the same time, without the dashboard."""

from __future__ import annotations

import asyncio
import os
import re
import time
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Unpack

import click

from stalewatch.cli import completion, debug_log
from stalewatch.cli.fleet_opener import opener
from stalewatch.cli.options import Common, common, fleet_of, seconds
from stalewatch.cli.signalled import Signalled, run_until_signal
from stalewatch.cli.streams import emit, looks, tell
from stalewatch.cli.waiting_lines import WaitingLines
from stalewatch.model import reasons
from stalewatch.model.exit_codes import ExitCode
from stalewatch.model.report import Report, Severity, Verdict, worst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.cli.fleet_opener import OpenFleet
    from stalewatch.engine.fleet_session import FleetSession
    from stalewatch.model.expected import ExpectedFile
    from stalewatch.model.inventory import Fleet

FORMATS = ("text", "json", "junit", "github", "gitlab")

WAIT_INTERVAL = 2.0
"""Seconds between two looks of ``--wait``."""
RECONNECT = 5.0
"""Seconds until ``--wait`` connects again where a server was not reached."""


class Asked(NamedTuple):
    """What is asked for beside freshness. *strict*: no warning; *smoke*: an answer of each application; *commit*: which one is on the disk
    (its first digits at least; "" any); *files*: which ones are."""

    strict: bool = False
    smoke: bool = False
    commit: str = ""
    files: tuple[ExpectedFile, ...] = ()

    async def judged(self, session: FleetSession) -> Sequence[Report]:
        """The reports of the latest look of *session*, with what that makes of each."""
        if self.smoke:
            await session.smoke()
        if self.files:
            await session.expect(self.files)
        if not self.commit:
            return session.reports
        from stalewatch.diagnosis.expected import with_expected

        return tuple(with_expected(report, self.commit) for report in session.reports)


NOTHING_MORE = Asked()


def commit(value: str) -> str:
    """A commit's name, or its first digits: the type of an option."""
    if not re.fullmatch(r"[0-9a-fA-F]{7,64}", value):
        raise click.BadParameter(f"{value!r} is no commit: 7 to 64 hexadecimal digits")
    return value.lower()


def file(value: str) -> ExpectedFile:
    """``PATH=SHA256``: the type of an option. The path may hold ``=``."""
    from stalewatch.model.expected import ExpectedFile

    path, equals, sha256 = value.rpartition("=")
    if not equals or not path:
        raise click.BadParameter(f"{value!r} is not PATH=SHA256")
    if not path.isprintable():
        raise click.BadParameter(f"{path!r} contains unprintable characters")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise click.BadParameter(f"{sha256!r} is no SHA-256: 64 hexadecimal digits")
    return ExpectedFile(path, sha256.lower())


@click.command("check")
@click.argument("targets", nargs=-1, shell_complete=completion.targets, metavar="[TARGET...]")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How to answer (text).")
@click.option("--wait", type=seconds, metavar="SECONDS", help="Keep looking until all is fresh or the time is up.")
@click.option("--strict", is_flag=True, help="A warning (hit rate, disk, ...) is exit code 1 too.")
@click.option("--smoke", is_flag=True, help="Also ask each application for a page: 5xx is exit code 1.")
@click.option("--expect-commit", type=commit, metavar="SHA", help="Another commit on the disk is exit code 1.")
@click.option(
    "--expect-file", type=file, multiple=True, metavar="PATH=SHA256", help="Another content of this file is exit code 1 (repeatable)."
)
@common
@click.pass_context
def command(
    ctx: click.Context,
    /,
    targets: tuple[str, ...],
    form: str,
    wait: float | None,
    strict: bool,
    smoke: bool,
    expect_commit: str | None,
    expect_file: tuple[ExpectedFile, ...],
    **options: Unpack[Common],
) -> None:
    """One look without the dashboard: what is stale, in which layer, why, and what to do.

    Exit code: 0 fresh; 1 stale, suspect, pending, or broken (--smoke); 3 could not look; 2 usage or configuration.
    """
    wanted = Asked(strict=strict, smoke=smoke, commit=expect_commit or "", files=tuple(dict.fromkeys(expect_file)))
    ctx.exit(run(fleet_of(targets, options), opener(ctx), form=form, wait=wait, wanted=wanted))


def run(fleet: Fleet, open_fleet: OpenFleet, *, form: str = "text", wait: float | None = None, wanted: Asked = NOTHING_MORE) -> int:
    """Look, say it on stdout, and return the exit code."""
    debug_log.start()
    try:
        reports = run_until_signal(_look(fleet, open_fleet, wait, wanted))
    except Signalled as ended:
        tell(f"stalewatch: stopped by {ended} before there was an answer\n")
        return 128 + ended.number
    emit(_rendered(reports, form))
    return exit_code(reports, strict=wanted.strict)


def _rendered(reports: Sequence[Report], form: str) -> str | bytes:
    """*reports* as *form*; only what that needs is imported."""
    if form == "text":
        from stalewatch.cli.outputs import text

        colour, width = looks()
        return text.render(reports, colour=colour, width=width)
    if form == "github":
        from stalewatch.cli.outputs import github

        _summarised(github.SUMMARY, github.summary(reports))
        return github.commands(reports)
    output = import_module(f"stalewatch.cli.outputs.{form}")
    rendered: bytes = output.render(reports)
    return rendered


def _not_waiting(path: str, flags: int) -> int:
    """A pipe that nobody reads is an error, and is not waited for."""
    return os.open(path, flags | os.O_NONBLOCK, 0o666)


def _summarised(variable: str, words: str) -> None:
    """Add *words* to the file that *variable* of the environment names, if it names one."""
    if path := os.environ.get(variable):
        try:
            with open(path, "a", encoding="utf-8", opener=_not_waiting) as file:
                file.write(words)
        except OSError as error:
            tell(f"stalewatch: no job summary: {path} cannot be written: {error.strerror}\n")


def exit_code(reports: Sequence[Report], *, strict: bool = False) -> ExitCode:
    """What the contract says of these verdicts; *strict*: a warning is not fresh."""
    verdict = worst([report.verdict for report in reports])
    if verdict is Verdict.UNKNOWN or (verdict.rank < Verdict.UNKNOWN.rank and _left_out(reports)):
        return ExitCode.UNKNOWN
    if verdict is not Verdict.FRESH or any(finding.severity is Severity.CRITICAL for report in reports for finding in report.findings):
        return ExitCode.FAILED
    warned = any(finding.severity is not Severity.INFO for report in reports for finding in report.findings)
    return ExitCode.FAILED if strict and warned else ExitCode.OK


def _left_out(reports: Sequence[Report]) -> bool:
    return any(error.code in reasons.LEFT_OUT for report in reports for error in report.errors)


async def _look(fleet: Fleet, open_fleet: OpenFleet, wait: float | None, wanted: Asked) -> Sequence[Report]:
    """Look once, or again and again until fresh or *wait* seconds are over (a look that is under way then is finished)."""
    deadline = time.monotonic() + (wait or 0.0)
    lines = WaitingLines(wait or 0.0)

    def enough(reports: Sequence[Report]) -> bool:
        fresh = exit_code(reports, strict=wanted.strict) is ExitCode.OK
        if fresh or _hopeless(reports) or time.monotonic() >= deadline:
            lines.end(fresh=fresh)
            return True
        lines.wait_for([report for report in reports if exit_code([report], strict=wanted.strict) is not ExitCode.OK])
        return False

    while True:
        async with open_fleet(fleet) as session:
            while not (ended := enough(reports := await wanted.judged(session))) and _all_seen(reports):
                await asyncio.sleep(_pause(WAIT_INTERVAL, deadline))
                await session.look()
        if ended:
            return reports
        await asyncio.sleep(_pause(RECONNECT, deadline))


def _all_seen(reports: Sequence[Report]) -> bool:
    return all(report.observed_at is not None for report in reports)


def _pause(seconds: float, deadline: float) -> float:
    return max(0.0, min(seconds, deadline - time.monotonic()))


def _hopeless(reports: Sequence[Report]) -> bool:
    return any(not reasons.may_retry(error.code) for report in reports for error in report.errors)
