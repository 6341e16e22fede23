"""For any two looks: no exception, sorted events with keys of this app, and the same events when told again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.diagnosis.anything import Anything
from tui.diagnosis.diagnose import diagnose
from tui.diagnosis.memory import Memory
from tui.timeline import changes, history


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 2**64))
def test_events_are_sorted_safe_and_stable(seed: int) -> None:
    draw = Anything(seed)
    memory, before = diagnose(Memory(), draw.snapshot())
    _, after = diagnose(memory, draw.snapshot())
    for events in (history(before), changes(before, after)):
        assert [event.at for event in events] == sorted(event.at for event in events)
        assert len({event.key for event in events}) == len(events)
        assert all(event.what.isprintable() and event.what and event.count >= 1 for event in events)
        assert all(event.until is None or event.until > event.at for event in events)
    assert changes(before, after) == changes(before, after)
    assert {event.key for event in changes(after, after)} == set()
