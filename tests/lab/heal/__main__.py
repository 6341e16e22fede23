"""`python -m tests.lab.heal`: fix every stale state for real, and print what was served before and after."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence

from stalewatch.model import figures
from tests.lab import Lab, Unavailable
from tests.lab.heal.judge import End, Healing
from tests.lab.heal.run import RIGHTS_OF, run
from tests.lab.truth import STATES, Kind
from tests.lab.truth.fleet import STATES as FLEET
from tests.lab.truth.run import HOSTS
from tests.lab.truth.state import State

LEAST = (
    "config: cache truncated",
    "routes: a source edited",
    "packages: one installed, not discovered",
    "views: source edited, compiled one held",
    "vt=0: a script in use is deleted, one look",
    "vt=0: directory renamed over, seen before",
    "release: link switched, not requested since",
    "fpm: ini newer, no reload",
    "workers: older than the deploy",
    "class map: a class moved to a new file",
    "Symfony: services.yaml edited, container not compiled",
)
"""What is fixed with the least rights: a state of each kind of step, and of none."""


def main() -> int:
    given = parse()
    words = given.only or (LEAST if given.rights == "least" else ())
    states = [
        state
        for state in STATES
        if state.kind is Kind.STALE and state not in FLEET and (not words or any(word in state.name for word in words))
    ]
    if not states:
        print("no stale state is called so", file=sys.stderr)
        return 2
    begun = time.monotonic()
    ended: list[Healing] = []

    def tell(one: Healing) -> None:
        ended.append(one)
        print(line(one), flush=True)

    with tempfile.TemporaryDirectory() as kept:
        os.environ["XDG_STATE_HOME"] = kept
        try:
            with Lab(min(HOSTS, len(states))) as lab:
                asyncio.run(run(lab, states, tell, given.rights))
        except Unavailable as reason:
            print(f"The lab cannot run here: {reason}", file=sys.stderr)
            return 2
        finally:  # also of a run that was stopped
            print(*missing(states, ended), "", table(ended, given.rights), f"{time.monotonic() - begun:.0f} s", summed_up(ended), sep="\n")
    return int(len(ended) < len(states) or any(one.end is End.WRONG for one in ended))


def missing(states: Sequence[State], ended: Sequence[Healing]) -> list[str]:
    """The states of which nothing is known, a line each."""
    known = {one.state.name for one in ended}
    return [f"? {state.name:<68} did not end" for state in states if state.name not in known]


def table(healings: Sequence[Healing], rights: str) -> str:
    """The counts, as the table of docs/testing.md."""
    ends, (lost, sent) = Counter(one.end for one in healings), requests(healings)
    command = "make heal" if rights == "all" else f"python -m tests.lab.heal --rights {rights}"
    head = ("command", "states", *(end.value for end in End), "requests lost")
    row = (f"`{command}`", str(len(healings)), *(str(ends[end]) for end in End), f"{lost} of {sent:,}")
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), row))


def summed_up(healings: Sequence[Healing]) -> str:
    """The counts, as a sentence for README."""
    ends, (lost, sent) = Counter(one.end for one in healings), requests(healings)
    counts = ", ".join(f"{ends[end]} {end}" for end in End)
    return f"{figures.count(len(healings), 'stale state')}: {counts}; {lost} of {sent:,} requests lost"


def requests(healings: Sequence[Healing]) -> tuple[int, int]:
    """How many were lost, of how many."""
    return sum(one.lost for one in healings), sum(one.sent for one in healings)


def line(one: Healing) -> str:
    """One state; what is not healed has its reason below it."""
    sign = "✓" if one.end is End.HEALED else "✗" if one.end is End.WRONG else "·"
    served = f"{one.before:>6} → {one.after:<6} {one.verdict:<8}"
    text = f"{sign} {one.state.name:<68} {one.end:<9} {served} {one.seconds:4.0f} s  {one.lost}/{one.sent}"
    return text if one.end is End.HEALED else f"{text}\n      {', '.join(one.steps) or 'no step'}; {one.said}"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.heal", description=__doc__)
    parser.add_argument("only", nargs="*", help="only the states whose name contains one of these")
    parser.add_argument(
        "--rights",
        choices=RIGHTS_OF,
        default="all",
        help="what sudo permits the login (least: nothing; on eleven states, unless some are named)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
