"""``stalewatch demo``: the dashboard over embedded servers."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

import click

from stalewatch.cli import debug_log
from stalewatch.cli.commands.dashboard import no_screen
from stalewatch.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

TITLE = "api-gateway · demo"


@click.command("demo")
@click.option("--read-only", is_flag=True, help="Only look: every acting key is off.")
@click.pass_context
def command(ctx: click.Context, /, read_only: bool) -> None:
    """Three embedded servers live through the incident that stalewatch was born from; f, a look and a confirmation end it.

    Needs no PHP, no root and no network. Nothing is left behind.
    """
    if why := no_screen():
        raise UsageError(f"the demo needs a terminal to draw on: {why}")
    debug_log.start()
    ctx.exit(run(read_only))


def run(read_only: bool = False) -> int:
    """Start the servers, watch them until the person leaves, clean up; gives the exit code."""
    threading.Thread(target=import_module, args=("stalewatch.dashboard.app",), daemon=True).start()  # while the servers are being made
    from stalewatch.demo.embedded import Embedded

    with _signals_unwind(), Embedded(read_only=read_only) as world:
        from stalewatch.dashboard.app import StalewatchApp
        from stalewatch.engine.engine import Engine

        engine = Engine(world.fleet)
        engine.start()
        app = StalewatchApp(engine, title=TITLE, abandoned=engine.stop)
        try:
            app.run()
            return app.return_code or 0
        finally:
            app.shutdown.over()
            engine.stop()


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """Before and after the application has handlers of its own, TERM and HUP end us through every ``finally``."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
