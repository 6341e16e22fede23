"""When a key may answer, by the clock alone."""

from __future__ import annotations

import pytest

from stalewatch.dashboard.screens.answer_guard import BURST, PASTE, SEEN, SETTLED, AnswerGuard, InputOutcome, On

TAKEN, SWALLOWED, PASTED = InputOutcome


def shown(at: float = 100.0, opened_by: str = "") -> AnswerGuard:
    guard = AnswerGuard(opened_by)
    guard.painted(at)
    return guard


def enter(guard: AnswerGuard, at: float, on: On = On.BUTTON) -> InputOutcome:
    return guard.key("enter", at, on, answers=True)


def letters(guard: AnswerGuard, word: str, at: float, apart: float) -> list[InputOutcome]:
    return [guard.key(letter, at + apart * number, On.TEXT, types=True) for number, letter in enumerate(word)]


@pytest.mark.parametrize("on", On)
def test_nothing_counts_before_it_was_painted(on: On) -> None:
    guard = AnswerGuard()
    assert enter(guard, 1e9, on) is SWALLOWED
    assert guard.key("a", 2e9, on, types=True) is SWALLOWED
    assert not guard.is_open(3e9)


def test_nor_before_it_was_seen_for_a_while() -> None:
    assert enter(shown(), 100 + SEEN - 0.01) is SWALLOWED
    assert enter(shown(), 100 + SEEN + 0.01) is TAKEN


def test_a_key_that_arrived_before_the_paint_does_not_count_however_late_it_is_handled() -> None:
    assert enter(shown(), 99.0) is SWALLOWED


def test_what_was_redrawn_is_unseen_again() -> None:
    guard = shown()
    guard.redrawn()
    assert enter(guard, 110) is SWALLOWED
    guard.painted(111)
    assert enter(guard, 111 + SEEN - 0.01) is SWALLOWED
    assert enter(guard, 112) is TAKEN


def test_the_button_must_have_been_seen_in_focus() -> None:
    guard = shown()
    guard.moved()
    assert enter(guard, 110) is SWALLOWED
    guard.painted(111)
    assert enter(guard, 111 + SETTLED - 0.01) is SWALLOWED
    assert enter(guard, 111 + 2 * SETTLED + 0.01) is TAKEN


def test_a_key_right_behind_another_presses_nothing() -> None:
    guard = shown()
    assert guard.key("tab", 110, On.BUTTON) is TAKEN
    assert enter(guard, 110 + SETTLED - 0.01) is SWALLOWED
    assert enter(guard, 110 + SETTLED) is SWALLOWED, "it came right behind the one that was swallowed"
    assert enter(guard, 110 + 3 * SETTLED) is TAKEN


def test_a_held_key_never_answers() -> None:
    guard = shown(opened_by="enter")
    assert [enter(guard, 101 + repeat * 0.6) for repeat in range(5)] == [SWALLOWED] * 5
    assert guard.key("tab", 110, On.BUTTON) is TAKEN
    assert enter(guard, 111) is TAKEN


def test_in_a_burst_no_key_does_anything() -> None:
    guard = shown()
    assert guard.key("x", 110, On.BUTTON, types=True) is TAKEN
    assert [guard.key(key, 110 + number * BURST / 2, On.BUTTON) for number, key in enumerate(("tab", "n", "q"), 1)] == [SWALLOWED] * 3


def test_a_word_that_is_typed_counts_also_where_two_letters_come_together() -> None:
    guard = shown()
    assert set(letters(guard, "gateway", 110, 0.04)) == {TAKEN}
    assert set(letters(guard, "ap", 120, 0.0)) == {TAKEN}


def test_a_word_that_comes_at_once_was_pasted() -> None:
    rulings = letters(shown(), "gateway", 110, BURST / 2)
    assert rulings[PASTE - 1 :] == [PASTED] * 5
    assert shown().paste(110) is PASTED


def test_enter_behind_a_paste_does_nothing() -> None:
    guard = shown()
    guard.paste(110)
    assert enter(guard, 110.001, On.TEXT) is SWALLOWED
    assert enter(guard, 110.1) is SWALLOWED
