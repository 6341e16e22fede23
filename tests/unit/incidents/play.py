"""An incident played through the real engine: its thread, pollers, sessions, memory, publisher and board. Only the servers are told.

The seam is what a session opens: a link, and a probe on it. The probe here answers a look with the next snapshot of the file.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stalewatch.engine import poller, publisher, server_session
from stalewatch.engine.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from stalewatch.engine.board import State
    from stalewatch.model.inventory import Fleet, Server
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import Snapshot
    from stalewatch.timeline import Event

PATIENCE = 60.0


class ToldLink:
    """A link that nobody uses and that never dies."""

    alive = True

    async def close(self) -> None:
        pass


class Line:
    """What one server's probe will answer, from the test's thread to the engine's."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._answers: asyncio.Queue[Snapshot] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def opened(self) -> None:
        """In the engine's loop."""
        self._answers, self._loop = asyncio.Queue(), asyncio.get_running_loop()
        self._open.set()

    async def next(self) -> Snapshot:
        assert self._answers is not None
        return await self._answers.get()

    def say(self, snapshot: Snapshot) -> None:
        assert self._open.wait(PATIENCE)
        assert self._answers is not None
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._answers.put_nowait, snapshot)

    def pass_through(self) -> None:
        """Return when whatever the engine's loop was doing is done."""
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop).result(PATIENCE)


@dataclass
class Looked:
    """What the board had after a look: that server's report, all reports, and the events that are new or changed."""

    report: Report
    reports: dict[str, Report]
    events: tuple[Event, ...]
    state: State


class Player:
    """An engine on told servers. Made by :func:`playing`."""

    def __init__(self, fleet: Fleet, lines: dict[str, Line]) -> None:
        self._lines = lines
        self.engine = Engine(fleet)
        self._events: dict[str, Event] = {}

    def look(self, snapshot: Snapshot) -> Looked:
        """Let *snapshot*'s server answer with it, and wait until the board shows it."""
        line = self._lines[snapshot.server]
        line.say(snapshot)
        deadline = time.monotonic() + PATIENCE
        while self._shown(snapshot.server) != snapshot.observed_at:
            assert time.monotonic() < deadline, f"{snapshot.server} is not on the board: {self.engine.board.snapshot().panes}"
            time.sleep(0.002)
        line.pass_through()
        state = self.engine.board.snapshot()
        reports = {pane.server: pane.report for pane in state.panes if pane.report is not None}
        events = {event.key: event for event in state.events}
        new = tuple(event for key, event in events.items() if self._events.get(key) != event and event.server == snapshot.server)
        self._events = events
        return Looked(reports[snapshot.server], reports, new, state)

    def _shown(self, server: str) -> float | None:
        return next((pane.report.observed_at for pane in self.engine.board.snapshot().panes if pane.server == server and pane.report), None)


@contextmanager
def playing(fleet: Fleet, patched: pytest.MonkeyPatch) -> Iterator[Player]:
    """An engine that watches *fleet*, without its pauses."""
    lines = {server.name: Line() for server in fleet.servers}

    async def connect(*_: object) -> ToldLink:
        return ToldLink()

    class ToldProbe:
        def __init__(self, _link: object, server: Server, _fleet: object) -> None:
            self._line = lines[server.name]

        async def start(self) -> None:
            self._line.opened()

        async def tick(self, full: bool = False) -> tuple[Snapshot, ...]:
            return (await self._line.next(),)

        async def close(self) -> None:
            pass

    patched.setattr(server_session, "connect", connect)
    patched.setattr(server_session, "ServerProbe", ToldProbe)
    patched.setattr(poller, "LOOK_INTERVAL", 0.001)
    patched.setattr(poller, "SILENCE", 10 * PATIENCE)
    patched.setattr(publisher, "FLUSH", 0.001)
    player = Player(fleet, lines)
    player.engine.start()
    try:
        yield player
    finally:
        player.engine.stop(PATIENCE)
