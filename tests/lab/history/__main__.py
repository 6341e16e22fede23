"""`python -m tests.lab.history --seconds 600 --seed 1`: a history on a lab of two hosts, checked. Exit code 1: it breaks a rule."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tests.lab import Lab, Unavailable
from tests.lab.history import checker, plan
from tests.lab.history.events import History
from tests.lab.history.run import happen
from tests.lab.history.watched import Watched


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.history", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("build/history"), help="where the history is written, to be read again")
    parser.add_argument("--check", type=Path, help="only check a history that was written before")
    given = parser.parse_args()
    if given.check is not None:
        return told(msgspec.json.decode(given.check.read_bytes(), type=History))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it, and its children would too
    try:
        with Lab(2) as lab, tempfile.TemporaryDirectory() as directory:
            made = plan.make(given.seed, given.seconds, tuple(lab.targets))
            history = happen(lab, [Watched(host, linked=number % 2 == 1) for number, host in enumerate(lab.hosts)], made, Path(directory))
    except Unavailable as reason:
        print(f"The lab cannot run here: {reason}", file=sys.stderr)
        return 1
    given.keep.mkdir(parents=True, exist_ok=True)
    written = given.keep / f"seed-{given.seed}-{given.seconds:g}s.json"
    written.write_bytes(msgspec.json.encode(history))
    print(f"seed {given.seed}, {given.seconds:g} s, written to {written}")
    return told(history)


def told(history: History) -> int:
    print(", ".join(f"{what} {count}" for what, count in checker.counts(history).items()))
    broken = checker.check(history)
    for one in broken:
        at = f"{datetime.fromtimestamp(one.at, UTC):%H:%M:%S.%f}"[:-3] if one.at else "at the end"
        print(f"{at} {one.host} {one.run}: {one.rule}: {one.words}")
    print(f"{len(checker.RULES)} rules, {len(broken)} violations")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
