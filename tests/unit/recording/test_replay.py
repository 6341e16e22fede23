"""A recording in the place of an engine: forward, back, from event to event, at any speed, and always what was shown then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from stalewatch.model.text import safe
from stalewatch.recording import replay as module
from stalewatch.recording.reader import Recording
from stalewatch.recording.replay import SPEEDS, Replay
from stalewatch.runbook.plan import Choice, Plan, Request
from stalewatch.timeline.event import Event, EventKind
from tests.builders.recordings import Session, shown
from tests.builders.snapshots import snapshot, vt0, with_opcache

if TYPE_CHECKING:
    from pathlib import Path

LOOKS = 8


class Played:
    """A replay by a clock that the test moves, and what was shown after each look when it was recorded."""

    def __init__(self, folder: Path) -> None:
        session = Session(folder / "r")
        self.seen: list[tuple[float, tuple[bytes, ...], int]] = []
        for number in range(LOOKS):
            session.look(with_opcache(vt0(hits=1_000 * number), later=2.0 * number))
            if number in (2, 5):
                session.publisher._tell([happened(session.clock, number)])
            self.seen.append((session.clock, shown(session.board), len(session.board.snapshot().events)))
        session.end()
        self.clock = 0.0
        self.replay = Replay(Recording(folder / "r"), monotonic=lambda: self.clock)

    def later(self, seconds: float) -> None:
        self.clock += seconds
        self.show()

    def show(self) -> None:
        while self.replay.show(self.replay.now()) == 0.0:
            pass

    def is_as_it_was(self) -> None:
        """What is shown now is what was shown then, whatever lies between."""
        _, reports, events = max(one for one in self.seen if one[0] <= self.replay.now())
        assert shown(self.replay.board) == reports
        assert len(self.replay.board.snapshot().events) == events


def happened(at: float, number: int) -> Event:
    return Event(at=at, server="web1", app=safe("/srv/app"), kind=EventKind.DEPLOY, source="git", what=safe("deployed"), key=f"own{number}")


@pytest.fixture(params=[1, 3, 200])
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Played:
    """However seldom a moment is kept to go back to."""
    monkeypatch.setattr(module, "MOMENT_EVERY", request.param)
    return Played(tmp_path)


def test_it_plays_at_its_pace_and_stands_at_its_end(played: Played) -> None:
    replay = played.replay
    played.show()
    assert shown(replay.board) == ()
    checked = 0
    while not replay.ended:
        played.later(1.0)
        if replay.now() in [at for at, _, _ in played.seen]:
            played.is_as_it_was()
            checked += 1
    assert checked == LOOKS
    assert not replay.going
    played.later(1000.0)
    assert replay.now() == replay.end
    replay.toggle()
    assert replay.going
    assert replay.now() == replay.begun


def test_any_way_to_a_time_shows_the_same(played: Played) -> None:
    replay = played.replay
    for number in (7, 0, 5, 3, 3, 6, 1, 4):
        replay.seek(played.seen[number][0])
        played.show()
        played.is_as_it_was()
    replay.seek(0.0)
    assert replay.now() == replay.begun
    replay.seek(9e9)
    assert replay.now() == replay.end


def test_faster_is_that_many_times_as_fast_and_a_pause_stands_still(played: Played) -> None:
    replay = played.replay
    for speed in SPEEDS[1:]:
        before = replay.now()
        replay.faster()
        assert replay.speed == speed
        assert replay.now() == before
        replay.seek(replay.begun)
        played.clock += 0.1
        assert replay.now() == pytest.approx(min(replay.begun + 0.1 * speed, replay.end))
    replay.faster()
    assert replay.speed == 1
    replay.seek(replay.begun)
    replay.toggle()
    played.later(60.0)
    assert replay.now() == replay.begun
    assert not replay.going


def test_it_goes_from_event_to_event(played: Played) -> None:
    replay = played.replay
    replay.toggle()
    stops = []
    while replay.next_event():
        played.show()
        played.is_as_it_was()
        stops.append(replay.now())
    assert stops[-2:] == [played.seen[2][0], played.seen[5][0]]
    back = [replay.now()]
    while replay.previous_event():
        played.show()
        played.is_as_it_was()
        back.append(replay.now())
    assert back == stops[::-1]


def test_what_had_not_happened_yet_is_forgotten_when_it_goes_back(played: Played) -> None:
    replay = played.replay
    replay.seek(replay.end)
    played.show()
    assert {event.key for event in replay.board.snapshot().events} >= {"own2", "own5"}
    replay.seek(played.seen[3][0])
    played.show()
    assert "own5" not in {event.key for event in replay.board.snapshot().events}
    assert replay.board.snapshot().restored == 1


def test_nothing_can_be_done(played: Played) -> None:
    replay = played.replay
    plan = replay.plan([("web1", "/srv/app")], Request(choice=Choice.FIX))
    assert replay.read_only
    assert plan.empty
    assert not replay.still_valid(plan)
    with pytest.raises(PermissionError, match="a recording is replayed"):
        replay.run(Plan(request=Request(choice=Choice.FIX), servers=()))


def test_its_thread_ends(tmp_path: Path) -> None:
    session = Session(tmp_path / "r")
    session.look(msgspec.structs.replace(snapshot(), server="web1"))
    session.end()
    replay = Replay(Recording(tmp_path / "r"))
    replay.start()
    replay.stop()
    assert not replay._thread.is_alive()
