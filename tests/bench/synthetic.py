"""Fleets that do not exist: reports made by hand, published through the real publisher from a thread of their own."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from typing import TYPE_CHECKING

import msgspec

from stalewatch.engine.board import Board
from stalewatch.engine.publisher import Publisher
from stalewatch.model.inventory import Fleet, Server
from stalewatch.model.report import Report
from stalewatch.model.text import safe
from stalewatch.timeline import Event, EventKind
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = 86400.0
STALE_EVERY = 29
SLOTS = 20
"""Moments per beat at which some of the servers answer."""
KINDS = (EventKind.DEPLOY, EventKind.CACHE, EventKind.RELOAD, EventKind.WORKERS, EventKind.ERROR, EventKind.ACTION)


class SyntheticEngine(FakeEngine):
    """*beat* 0: every server says one thing and then nothing more. *moving*: what a person sees of each server changes at every beat."""

    def __init__(self, servers: int, *, beat: float, moving: bool, events: int = 0, answers: int | None = None) -> None:
        super().__init__(Board())
        self.fleet = Fleet(servers=tuple(Server(target=f"deploy@web{n}", name=f"web{n}", group="api") for n in range(1, servers + 1)))
        self._beat, self._moving = beat, moving
        self._shift = time.time() - build.NOW
        self._reports = [_own(n) for n in range(1, servers + 1)]
        self._publisher = Publisher(self.board, self.fleet)
        for server, report in zip(self.fleet.servers, self._reports, strict=True):
            self._publisher.place_holder(server)
            self._publisher.seen(server, (report,))
        self._publisher.flush()
        self.board.add(history(servers, events))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._publish()), daemon=True)

    @property
    def now(self) -> Callable[[], float]:
        """A clock that began when the reports were made."""
        return lambda: time.time() - self._shift

    def start(self) -> None:
        if self._beat:
            self._thread.start()

    async def _publish(self) -> None:
        flushing = asyncio.create_task(self._publisher.run())
        number = 0
        while True:
            for at in range(number % SLOTS, len(self._reports), SLOTS):
                self._reports[at] = self._next(self._reports[at], number // SLOTS)
                self._publisher.seen(self.fleet.servers[at], (self._reports[at],))
            number += 1
            await asyncio.sleep(self._beat / SLOTS)
            if flushing.done():
                flushing.result()

    def _next(self, report: Report, turn: int) -> Report:
        """The same server a beat later."""
        if report.snapshot is None:
            return report
        now = self.now()
        seen = msgspec.structs.replace(report.snapshot, observed_at=now)
        if not self._moving:
            return msgspec.structs.replace(report, observed_at=now, snapshot=seen)
        rate = 0.9 + (turn * 7 % 10) / 100
        return msgspec.structs.replace(report, observed_at=now, snapshot=seen, hit_rate=rate, hit_rates=(*report.hit_rates[-20:], rate))


def _own(number: int) -> Report:
    """A report that shares no memory with another one, as if it had come over a link."""
    made = build.stale(f"web{number}") if number % STALE_EVERY == 0 else build.fresh(f"web{number}")
    return msgspec.msgpack.decode(msgspec.msgpack.encode(made), type=Report)


def history(servers: int, count: int) -> list[Event]:
    """*count* events of the last day, the same ones each time."""
    chance = random.Random(1)
    return [
        Event(
            at=build.NOW - chance.uniform(0, DAY),
            server=f"web{chance.randint(1, servers)}",
            app=build.APP,
            kind=chance.choice(KINDS),
            source="git",
            what=safe(f"something that happened, number {number}"),
            key=f"synthetic.{number}",
        )
        for number in range(count)
    ]
