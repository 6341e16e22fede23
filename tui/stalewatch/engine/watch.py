"""A fleet that is watched and never touched, for faces that only tell what they see. Knows nothing of runbooks."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

from stalewatch.engine.comparison import compared
from stalewatch.engine.one_look import look_at
from stalewatch.engine.poller import Poller
from stalewatch.engine.seen_server import SeenServer
from stalewatch.engine.session_pool import SessionPool
from stalewatch.model.replace import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stalewatch.model.inventory import AppKey, Fleet, Server
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import Unseen


class Watch:
    """Looks at every server of *fleet* each *interval* seconds until cancelled. :attr:`servers` may be read from any thread."""

    def __init__(self, fleet: Fleet, *, interval: float) -> None:
        self._fleet = fleet
        self._interval = interval
        self._latest = {server.name: SeenServer(server=server.name) for server in fleet.servers}

    async def run(self) -> None:
        """Watch for ever; when it is cancelled, nothing of it is left on the servers."""
        pool = SessionPool(self._fleet)
        chance = random.Random()
        try:
            async with asyncio.TaskGroup() as group:
                for server in self._fleet.servers:
                    group.create_task(Poller(server, pool, self, chance, interval=self._interval).run(), name=server.name)
        finally:
            await pool.close_all()

    async def look_once(self) -> None:
        """Look at every server once, side by side, and leave; :attr:`SeenServer.took` then is with connecting. Raises UsageError."""
        pool = SessionPool(self._fleet)
        try:
            await asyncio.gather(*(self._look(pool, server) for server in self._fleet.servers))
        finally:
            await pool.close_all()

    async def _look(self, pool: SessionPool, server: Server) -> None:
        begun = time.monotonic()
        reports, error = await look_at(pool, server)
        if error is None:
            self.seen(server, reports, time.monotonic() - begun)
        else:
            self.failed(server.name, error, None, reports)

    @property
    def servers(self) -> tuple[SeenServer, ...]:
        """All of them, in the order of the inventory, their apps compared with each other."""
        latest = tuple(self._latest.values())
        reports = iter(compared(self._fleet, [report for one in latest for report in one.reports]))
        return tuple(replace(one, reports=tuple(next(reports) for _ in one.reports)) for one in latest)

    # ----------------------------------------------------------------------------------------------- what the pollers tell

    def keys_of(self, server: str) -> Sequence[AppKey]:
        """The apps that the last look found; before it those of the inventory."""
        latest = self._latest[server]
        named = next(one.apps for one in self._fleet.servers if one.name == server)
        return [report.key for report in latest.reports] or [(server, app.path) for app in named]

    def report(self, key: AppKey) -> Report | None:
        """The latest of one app."""
        return next((report for report in self._latest[key[0]].reports if report.key == key), None)

    def seen(self, server: Server, reports: tuple[Report, ...], took: float) -> None:
        """A look succeeded: an app that it did not find is gone."""
        self._latest[server.name] = SeenServer(server=server.name, took=took, reports=reports)

    def failed(self, server: str, error: Unseen, retry_at: float | None, reports: Iterable[Report]) -> None:
        """There is no look now."""
        self._latest[server] = replace(self._latest[server], error=error, reports=tuple(reports))
