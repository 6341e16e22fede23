"""One server, one link, its probe, and what is remembered of its apps."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any, TypeAlias

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory, asked_by_us, invalidated_by_us
from stalewatch.diagnosis.worker_restarts import awaited_with
from stalewatch.engine.memory_store import AwaitedFile, load, load_awaited, save, save_awaited
from stalewatch.engine.short_names import named
from stalewatch.model.errors import LinkError, LinkLost
from stalewatch.model.memo import Memos
from stalewatch.model.replace import replace
from stalewatch.probe.server_probe import ServerProbe
from stalewatch.transport.connect import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from stalewatch.model.expected import ExpectedFile, HeldFile
    from stalewatch.model.inventory import Fleet, Server
    from stalewatch.model.parsing import Parsed, Scripts
    from stalewatch.model.remade import Remade
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import QueueWorker, Snapshot
    from stalewatch.transport.fastcgi.response import Response
    from stalewatch.transport.link import Link, OnStep

Memories = dict[str, Memory]
"""What is remembered between looks, by app path. Outlives the link: a server that was away is compared with what it was."""

OnJudged: TypeAlias = "Callable[[Memory, Snapshot, Memory], None]"
"""Called when a look at one app was judged: with which memory, what was seen, and the memory that it made."""

KEEP_EVERY = 60.0
"""Seconds between two writes of what is remembered, while watching."""


class ServerSession:
    """An open link with its probe. Looks are serialised: the probe has one question in flight."""

    def __init__(self, server: Server, fleet: Fleet, memories: Memories, on_judged: OnJudged) -> None:
        self.server = server
        self._fleet = fleet
        self.memories = memories
        self._on_judged = on_judged
        self._link: Link | None = None
        self._probe: ServerProbe | None = None
        self._looking = asyncio.Lock()
        self._clock_offset = 0.0
        self._kept_at = time.monotonic()
        self._awaited: dict[str, AwaitedFile] = {}

    @property
    def alive(self) -> bool:
        """Whether there is a link that has not died."""
        return self._link is not None and self._link.alive

    @property
    def link(self) -> Link:
        """The open link. Raises LinkLost when there is none."""
        if self._link is None or not self._link.alive:
            raise LinkLost(f"{self.server.name}: the connection is gone")
        return self._link

    async def open(self, on_step: OnStep) -> None:
        """Connect and start the probe. Raises LinkError; nothing is left open then."""
        self._link = await connect(self.server, self._fleet, on_step)
        try:
            on_step("probe")
            self._probe = ServerProbe(self._link, self.server, self._fleet)
            await self._probe.start()
        except BaseException:
            await self.close()
            raise

    @contextlib.asynccontextmanager
    async def _asking(self) -> AsyncIterator[ServerProbe]:
        """The probe, which is asked nothing else meanwhile. Raises LinkLost where there is none."""
        async with self._looking:
            if self._probe is None:
                raise LinkLost(f"{self.server.name}: not connected")
            yield self._probe

    async def look(self, *, full: bool = False) -> tuple[Report, ...]:
        """One look at every app of the server, diagnosed. Raises LinkError."""
        async with self._asking() as probe:
            shared: Memos[Any] = Memos()
            reports = named([self._judge(snapshot, shared) for snapshot in await probe.tick(full=full)])
        if time.monotonic() - self._kept_at > KEEP_EVERY:
            await self._keep()
        return reports

    async def look_at(self, app: str) -> Report:
        """A fresh full look at one app. Raises LinkError, also when that app is gone."""
        for report in await self.look(full=True):
            if report.app == app:
                return report
        raise LinkLost(f"{self.server.name}: {app} is gone")

    async def invalidate(self, app: str, paths: tuple[str, ...]) -> dict[str, bool]:
        """Ask the pool of *app* to invalidate exactly these scripts: path -> no longer cached. Raises LinkError."""
        async with self._asking() as probe:
            asked_at = time.time() + self._clock_offset
            gone = await probe.pool_of(app).invalidate(paths)
            self.memories[app] = invalidated_by_us(self.memories.get(app, Memory()), [path for path in gone if gone[path]], asked_at)
            return gone

    async def await_workers(self, app: str, workers: tuple[QueueWorker, ...]) -> None:
        """Remember, also for other programs on this machine, that *workers* are told to end now: as many must come back."""
        awaited = awaited_with(load_awaited(self.server.target, app), workers, time.time() + self._clock_offset)
        await asyncio.to_thread(save_awaited, self.server.target, app, awaited)

    async def compile(self, app: str, path: str) -> bool:
        """Whether OPcache holds *path* after the pool of *app* was told to compile it; nothing of it is executed. Raises LinkError."""
        async with self._asking() as probe:
            return await probe.pool_of(app).compile(path)

    async def request(self, app: str, parameters: Mapping[str, str]) -> Response:
        """One request to *app* through its pool, with these FastCGI parameters. Raises LinkError."""
        async with self._asking() as probe:
            answered = await probe.request(app, parameters)
            self.memories[app] = asked_by_us(self.memories.get(app, Memory()), time.time() + self._clock_offset)
            return answered

    async def artefacts(self, app: str, verb: str, files: tuple[str, ...], options: Mapping[str, object]) -> dict[str, str]:
        """Ask the pool of *app* to ``keep`` these files aside, and so on: path -> what it says ("" nothing). Raises LinkError."""
        async with self._asking() as probe:
            return await probe.pool_of(app).artefacts(verb, files, options)

    async def remake(self, app: str, cache: str, root: str, visit: Mapping[str, str]) -> Remade:
        """Whether the pool of *app* would make the cached configuration *cache*. Raises LinkError."""
        async with self._asking() as probe:
            return await probe.pool_of(app).remake(cache, root, visit)

    async def held(self, app: str, files: Sequence[ExpectedFile]) -> tuple[HeldFile, ...]:
        """What lies on the disk in the place of each of *files* (absolute paths). Raises LinkError."""
        async with self._asking() as probe:
            return await probe.held(app, files)

    async def alone(self, app: str, verb: str, files: tuple[str, ...], options: Mapping[str, object]) -> str:
        """The command line that asks the same on the server itself, without us ("" there is none). Raises LinkError."""
        async with self._asking() as probe:
            return await probe.pool_of(app).alone(verb, files, options)

    async def parse(self, app: str, scripts: Scripts) -> Parsed:
        """Whether the pool of *app* can compile *scripts*. Raises LinkLost."""
        async with self._asking() as probe:
            return await probe.parse(app, scripts)

    async def close(self) -> None:
        """Save what is remembered, end the probe (it removes what it wrote on the server), then the link. Never raises."""
        await self._keep()
        if self._probe is not None:
            with contextlib.suppress(LinkError, TimeoutError):
                await asyncio.wait_for(self._probe.close(), 3.0)
        if self._link is not None:
            await self._link.close()

    async def _keep(self) -> None:
        self._kept_at = time.monotonic()
        await asyncio.to_thread(save, self.server.target, dict(self.memories))

    def _judge(self, snapshot: Snapshot, shared: Memos[Any]) -> Report:
        if snapshot.app not in self.memories:
            self.memories[snapshot.app] = load(self.server.target, snapshot.app)
        if snapshot.clock_offset is not None:
            self._clock_offset = snapshot.clock_offset
        if snapshot.app not in self._awaited:
            self._awaited[snapshot.app] = AwaitedFile(self.server.target, snapshot.app)
        awaited = self._awaited[snapshot.app].load()
        known = replace(self.memories[snapshot.app], awaited=awaited)
        memory, report = diagnose(known, snapshot, self._fleet.thresholds, shared)
        self._on_judged(known, snapshot, memory)
        if memory.awaited != awaited:
            save_awaited(self.server.target, snapshot.app, memory.awaited)
        self.memories[snapshot.app] = memory
        return report
