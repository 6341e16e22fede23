"""`python -m tests.lab.truth`: make every state, ask stalewatch and three simpler checks, and print what each of them said."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from tests.lab import Lab, Unavailable
from tests.lab.truth import printed
from tests.lab.truth.run import HOSTS, run
from tests.lab.truth.table import GROUPS


def main() -> int:
    arguments = parse()
    begun = time.monotonic()
    groups = [group for group in GROUPS if not arguments.group or group.name in arguments.group]
    states = [
        state for group in groups for state in group.states if not arguments.only or any(word in state.name for word in arguments.only)
    ]
    if not states:
        print("no state is called so; the groups are: " + ", ".join(group.name for group in GROUPS), file=sys.stderr)
        return 2
    try:
        with Lab(min(HOSTS, len(states))) as lab:
            outcomes = asyncio.run(run(lab, states))
    except Unavailable as reason:
        print(f"The lab cannot run here: {reason}", file=sys.stderr)
        return 2
    for line in (*printed.lines(groups, outcomes, named=bool(arguments.only)), f"{time.monotonic() - begun:.0f} s"):
        print(line)
    return int(any(outcome.wrong for outcome in outcomes))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.truth", description=__doc__)
    parser.add_argument("only", nargs="*", help="only the states whose name contains one of these")
    parser.add_argument("--group", action="append", help="only this group, like 'web servers'; may be given more than once")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
