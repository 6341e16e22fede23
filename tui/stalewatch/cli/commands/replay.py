"""``stalewatch replay FILE``: the dashboard on a recording."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stalewatch.cli import debug_log
from stalewatch.cli.commands.dashboard import incident_report, no_screen, with_own_ui
from stalewatch.cli.options import theme_option
from stalewatch.cli.streams import tell
from stalewatch.model.errors import UsageError
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from stalewatch.cli.outputs.asciicast import Shot
    from stalewatch.recording.reader import Recording

SIZE = (80, 24)
BETWEEN = 0.5
"""Seconds of the recording between two pictures of a cast, at least."""
IDLE = 2.0
"""Seconds that a cast stands still, at most."""


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--cast", type=click.Path(path_type=Path, dir_okay=False), metavar="CAST", help="Write an asciicast (NAME.svg: a picture).")
@click.option("--overwrite", is_flag=True, help="Write CAST also where there is a file already.")
@theme_option
@click.pass_context
def command(ctx: click.Context, /, file: Path, cast: Path | None, overwrite: bool, theme: str | None) -> None:
    """The dashboard as it was while FILE was recorded: every verdict is made again from what was seen.

    P plays and pauses, X plays faster, . and , go from event to event, ( and ) a minute back and forward; ? shows all keys. No server is
    connected to, and nothing can be done on one.

    --cast needs no terminal: asciinema play CAST shows it, pauses cut to 2 seconds, 80x24.
    """
    if cast is not None:
        write_cast(file, cast, overwrite=overwrite)
        return
    if why := no_screen():
        raise UsageError(f"a replay needs a terminal to draw on: {why}")
    debug_log.start()
    ctx.exit(run(file, theme or ""))


def write_cast(path: Path, cast: Path, *, overwrite: bool = False) -> None:
    """*path*, replayed, as an asciicast in *cast*, or as an SVG by its name. Raises UsageError where *path* is no recording, or *cast*
    cannot be written or is there already (but with *overwrite*)."""
    from stalewatch.cli.outputs import asciicast, moving_picture
    from stalewatch.config.own_files import replace_own
    from stalewatch.recording.reader import Recording

    shown = safe(str(cast), 200)
    render = moving_picture.render if cast.suffix == ".svg" else asciicast.render
    try:
        if cast.exists() and path.exists() and cast.samefile(path):
            raise UsageError(f"{shown} is the recording itself", grant="give the cast another name")
        recording = Recording(path)
        if cast.exists() and not overwrite:
            raise UsageError(f"{shown} is there already", grant="give another name, or --overwrite")
        shots = asyncio.run(_shots(recording))
        replace_own(cast, render(shots, width=SIZE[0], height=SIZE[1], title="stalewatch", idle=IDLE))
    except OSError as error:
        raise UsageError(f"{shown} cannot be written: {error.strerror}") from error
    for remark in recording.remarks():
        tell(f"stalewatch: {remark}\n")


async def _shots(recording: Recording) -> list[Shot]:
    from stalewatch.cli.outputs.asciicast import Shot
    from stalewatch.dashboard.filmed import filmed
    from stalewatch.recording.replay import Replay

    replay = Replay(recording, monotonic=lambda: 0.0)
    moments = [replay.begun]
    for entry in replay.entries:
        if entry is not None and entry.at - moments[-1] >= BETWEEN:
            moments.append(entry.at)
    if replay.end > moments[-1]:
        moments.append(replay.end)
    rows = [rows async for rows in filmed(replay, moments, SIZE)]
    return [Shot(at, shown) for at, shown in zip(moments, rows, strict=True)]


def run(path: Path, theme: str = "") -> int:
    """Play until the person quits; the exit code. Raises UsageError where *path* is no recording that can be read."""
    from stalewatch.dashboard import remembered
    from stalewatch.dashboard.app import StalewatchApp
    from stalewatch.recording.reader import Recording
    from stalewatch.recording.replay import Replay

    recording = Recording(path)
    replay = Replay(recording)
    replay.fleet = with_own_ui(replay.fleet)
    looks = remembered.load()
    app = StalewatchApp(
        replay, theme=theme, remembered=looks, painted=replay.start, abandoned=replay.stop, playback=replay, report=incident_report
    )
    try:
        app.run()
    finally:
        app.shutdown.over()
        replay.stop()
        for remark in recording.remarks():
            tell(f"stalewatch: {remark}\n")
    return app.return_code or 0
