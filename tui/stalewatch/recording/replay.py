"""A recording in the place of an engine: what was shown then, at its pace, on a board. Looks at no server and acts on none."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.replace import replace
from stalewatch.recording.entries import Happened, Planned
from stalewatch.recording.stage import Moment, Stage
from stalewatch.runbook.plan import Plan, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from stalewatch.engine.board import Board
    from stalewatch.model.inventory import AppKey
    from stalewatch.recording.reader import Recording
    from stalewatch.runbook.plan import Status

SPEEDS = (1, 2, 5, 10, 60)
MOMENT_EVERY = 200
"""Entries between two moments that are kept: going back begins at one of them."""
TOGETHER = 1.0
"""Seconds within which events are one stop."""
AT_ONCE = 50
"""Entries that are played before the next key is heard."""
REFUSED = "a recording is replayed: nothing can be done on a server"


class Playing(msgspec.Struct, frozen=True):
    """Where the replay is: at *at* (recorder's clock) when it was *since* (monotonic), and goes on *speed* times as fast (0: it stands)."""

    at: float
    since: float
    speed: int
    going: bool

    def now(self, monotonic: float) -> float:
        """The recording's time."""
        return self.at + (monotonic - self.since) * self.speed if self.going else self.at


class Replay:
    """As :class:`stalewatch.engine.engine.Engine` to screens. Every method may be called from any thread and none blocks.

    *title*: what the header says. The whole recording is read first. Raises UsageError where it cannot be.
    """

    read_only = True

    def __init__(self, recording: Recording, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.fleet = replace(recording.header.fleet, read_only=True)
        self.entries = tuple(recording.entries())
        self.begun = recording.header.begun
        self.end = max((entry.at for entry in self.entries if entry is not None), default=self.begun)
        self._monotonic = monotonic
        self._stage = Stage(recording.header.fleet, self.begun)
        self._next = 0
        self._moments: list[tuple[int, Moment]] = [(0, self._stage.moment())]
        self._stops = _stops(self.entries, self.begun)
        self._woken = threading.Event()
        self._playing = Playing(self.begun, monotonic(), 1, going=True)
        self._over = False
        self._thread = threading.Thread(target=self._run, name="stalewatch-replay", daemon=True)

    @property
    def board(self) -> Board:
        """What is shown at the recording's time."""
        return self._stage.board

    @property
    def interval(self) -> float:
        """Nothing looks."""
        return 0.0

    def start(self) -> None:
        """Begin to play; returns at once."""
        self._play(self.begun, going=True)
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End it. Returns after at most *timeout* seconds."""
        self._over = True
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    # ------------------------------------------------------------------------------------------------- what an engine is asked

    def plan(self, keys: Sequence[AppKey], request: Request) -> Plan:
        """A plan of nothing."""
        return Plan(request=request, servers=())

    def still_valid(self, plan: Plan) -> bool:
        """No plan is."""
        return False

    def run(self, plan: Plan) -> Future[dict[AppKey, Status]]:
        """Raises PermissionError."""
        raise PermissionError(REFUSED)

    def look_every(self, seconds: float) -> None:
        """Nothing looks."""

    def look(self, keys: Sequence[AppKey]) -> None:
        """There is nothing to look at."""

    # ------------------------------------------------------------------------------------------------------ where it is played

    def now(self) -> float:
        """The recording's time: epoch seconds by the clock of whoever recorded."""
        return min(self._playing.now(self._monotonic()), self.end)

    @property
    def going(self) -> bool:
        """Whether it plays."""
        return self._playing.going and not self.ended

    @property
    def ended(self) -> bool:
        """Whether it is at its end."""
        return self.now() >= self.end

    @property
    def speed(self) -> int:
        """How many times as fast as it was."""
        return self._playing.speed

    def toggle(self) -> None:
        """Play, or stand still; at its end, from the beginning."""
        self._play(self.begun if self.ended else self.now(), going=not self.going)

    def faster(self) -> None:
        """The next speed, after the last one the first."""
        at = SPEEDS.index(self._playing.speed)
        self._playing = Playing(self.now(), self._monotonic(), SPEEDS[(at + 1) % len(SPEEDS)], self._playing.going)
        self._woken.set()

    def seek(self, at: float) -> None:
        """Go to *at*, at most to the beginning or the end; what played goes on to play."""
        self._play(min(max(at, self.begun), self.end), going=self._playing.going)

    def next_event(self) -> bool:
        """Go to the next event; False where there is none."""
        at = bisect_right(self._stops, self.now())
        if at < len(self._stops):
            self.seek(self._stops[at])
        return at < len(self._stops)

    def previous_event(self) -> bool:
        """Go to the event before; False where there is none."""
        at = bisect_left(self._stops, self.now() - TOGETHER * (self.speed if self.going else 0)) - 1
        if at >= 0:
            self.seek(self._stops[at])
        return at >= 0

    def _play(self, at: float, *, going: bool) -> None:
        self._playing = Playing(at, self._monotonic(), self._playing.speed, going)
        self._woken.set()

    # -------------------------------------------------------------------------------------------------- in the replay's thread

    def _run(self) -> None:
        while not self._over:
            self._woken.clear()
            wait = self.show(self.now())
            if not self._over:
                self._woken.wait(wait)

    def show(self, at: float) -> float | None:
        """Play what there is up to *at*, or a part of it. For how long there is nothing to do then (None: until a key)."""
        if at < self._stage.at:
            self._back(at)
        for _ in range(AT_ONCE):
            if self._next == len(self.entries):
                return None
            entry = self.entries[self._next]
            if entry is not None and entry.at > at:
                playing = self._playing
                return (entry.at - at) / playing.speed if playing.going else None
            if entry is None:
                self._stage.judge.lost()
            else:
                self._stage.play(entry)
            self._next += 1
            if self._next % MOMENT_EVERY == 0 and self._next > self._moments[-1][0]:
                self._moments.append((self._next, self._stage.moment()))
        return 0.0

    def _back(self, at: float) -> None:
        """Be as at the last moment kept before *at*."""
        self._next, moment = next(known for known in reversed(self._moments) if known[1].at <= at)
        self._stage.set(moment)


def _stops(entries: Sequence[object], begun: float) -> list[float]:
    """When something happened, each second once: what the timeline was told of the time since it *begun*, and plans."""
    found: list[float] = []
    for entry in entries:
        happened = isinstance(entry, Planned) or (isinstance(entry, Happened) and any(event.at >= begun for event in entry.events))
        if happened and isinstance(entry, Happened | Planned) and (not found or entry.at - found[-1] > TOGETHER):
            found.append(entry.at)
    return found
