"""The truth table as text: groups with their counts, a line a state, and what is wrong at the end again. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

from stalewatch.model.report import Layer, Verdict
from tests.lab.truth.naive import CHECKS
from tests.lab.truth.run import Outcome
from tests.lab.truth.state import Kind
from tests.lab.truth.table import Group

_SIGN = {True: "alarm", False: "·", None: "?"}
_NAME = 68
_WIDTH = 120
_WIDTHS = (_NAME, 8, 7, *map(len, CHECKS))


def lines(groups: Sequence[Group], outcomes: Sequence[Outcome], named: bool = False) -> list[str]:
    """All of it. *named*: the states were chosen by their names, so that groups without one of them are no news."""
    by_name = {outcome.state.name: outcome for outcome in outcomes}
    text: list[str] = []
    for group in groups:
        own = [by_name[state.name] for state in group.states if state.name in by_name]
        if own:
            text += [*_heading(group, own), *_rows(own), ""]
        elif not named:
            text += [f"{group.name.upper()}: not one of its states was made", ""]
    return [*text, *_summary(outcomes), *_failures(outcomes)]


def _heading(group: Group, outcomes: Sequence[Outcome]) -> list[str]:
    kinds = [outcome.state.kind for outcome in outcomes]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in Kind if kind in kinds)
    wrong = sum(bool(outcome.wrong) for outcome in outcomes)
    ends = f"✗ {wrong} of {len(outcomes)} not as expected" if wrong else "✓ all as expected"
    about = textwrap.wrap(group.about, _WIDTH)
    return [f"{group.name.upper()}: {counts} {ends}", *about, _row(("", "says", "serves", *CHECKS))]


def _rows(outcomes: Sequence[Outcome]) -> list[str]:
    text = []
    for outcome in sorted(outcomes, key=lambda one: list(Kind).index(one.state.kind)):
        sign = "✗" if outcome.wrong else "✓"
        says = outcome.report.verdict.value if outcome.report is not None else "nothing"
        checks = [_SIGN[outcome.alarms.get(name)] for name in CHECKS]
        text.append(_row((f"{sign} {outcome.state.name}", says, outcome.served, *checks)))
        text += _why(outcome)
    return text


def _why(outcome: Outcome) -> list[str]:
    """A line for everything in which it is not as expected."""
    return [f"      {wrong}" for wrong in outcome.wrong]


def _row(cells: Sequence[str]) -> str:
    """Cells, padded; a longer first one has the line for itself, up to the end of its column."""
    first, *others = cells
    rest = "  ".join(cell.ljust(width) for cell, width in zip(others, _WIDTHS[1:], strict=True)).rstrip()
    if len(first) <= _NAME:
        return f"{first.ljust(_NAME)}  {rest}"
    return f"{first}\n{' ' * _NAME}  {rest}"


def _summary(outcomes: Sequence[Outcome]) -> list[str]:
    """How many stale states each check found, how many healthy ones it called stale, and stalewatch's layers one by one."""
    stale = [outcome for outcome in outcomes if outcome.state.kind is Kind.STALE]
    healthy = [outcome for outcome in outcomes if outcome.state.kind is Kind.HEALTHY]
    wrong = sum(bool(outcome.wrong) for outcome in outcomes)
    text = [f"{len(stale)} stale, {len(healthy)} healthy, {len(outcomes) - len(stale) - len(healthy)} unsettled; {wrong} not as expected"]
    judges: dict[str, Callable[[Outcome], bool]] = {"stalewatch": _alarm}
    judges |= {name: lambda outcome, name=name: bool(outcome.alarms.get(name)) for name in CHECKS}
    for name, judge in judges.items():
        found, false = sum(map(judge, stale)), sum(map(judge, healthy))
        text.append(f"{name:<14} found {found:>3} of {len(stale)}, false alarms {false:>3} of {len(healthy)}")
    return [*text, *_by_layer(stale)]


def _by_layer(stale: Sequence[Outcome]) -> list[str]:
    """In how many of the states in which a layer is old it was called so."""
    parts = []
    for layer in Layer:
        due = [outcome for outcome in stale if outcome.state.layers[layer].rank >= Verdict.SUSPECT.rank]
        found = sum(outcome.report is not None and outcome.report.layers[layer] is outcome.state.layers[layer] for outcome in due)
        if due:
            parts.append(f"{layer.value} {found} of {len(due)}")
    return textwrap.wrap("by layer: " + ", ".join(parts), _WIDTH) if parts else []


def _alarm(outcome: Outcome) -> bool:
    """Whether it is anything but fresh."""
    return outcome.report is not None and outcome.report.verdict.rank > Verdict.FRESH.rank


def _failures(outcomes: Sequence[Outcome]) -> list[str]:
    """Everything that is not as expected once more, where the eye ends."""
    failed = [outcome for outcome in outcomes if outcome.wrong]
    text = ["", "NOT AS EXPECTED"] if failed else []
    for outcome in failed:
        text += [f"✗ {outcome.state.name}", *_why(outcome)]
    return text
