"""For any two looks: no exception, sorted events with keys of this app, and the same events when told again."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.timeline import changes, history
from stalewatch.timeline.snapshot_events import SnapshotEvents
from tests.builders.anything import Anything


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


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 2**64))
def test_what_is_not_looked_at_again_has_no_event(seed: int) -> None:
    """Where the basis of two looks is the same, reading everything tells the same."""
    memory, reports = Memory(), []
    for snapshot in Anything(seed).story():
        memory, report = diagnose(memory, snapshot)
        reports += [
            report,
            msgspec.structs.replace(report, snapshot=msgspec.structs.replace(snapshot, observed_at=snapshot.observed_at + 2)),
        ]
    pairs = list(pairwise(reports))
    quick = [changes(*pair) for pair in pairs]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SnapshotEvents, "event_key", lambda _self: object())
        assert [changes(*pair) for pair in pairs] == quick
