"""Recordings of looks that were never made, and what was shown at them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import msgspec

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.engine.board import Board
from stalewatch.engine.poller import Poller
from stalewatch.engine.publisher import Publisher
from stalewatch.engine.session_pool import SessionPool
from stalewatch.engine.short_names import named
from stalewatch.model.inventory import Fleet, Server
from stalewatch.recording.recorder import Recorder
from stalewatch.recording.recording_file import RecordingFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import Snapshot, Unseen

FLEET = Fleet(servers=(Server(target="web1", name="web1"), Server(target="web2", name="web2")))
BEGUN = 1_800_000_000.0


def json(report: Report) -> bytes:
    """All of it, as bytes that can be compared."""
    return msgspec.json.encode(report)


class Session:
    """Judges snapshots as an engine does, shows them on a board, and records. The recorder's clock moves a second a call."""

    def __init__(self, path: Path, fleet: Fleet = FLEET) -> None:
        self.path = path
        self.fleet = fleet
        self.clock = BEGUN
        self.recorder = Recorder(RecordingFile(path), fleet, now=self._now)
        self.board = Board()
        self.publisher = Publisher(self.board, fleet, self.recorder)
        for server in fleet.servers:
            self.publisher.place_holder(server)
        self.memories: dict[tuple[str, str], Memory] = {}

    def _now(self) -> float:
        self.clock += 1
        return self.clock

    def judge(self, snapshot: Snapshot) -> Report:
        """A look that a runbook makes: it is not shown."""
        key = (snapshot.server, str(snapshot.app))
        before = self.memories.get(key, Memory())
        after, report = diagnose(before, snapshot, self.fleet.thresholds)
        self.recorder.judged(before, snapshot, after)
        self.memories[key] = after
        return report

    def look(self, *snapshots: Snapshot) -> tuple[bytes, ...]:
        """A look at all apps of one server, shown; every report on the board afterwards."""
        server = next(one for one in self.fleet.servers if one.name == snapshots[0].server)
        self.publisher.seen(server, named([self.judge(snapshot) for snapshot in snapshots]), 0.1)
        return self.flush()

    def fail(self, server: str, error: Unseen) -> tuple[bytes, ...]:
        """No look at *server*, as a poller tells it; every report on the board afterwards."""
        poller = Poller(next(one for one in self.fleet.servers if one.name == server), SessionPool(self.fleet), self.publisher, Random(1))
        poller._lost(error, 5.0)
        return self.flush()

    def flush(self) -> tuple[bytes, ...]:
        self.publisher.flush()
        return shown(self.board)

    def end(self) -> None:
        self.recorder.stop()
        assert self.recorder.why_not == ""


def shown(board: Board) -> tuple[bytes, ...]:
    return tuple(json(pane.report) for pane in board.snapshot().panes if pane.report is not None)


def plain(path: Path) -> list[bytes]:
    """The lines of a recording."""
    from stalewatch.recording.recording_file import RecordedLines

    return list(RecordedLines(path))


def written(path: Path, lines: Sequence[bytes]) -> Path:
    """A recording that is not compressed, of these lines."""
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path
