"""One server, one link, its probe, and what is remembered of its apps."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from tui.diagnosis.diagnose import diagnose
from tui.diagnosis.memory import Memory
from tui.errors import LinkError, LinkLost
from tui.probe.session import Probe
from tui.snapshot import Unseen
from tui.text import safe
from tui.transport.base import ConnectStep
from tui.transport.connect import connect

if TYPE_CHECKING:
    from tui.inventory import Fleet, Server
    from tui.report import Report
    from tui.snapshot import Snapshot
    from tui.transport.base import Link, OnStep

Memories = dict[str, Memory]
"""What is remembered between looks, by app path. Outlives the link: a server that was away is compared with what it was."""


class Session:
    """An open link with its probe. Looks are serialised: the probe has one question in flight."""

    def __init__(self, server: Server, fleet: Fleet, memories: Memories) -> None:
        self.server = server
        self._fleet = fleet
        self._memories = memories
        self._link: Link | None = None
        self._probe: Probe | None = None
        self._looking = asyncio.Lock()

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
            on_step(ConnectStep("probe", asyncio.get_running_loop().time()))
            self._probe = Probe(self._link, self.server, self._fleet)
            await self._probe.start()
        except BaseException:
            await self.close()
            raise

    async def look(self, *, full: bool = False) -> tuple[Report, ...]:
        """One look at every app of the server, diagnosed. Raises LinkError."""
        async with self._looking:
            if self._probe is None:
                raise LinkLost(f"{self.server.name}: not connected")
            snapshots = await self._probe.tick(full=full)
            return tuple(self._judge(snapshot) for snapshot in snapshots)

    async def look_at(self, app: str) -> Report:
        """A fresh full look at one app. Raises LinkError, also when that app is gone."""
        for report in await self.look(full=True):
            if report.app == app:
                return report
        raise LinkLost(f"{self.server.name}: {app} is not there any more")

    async def invalidate(self, app: str, paths: tuple[str, ...]) -> dict[str, bool]:
        """Ask the pool of *app* to forget exactly these scripts: path -> no longer cached. Raises LinkError."""
        async with self._looking:
            if self._probe is None:
                raise LinkLost(f"{self.server.name}: not connected")
            return await self._probe.invalidate(app, paths)

    async def close(self) -> None:
        """End the probe (it removes what it wrote over there), then the link. Never raises."""
        if self._probe is not None:
            with contextlib.suppress(LinkError, TimeoutError):
                await asyncio.wait_for(self._probe.close(), 3.0)
        if self._link is not None:
            await self._link.close()

    def _judge(self, snapshot: Snapshot) -> Report:
        memory, report = diagnose(self._memories.get(snapshot.app, Memory()), snapshot, self._fleet.thresholds)
        self._memories[snapshot.app] = memory
        return report


def as_unseen(error: LinkError) -> Unseen:
    """A link's error as a fact of the report."""
    return Unseen(code=error.code, message=safe(error.message), grant=safe(error.grant))
