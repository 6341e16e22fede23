"""The dashboard over the demo's servers; when which server was looked at, and when the screen's loop ran, goes to a file.

``python -m tests.bench.demo_runner FILE``: lines ``look SERVER SECONDS`` and ``screen SECONDS`` (monotonic).
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from stalewatch.dashboard.app import StalewatchApp
from stalewatch.demo.embedded import Embedded
from stalewatch.engine.engine import Engine

EVERY = 0.05


def main() -> int:
    with Embedded() as world, Path(sys.argv[1]).open("w", buffering=1) as notes:
        engine = Engine(world.fleet)
        app = StalewatchApp(engine, title="demo", painted=engine.start)
        threading.Thread(target=watch, args=(engine, notes), daemon=True).start()
        app.call_later(lambda: app.set_interval(EVERY, lambda: notes.write(f"screen {time.monotonic()}\n")))
        try:
            return app.run() or 0
        finally:
            engine.stop()


def watch(engine: Engine, notes) -> None:  # type: ignore[no-untyped-def]
    """Note each answer that reaches the board, from a thread that neither the screen nor the engine waits for."""
    seen: dict[str, float] = {}
    while True:
        for pane in engine.board.snapshot().panes:
            if pane.received_at is not None and pane.received_at != seen.get(pane.server):
                seen[pane.server] = pane.received_at
                notes.write(f"look {pane.server} {pane.received_at}\n")
        time.sleep(EVERY)


if __name__ == "__main__":
    sys.exit(main())
