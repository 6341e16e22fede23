"""The dashboard on a recording: its time is the recording's, its keys are those of a player, and nothing can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from stalewatch.cli.commands.replay import run
from stalewatch.dashboard.app import StalewatchApp
from stalewatch.recording.reader import Recording
from stalewatch.recording.replay import Replay
from tests.builders import recordings, snapshots
from tests.builders.recordings import Session
from tests.builders.snapshots import script, vt0, with_opcache
from tests.ui.conftest import press, settle
from tests.ui.hands import HandClock

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion


class Player:
    """web1 is suspect at the first look and fresh at the second; the clock stands unless the test moves it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recordings, "BEGUN", snapshots.NOW)
        session = Session(folder / "r")
        session.look(named("web1", with_opcache(vt0(script(ctime=snapshots.at(-60), mtime=snapshots.at(-60))))))
        session.look(named("web2", with_opcache(vt0())))
        session.clock += 120
        session.look(named("web1", with_opcache(vt0(start_time=int(snapshots.at(100))), later=124)))
        session.end()
        self.clock = 0.0
        self.replay = Replay(Recording(folder / "r"), monotonic=lambda: self.clock)
        self.app = StalewatchApp(self.replay, playback=self.replay)
        self.app.key_clock = HandClock()

    def show(self) -> None:
        while self.replay.show(self.replay.now()) == 0.0:
            pass
        self.app.flush()


def named(server: str, seen: snapshots.Snapshot) -> snapshots.Snapshot:
    return msgspec.structs.replace(seen, server=server, address=server)


@pytest.fixture
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Player:
    return Player(tmp_path, monkeypatch)


@pytest.mark.parametrize("size", [(50, 15), (80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_it_looks_as_it_did(player: Player, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with player.app.run_test(size=size) as pilot:
        player.clock = 10.0
        player.show()
        await settle(pilot)
        assert await press(pilot, "P") == snapshot


async def test_the_keys_play_it(player: Player) -> None:
    async with player.app.run_test(size=(120, 40)) as pilot:
        player.clock = 10.0
        player.show()
        text = await press(pilot)
        assert "REPLAY 2026-11-24 x1" in text
        assert "1 suspect" in text
        assert "REPLAY 2026-11-24 x2" in await press(pilot, "X")
        assert "REPLAY 2026-11-24 paused" in await press(pilot, "P")
        await press(pilot, *[")"] * 3)
        player.show()
        text = await press(pilot)
        assert "REPLAY 2026-11-24 end" in text
        assert "suspect" not in text.splitlines()[0]
        await press(pilot, *["("] * 3)
        player.show()
        text = await press(pilot, "comma")
        assert "there is no previous event in this recording" in text
        assert "REPLAY 2026-11-24 paused" in text
        assert "1 suspect" not in text, "nothing was seen yet"
        await press(pilot, "full_stop")
        player.show()
        assert "2 fresh" in await press(pilot)


@pytest.mark.parametrize("key", ["c", "b", "r", "f", "v"])
async def test_a_key_that_acts_says_why_not(player: Player, key: str) -> None:
    async with player.app.run_test(size=(80, 24)) as pilot:
        player.clock = 10.0
        player.show()
        text = await press(pilot, key)
        assert "this is a recording: nothing can be done on a server" in text.splitlines()[-1]
        assert len(player.app.screen_stack) == 1


def test_the_report_of_what_was_recorded_can_be_copied(player: Player, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def shown(app: StalewatchApp) -> None:
        replay = app.model.engine
        assert isinstance(replay, Replay)
        while replay.show(replay.end) == 0.0:
            pass
        app.model.fleet.update()
        told.append(app.model.incident_report())

    monkeypatch.setattr(StalewatchApp, "run", shown)
    assert run(tmp_path / "r") == 0
    assert told[0].startswith("# ")
    assert "web1" in told[0]
