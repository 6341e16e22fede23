"""``stalewatch report``: the Markdown of an incident, from a recording or from one look."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from stalewatch.cli import debug_log
from stalewatch.cli.fleet_opener import look_once, opener
from stalewatch.cli.options import Common, common, fleet_of
from stalewatch.cli.streams import emit, tell
from stalewatch.model.errors import UsageError
from stalewatch.model.exit_codes import ExitCode
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.cli.fleet_opener import OpenFleet
    from stalewatch.model.inventory import Fleet
    from stalewatch.model.report import Report
    from stalewatch.timeline.incident import IncidentStory

HOURS = 12
"""So far back the audit log of this machine is read."""


@click.command("report")
@click.argument("sources", nargs=-1, metavar="[FILE | TARGET...]")
@common
@click.pass_context
def command(ctx: click.Context, /, sources: tuple[str, ...], **options: Unpack[Common]) -> None:
    """The report of an incident as Markdown: impact, root cause, what was done, timeline, prevention, open questions.

    FILE is a recording of stalewatch record; a file that is there is never taken for a TARGET. Of TARGETs it tells what one look shows,
    and what was done from this machine in the last 12 hours. Nothing can be changed on a server.

    Exit code: 0; 3 where a server could not be looked at.
    """
    debug_log.start()
    if recorded := _recording(sources):
        ctx.exit(of_recording(recorded))
    ctx.exit(of_look(fleet_of(sources, options), opener(ctx)))


def _recording(sources: Sequence[str]) -> Path | None:
    """The file that is meant, if one is. Raises UsageError."""
    files = [source for source in sources if os.path.isfile(source)]  # noqa: PTH113  Path raises where a name is too long
    if files and len(sources) > 1:
        raise UsageError(f"{safe(files[0], 200)} is a recording: it is reported alone", grant="name one FILE, or only TARGETs")
    for source in sources:
        if not files and ("/" in source or source.endswith((".rec", ".ndjson", ".zst"))):
            raise UsageError(f"there is no file {safe(source, 200)}", grant="stalewatch record FILE makes a recording")
    return Path(files[0]) if files else None


def of_recording(path: Path) -> ExitCode:
    """What was recorded in *path*. Raises UsageError where it is no recording that can be read."""
    from stalewatch.recording.incident import incident_of
    from stalewatch.recording.reader import Recording

    recording = Recording(path)
    _write(incident_of(recording))
    for remark in recording.remarks():
        tell(f"stalewatch: {remark}\n")
    return ExitCode.OK


def of_look(fleet: Fleet, open_fleet: OpenFleet) -> ExitCode:
    """What one look shows."""
    reports = asyncio.run(look_once(open_fleet, fleet))
    _write(_seen(reports, time.time()))
    return ExitCode.UNKNOWN if any(report.observed_at is None for report in reports) else ExitCode.OK


def _seen(reports: Sequence[Report], now: float) -> IncidentStory:
    from stalewatch.runbook.audit_log import entries_since
    from stalewatch.runbook.audited_steps import steps_taken
    from stalewatch.timeline import history
    from stalewatch.timeline.incident import IncidentTeller

    teller = IncidentTeller()
    teller.saw(reports)
    events = [event for report in reports for event in history(report)]
    steps = steps_taken(entries_since(now - HOURS * 3600), {(report.server, str(report.app)) for report in reports})
    looked = min((report.observed_at for report in reports if report.observed_at is not None), default=now)
    ended = max((report.observed_at for report in reports if report.observed_at is not None), default=now)
    return teller.told(events, steps, begun=looked, ended=ended)


def _write(incident: IncidentStory) -> None:
    from stalewatch.cli.outputs.incident.document import render

    emit(render(incident))
