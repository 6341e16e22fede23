"""``stalewatch demo``: the dashboard over the embedded servers."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from tui.demo.embedded import Embedded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

TITLE = "api-gateway · demo"


def run(read_only: bool = False) -> int:
    """Start the servers, watch them until the person leaves, clean up; gives the exit code."""
    threading.Thread(target=import_module, args=("tui.app",), daemon=True).start()  # while the servers are being made
    with _signals_unwind(), Embedded(read_only=read_only) as world:
        from tui.app import StalewatchApp
        from tui.engine import Engine

        engine = Engine(world.fleet)
        engine.start()
        app = StalewatchApp(engine, title=TITLE, abandoned=engine.stop)
        try:
            app.run()
            return app.return_code or 0
        finally:
            app.ending.over()
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
