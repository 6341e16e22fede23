"""``python -m tests.bench [NAME…]``: see the package."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from typing import TYPE_CHECKING

import tests.bench
from tests.bench import apps, cost, fixing, painting, scale, stalled, start
from tests.bench.table import Row, table
from tests.lab import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

BENCHES: dict[str, Callable[[bool], list[Row]]] = {
    "help": start.help_,
    "frame": start.frame,
    "demo": start.demo,
    "quiet": painting.quiet,
    "busy": painting.busy,
    "pan": painting.pan,
    "memory": painting.memory,
    "stalled": stalled.stalled,
    "cost": cost.cost,
    "apps": apps.apps,
    "live": cost.live,
    "fix": fixing.fix,
    "scale": scale.scale,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=tests.bench.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones (default: all): {' '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="short and rough")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a goal is missed")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(BENCHES):
        parser.error(f"no such benchmark: {' '.join(sorted(unknown))}; there are {' '.join(BENCHES)}")
    began, before = time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="stalewatch-bench-") as bytecode:
        # What is installed has its bytecode compiled; a checkout may not be allowed to write any.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = bytecode
        rows = [row for name in asked.names or BENCHES for row in measure(name, asked.quick)]
    print(table(rows))
    pace = min(start.pass_().wall for _ in range(10)) * 1000
    machine = f"{os.cpu_count()} cores, load {before:.1f} at the start, Python {sys.version.split()[0]}, python -c pass {pace:.1f} ms"
    print(f"\n{machine}, {time.monotonic() - began:.0f} s")
    return int(asked.strict and any(row.ok is False for row in rows))


def measure(name: str, quick: bool) -> list[Row]:
    """One benchmark; where it cannot run, a row that says why."""
    print(f"{name} …", file=sys.stderr, flush=True)
    try:
        return BENCHES[name](quick)
    except (Unavailable, RuntimeError) as reason:
        return [Row(name, f"not measured: {reason}")]


if __name__ == "__main__":
    sys.exit(main())
