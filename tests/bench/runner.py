"""The dashboard over a synthetic fleet: ``python -m tests.bench.runner SERVERS [--beat S] [--moving] [--events N] [--links]``."""

from __future__ import annotations

import argparse
import importlib
import sys

from stalewatch.dashboard.app import StalewatchApp
from tests.bench.synthetic import SyntheticEngine


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("servers", type=int)
    parser.add_argument("--beat", type=float, default=0.0)
    parser.add_argument("--moving", action="store_true")
    parser.add_argument("--events", type=int, default=0)
    parser.add_argument("--links", action="store_true", help="import what real links need too, for their memory")
    asked = parser.parse_args()
    if asked.links:
        for name in (
            "stalewatch.engine.engine",
            "stalewatch.engine.poller",
            "stalewatch.transport.ssh.dial",
            "stalewatch.transport.local",
        ):
            importlib.import_module(name)
    engine = SyntheticEngine(asked.servers, beat=asked.beat, moving=asked.moving, events=asked.events)
    app = StalewatchApp(engine, title="synthetic", now=engine.now)
    engine.start()
    return app.run() or 0


if __name__ == "__main__":
    sys.exit(main())
