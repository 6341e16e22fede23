"""``stalewatch replay FILE``: the dashboard on a recording."""

from __future__ import annotations

from pathlib import Path

import click

from stalewatch.cli import debug_log
from stalewatch.cli.commands.dashboard import no_screen
from stalewatch.cli.streams import tell
from stalewatch.model.errors import UsageError


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.pass_context
def command(ctx: click.Context, /, file: Path) -> None:
    """The dashboard as it was while FILE was recorded: every verdict is made again from what was seen.

    P plays and pauses, x plays faster, . and , go from event to event, ( and ) a minute back and forward; ? shows all keys. No server is
    connected to, and nothing can be done on one.
    """
    if why := no_screen():
        raise UsageError(f"a replay needs a terminal to draw on: {why}")
    debug_log.start()
    ctx.exit(run(file))


def run(path: Path) -> int:
    """Play until the person quits; the exit code. Raises UsageError where *path* is no recording that can be read."""
    from stalewatch.dashboard.app import StalewatchApp
    from stalewatch.recording.reader import Recording
    from stalewatch.recording.replay import Replay

    recording = Recording(path)
    replay = Replay(recording)
    app = StalewatchApp(replay, painted=replay.start, abandoned=replay.stop, playback=replay)
    try:
        app.run()
    finally:
        app.shutdown.over()
        replay.stop()
        for remark in recording.remarks():
            tell(f"stalewatch: {remark}\n")
    return app.return_code or 0
