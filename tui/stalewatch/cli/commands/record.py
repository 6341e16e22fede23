"""``stalewatch record FILE``: keep what is seen, without the dashboard."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from stalewatch.cli import completion, debug_log
from stalewatch.cli.options import Common, common, fleet_of, seconds
from stalewatch.cli.signalled import heeded
from stalewatch.cli.streams import tell
from stalewatch.model import figures
from stalewatch.model.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stalewatch.model.inventory import Fleet
    from stalewatch.recording.recorder import Recorder

INTERVAL = 2.0


@click.command("record")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.argument("targets", nargs=-1, shell_complete=completion.targets, metavar="[TARGET...]")
@click.option("--interval", type=seconds, default=INTERVAL, metavar="SECONDS", help=f"Look so often ({INTERVAL:g}).")
@click.option("--overwrite", is_flag=True, help="Write FILE also where it is there already.")
@common
@click.pass_context
def command(
    ctx: click.Context, /, file: Path, targets: tuple[str, ...], interval: float, overwrite: bool, **options: Unpack[Common]
) -> None:
    """Look until Ctrl-C, and keep in FILE what was seen, for stalewatch replay. Nothing can be changed on a server.

    To have in it what you do as well, record beside the dashboard: stalewatch --record FILE. Exit code: 0; 1 where FILE takes no more.
    """
    debug_log.start()
    ctx.exit(run(fleet_of(targets, options), file, interval=interval, overwrite=overwrite))


def run(fleet: Fleet, path: Path, *, interval: float, overwrite: bool) -> ExitCode:
    """Record until a signal, or until the file takes no more. Raises UsageError where it cannot be made."""
    from stalewatch.engine.engine import Engine
    from stalewatch.model.replace import replace

    over = threading.Event()
    with recording(path, fleet, overwrite=overwrite, broke=lambda _: over.set()) as recorder:
        engine = Engine(replace(fleet, read_only=True), interval=interval, listener=recorder)
        with _ended_by_signals(over):
            engine.start()
            tell(f"stalewatch: recording {figures.count(len(fleet.servers), 'server')} to {path}; Ctrl-C ends it\n")
            over.wait()
            engine.stop()
    return ExitCode.FAILED if recorder.why_not else ExitCode.OK


@contextmanager
def recording(path: Path, fleet: Fleet, *, overwrite: bool = False, broke: Callable[[str], None] = lambda _: None) -> Iterator[Recorder]:
    """A recorder of what is done meanwhile; at its end, one line says what is in *path*, or why it takes no more. Raises UsageError where
    it cannot be made. *broke* is called, from another thread, once nothing can be written any more."""
    from stalewatch.recording.recorder import Recorder
    from stalewatch.recording.recording_file import RecordingFile

    begun = time.monotonic()
    recorder = Recorder(RecordingFile(path, overwrite=overwrite), fleet, broke=broke)
    try:
        yield recorder
    finally:
        recorder.stop()
        kept = f"{figures.count(recorder.looks, 'look')}, {figures.count(recorder.events, 'event')}, {figures.size(recorder.size)}"
        tell(f"stalewatch: {recorder.why_not or f'{path}: {kept} in {figures.span(time.monotonic() - begun)}'}\n")


@contextmanager
def _ended_by_signals(over: threading.Event) -> Iterator[None]:
    before = {number: signal.signal(number, lambda _number, _frame: over.set()) for number in heeded()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
