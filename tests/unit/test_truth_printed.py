"""What `make truth` prints: groups with their counts, a line a state, and whatever is wrong at the end again."""

from __future__ import annotations

from tests.builders import outputs
from tests.lab.truth import printed
from tests.lab.truth.run import Outcome
from tests.lab.truth.state import State, healthy, stale
from tests.lab.truth.table import GROUPS, STATES, Group

OLD, QUIET = stale(name="edited, vt=0"), healthy(name="edited, then reload")
LONG = healthy(name="a name that is longer than its column: " + "word " * 12)
GROUP = Group("bytecode", "Bytecode that is old, or may be.", (OLD, QUIET, LONG))


def outcome(state: State, *wrong: str, alarm: bool = False) -> Outcome:
    report = outputs.stale() if state is OLD else outputs.fresh()
    return Outcome(state, report, state.really, {"CI step": alarm, "worker start": None, "hit rate": False}, wrong)


def test_a_group_has_its_counts_and_one_line_for_each_state_that_is_as_expected() -> None:
    text = printed.lines([GROUP], [outcome(QUIET, alarm=True), outcome(OLD)])
    assert text[:2] == ["BYTECODE: 1 stale, 1 healthy ✓ all as expected", "Bytecode that is old, or may be."]
    assert [line.split() for line in text[2:5]] == [
        ["says", "serves", "CI", "step", "worker", "start", "hit", "rate"],
        ["✓", "edited,", "vt=0", "stale", "old", "·", "?", "·"],
        ["✓", "edited,", "then", "reload", "fresh", "new", "alarm", "?", "·"],
    ]
    assert "1 stale, 1 healthy, 0 unsettled; 0 not as expected" in text
    assert not any("NOT AS EXPECTED" in line for line in text)


def test_only_what_is_wrong_is_long_and_it_stands_at_the_end_again() -> None:
    text = printed.lines([GROUP], [outcome(OLD, "verdict fresh, not stale", "finding x missing"), outcome(QUIET)])
    assert text[0] == "BYTECODE: 1 stale, 1 healthy ✗ 1 of 2 not as expected"
    assert text[-4:] == ["NOT AS EXPECTED", "✗ edited, vt=0", "      verdict fresh, not stale", "      finding x missing"]
    assert text.count("      finding x missing") == 2


def test_what_every_check_found_is_counted() -> None:
    text = printed.lines([GROUP], [outcome(OLD, alarm=False), outcome(QUIET, alarm=True)])
    assert "stalewatch     found   1 of 1, false alarms   0 of 1" in text
    assert "CI step        found   0 of 1, false alarms   1 of 1" in text


def test_a_name_that_is_too_long_does_not_move_the_columns() -> None:
    text = [line for entry in printed.lines([GROUP], [outcome(LONG), outcome(QUIET)]) for line in entry.split("\n")]
    verdicts = {line.index("fresh") for line in text if "fresh" in line}
    assert len(verdicts) == 1
    assert max(map(len, text)) <= 120


def test_a_group_without_an_outcome_is_told_unless_others_were_asked_for() -> None:
    empty = Group("fleet", "Servers beside each other.", (OLD,))
    assert printed.lines([empty], [])[0] == "FLEET: not one of its states was made"
    assert printed.lines([empty, GROUP], [outcome(QUIET)], named=True)[0].startswith("BYTECODE")


def test_every_state_is_in_one_group_that_says_what_it_is() -> None:
    assert len({state.name for state in STATES}) == sum(len(group.states) for group in GROUPS)
    assert all(group.about.endswith(".") and group.states for group in GROUPS)
