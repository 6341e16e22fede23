"""`python -m tests.lab.heal`: fix every stale state for real, and print what was served before and after."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter

from tests.lab import Lab, Unavailable
from tests.lab.heal.run import End, Healing, run
from tests.lab.truth import STATES, Kind
from tests.lab.truth.fleet import STATES as FLEET
from tests.lab.truth.run import HOSTS


def main() -> int:
    words = parse().only
    states = [
        state
        for state in STATES
        if state.kind is Kind.STALE and state not in FLEET and (not words or any(word in state.name for word in words))
    ]
    if not states:
        print("no stale state is called so", file=sys.stderr)
        return 2
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as kept:
        os.environ["XDG_STATE_HOME"] = kept
        try:
            with Lab(min(HOSTS, len(states))) as lab:
                healings = asyncio.run(run(lab, states, lambda one: print(line(one), flush=True)))
        except Unavailable as reason:
            print(f"The lab cannot run here: {reason}", file=sys.stderr)
            return 2
    ends = Counter(one.end for one in healings)
    print(f"\n{len(healings)} states: " + ", ".join(f"{ends[end]} {end}" for end in End))
    healed = [one for one in healings if one.end is End.HEALED]
    print(f"requests lost while {len(healed)} were healed: {sum(one.lost for one in healed)} of {sum(one.sent for one in healed)}")
    print(f"{time.monotonic() - begun:.0f} s")
    return int(ends[End.WRONG] > 0)


def line(one: Healing) -> str:
    """One state; what is not healed has its reason below it."""
    sign = "✓" if one.end is End.HEALED else "✗" if one.end is End.WRONG else "·"
    served = f"{one.before:>6} → {one.after:<6} {one.verdict:<8}"
    text = f"{sign} {one.state.name:<68} {one.end:<9} {served} {one.seconds:4.0f} s  {one.lost}/{one.sent}"
    return text if one.end is End.HEALED else f"{text}\n      {', '.join(one.steps) or 'no step'}; {one.said}"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.heal", description=__doc__)
    parser.add_argument("only", nargs="*", help="only the states whose name contains one of these")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
