"""``stalewatch [TARGET...]``: the dashboard; the text of a ``check`` where there is no terminal to draw on."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from stalewatch.cli import completion, debug_log
from stalewatch.cli.fleet_opener import opener
from stalewatch.cli.options import Common, common, fleet_of, theme_option
from stalewatch.cli.streams import is_terminal, tell
from stalewatch.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.model.inventory import Fleet
    from stalewatch.recording.recorder import Recorder
    from stalewatch.timeline.incident import IncidentStory


_DRAWN = "│▁✗…"
"""Characters of every screen: without them it would be full of escapes."""


class _Dashboard(click.Command):
    """Has no help of its own: the help of ``stalewatch`` is its help."""

    def get_help(self, ctx: click.Context) -> str:
        return ctx.parent.get_help() if ctx.parent else super().get_help(ctx)


@click.command("dashboard", cls=_Dashboard, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("targets", nargs=-1, shell_complete=completion.targets, metavar="[TARGET...]")
@click.option("--record", type=click.Path(path_type=Path), metavar="FILE")
@theme_option
@common
@click.pass_context
def command(ctx: click.Context, /, targets: tuple[str, ...], record: Path | None, theme: str | None, **options: Unpack[Common]) -> None:
    """The dashboard."""
    fleet = fleet_of(targets, options)
    why = no_screen()
    if why and record is not None:
        raise UsageError(f"--record keeps what the dashboard shows, and {why}", grant="stalewatch record FILE needs no terminal")
    if why:
        from stalewatch.cli.commands import check

        tell(f"stalewatch: no dashboard, {why}: this is the text of stalewatch check\n")
        ctx.exit(check.run(fleet, opener(ctx)))
    ctx.exit(run(fleet, record, theme or ""))


def no_screen() -> str:
    """Why no dashboard can be drawn here; "" if it can."""
    if not is_terminal(sys.stdout) or not is_terminal(sys.stdin):
        return "stdin and stdout are not a terminal"
    if not is_terminal(sys.stderr):  # Textual draws there: its keys would act on what nobody sees
        return "stderr is not a terminal"
    if os.environ.get("TERM", "dumb") in ("dumb", ""):
        return "the terminal is TERM=dumb"
    try:
        _DRAWN.encode(sys.stderr.encoding)
    except UnicodeEncodeError:
        return f"the terminal's encoding is {sys.stderr.encoding} (LC_ALL=C.UTF-8 makes it UTF-8, PYTHONIOENCODING unset)"
    return ""


def garbage_later() -> Callable[[], None]:
    """Nothing is garbage before the first frame, and looking for it is a tenth of the start. Gives what begins to look, for after it."""
    gc.disable()

    def begin() -> None:
        gc.freeze()  # what is loaded stays: no later collection goes through it
        gc.enable()

    return begin


def run(fleet: Fleet, record: Path | None = None, theme: str = "") -> int:
    """Watch until the person quits; the exit code of the app. *record*: the file that keeps it (None: none). Raises UsageError where that
    cannot be made."""
    debug_log.start()
    if record is None:
        return watch(fleet, theme=theme)
    from stalewatch.cli.commands.record import recording

    with recording(record, fleet) as recorder:
        return watch(fleet, recorder, str(record), theme)


def incident_report(incident: IncidentStory) -> str:
    """What ``stalewatch report`` writes of *incident*."""
    from stalewatch.cli.outputs.incident.document import render

    return render(incident)


def with_own_ui(fleet: Fleet) -> Fleet:
    """*fleet*, which is not that of stalewatch.toml, with the keys and the looks of this person. A mistake there is told, and keeps nobody
    from looking."""
    from stalewatch.config.load import own_ui
    from stalewatch.dashboard.actions import own_keys
    from stalewatch.model.replace import replace

    try:
        ui, files = own_ui()
        own_keys.use(ui.keys, files)
    except UsageError as error:
        tell(f"stalewatch: {error}; your own keys and looks are left out\n")
        return fleet
    return replace(fleet, ui=ui, ui_files=files)


def watch(fleet: Fleet, recorder: Recorder | None = None, record: str = "", theme: str = "") -> int:
    """The same, with what keeps it."""
    collect_garbage = garbage_later()
    from stalewatch.dashboard import remembered
    from stalewatch.dashboard.actions import own_keys
    from stalewatch.dashboard.app import StalewatchApp
    from stalewatch.engine.engine import Engine
    from stalewatch.engine.listener import NOBODY

    own_keys.use(fleet.ui.keys, fleet.ui_files)
    before = remembered.load()
    engine = Engine(fleet, interval=before.interval or fleet.ui.interval, listener=recorder or NOBODY)

    def painted() -> None:
        collect_garbage()
        engine.start()

    app = StalewatchApp(
        engine, theme=theme, remembered=before, painted=painted, abandoned=engine.stop, recording=record, report=incident_report
    )
    try:
        app.run()
    finally:
        app.shutdown.over()
        if (after := app.to_remember) != before:
            remembered.save(after)
        engine.stop()
    return app.return_code or 0
