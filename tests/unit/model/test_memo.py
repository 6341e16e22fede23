"""A derived value is made again when, and only when, what it is made of changed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import stalewatch
from stalewatch.model.memo import Memo, Memos


def counted(made: list[int]) -> int:
    made.append(1)
    return len(made)


def test_large_inputs_are_told_apart_by_identity_and_small_ones_by_value() -> None:
    memo: Memo[int] = Memo()
    made: list[int] = []
    events = [1, 2]
    assert memo.get(lambda: counted(made), (events,), ("web1", 80)) == 1
    assert memo.get(lambda: counted(made), (events,), ("web1", 40 * 2)) == 1, "equal, though another tuple"
    assert memo.get(lambda: counted(made), (list(events),), ("web1", 80)) == 2, "equal, but another object"
    assert memo.get(lambda: counted(made), (list(events),), ("web1", 81)) == 3
    assert memo.get(lambda: counted(made), (events, events), ("web1", 81)) == 4, "one input more"


def test_an_input_is_held_so_that_nothing_else_gets_its_identity() -> None:
    memo: Memo[int] = Memo()
    made: list[int] = []
    for _ in range(50):
        memo.get(lambda: counted(made), (dict(),))  # noqa: C408  freed at once, were it not held
    assert len(made) == 50


def test_a_value_that_could_not_be_made_is_not_remembered() -> None:
    memo: Memo[int] = Memo()
    with pytest.raises(ZeroDivisionError):
        memo.get(lambda: 1 // 0, equal=1)
    assert memo.get(lambda: 2, equal=1) == 2


def test_keys_have_values_of_their_own_and_their_number_is_bounded() -> None:
    memos: Memos[int] = Memos(most=2)
    made: list[int] = []
    assert [memos.get(key, lambda: counted(made)) for key in ("a", "b", "a", "c", "b")] == [1, 2, 1, 3, 4]


def test_nothing_in_the_package_is_remembered_by_an_identity_that_another_object_can_take() -> None:
    package = Path(stalewatch.__file__).parent
    assert [str(path) for path in package.rglob("*.py") if re.search(r"(?<![\w.])id\(", path.read_text(encoding="utf-8"))] == []
