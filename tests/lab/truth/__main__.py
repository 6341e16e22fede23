"""`python -m tests.lab.truth`: make every state, ask stalewatch and three simpler checks, and print what each of them said."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence

from tests.lab import Lab, Unavailable
from tests.lab.truth import STATES, Kind
from tests.lab.truth.naive import CHECKS
from tests.lab.truth.run import HOSTS, Outcome, run

_SIGN = {True: "alarm", False: "·", None: "?"}


def main() -> int:
    arguments = parse()
    states = [state for state in STATES if not arguments.only or any(word in state.name for word in arguments.only)]
    begun = time.monotonic()
    try:
        with Lab(min(HOSTS, len(states))) as lab:
            outcomes = asyncio.run(run(lab, states))
    except Unavailable as reason:
        print(f"The lab cannot run here: {reason}", file=sys.stderr)
        return 2
    for line in (*table(outcomes), "", *summary(outcomes), f"{time.monotonic() - begun:.0f} s"):
        print(line)
    return int(any(outcome.wrong for outcome in outcomes))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.truth", description=__doc__)
    parser.add_argument("only", nargs="*", help="only the states whose name contains one of these")
    return parser.parse_args()


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """One line a state, and one for everything in which it is not as expected."""
    heads = ("state", "expected", "stalewatch", "serves", *CHECKS)
    width = max(len(outcome.state.name) for outcome in outcomes)
    widths = (width, 8, 10, 7, *map(len, CHECKS))
    lines = []
    kind = None
    for outcome in sorted(outcomes, key=lambda one: list(Kind).index(one.state.kind)):
        if outcome.state.kind is not kind:
            kind = outcome.state.kind
            lines += ["", f"{kind}:".upper(), row(heads, widths)]
        got = outcome.report.verdict.value if outcome.report is not None else "none"
        checks = [_SIGN[outcome.alarms.get(name)] for name in CHECKS]
        lines.append(row((outcome.state.name, outcome.state.verdict.value, got, outcome.served, *checks), widths))
        lines += [f"    ✗ {wrong}" for wrong in outcome.wrong]
    return lines


def row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Cells, padded."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def summary(outcomes: Sequence[Outcome]) -> list[str]:
    """How many stale states each check found, and how many healthy ones it called stale."""
    stale = [outcome for outcome in outcomes if outcome.state.kind is Kind.STALE]
    healthy = [outcome for outcome in outcomes if outcome.state.kind is Kind.HEALTHY]
    wrong = sum(1 for outcome in outcomes if outcome.wrong)
    lines = [f"{len(stale)} stale, {len(healthy)} healthy, {len(outcomes) - len(stale) - len(healthy)} unsettled; {wrong} not as expected"]
    found = sum(1 for outcome in stale if outcome.report is not None and outcome.report.verdict.rank > 1)
    false = sum(1 for outcome in healthy if outcome.report is not None and outcome.report.verdict.rank > 1)
    lines.append(f"{'stalewatch':<14} found {found:>2} of {len(stale)}, false alarms {false:>2} of {len(healthy)}")
    for name in CHECKS:
        found = sum(1 for outcome in stale if outcome.alarms.get(name))
        false = sum(1 for outcome in healthy if outcome.alarms.get(name))
        lines.append(f"{name:<14} found {found:>2} of {len(stale)}, false alarms {false:>2} of {len(healthy)}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
