"""The whole fleet, connected and looked at, for the faces without screens."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from stalewatch.diagnosis.expected import in_release, seen_now, with_files, with_release_unknown
from stalewatch.diagnosis.smoke import parameters, with_answer
from stalewatch.engine.comparison import compared
from stalewatch.engine.one_look import look_at
from stalewatch.engine.pooled_app import PooledApp, run
from stalewatch.engine.session_pool import SessionPool
from stalewatch.model.errors import LinkError
from stalewatch.runbook.app_answers import ask
from stalewatch.runbook.cleared_layers import cleared_layers
from stalewatch.runbook.needs import SOON
from stalewatch.runbook.propose import propose, sudo_rights
from stalewatch.runbook.result import still_old

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence

    from stalewatch.model.expected import ExpectedFile
    from stalewatch.model.inventory import AppKey, Fleet, Server
    from stalewatch.model.report import Report
    from stalewatch.runbook.plan import Plan, Progress, Request, Status
    from stalewatch.runbook.rights import Rights

SETTLING = 1.0
"""Seconds between two looks at what heals by itself in a moment."""


class FleetSession:
    """*reports*: one per (server, app), servers in the order of the inventory, compared with each other."""

    def __init__(self, pool: SessionPool) -> None:
        self._pool = pool
        self.reports: tuple[Report, ...] = ()

    async def look(self) -> tuple[Report, ...]:
        """Look at every server side by side. One that can't be looked at is ``unknown`` with the reason, whatever that is.

        A server that was never reached keeps its entry and is not tried again: a refused login is penalised. Raises UsageError.
        """
        looks = await asyncio.gather(*(self._look(server) for server in self._pool.fleet.servers))
        self.reports = compared(self._pool.fleet, tuple(report for reports in looks for report in reports))
        return self.reports

    async def smoke(self) -> tuple[Report, ...]:
        """Ask every application of the latest look for its page, and add what it answered to its report."""
        return await self._asked({report.key for report in self.reports})

    async def expect(self, files: Sequence[ExpectedFile]) -> tuple[Report, ...]:
        """Hold every application of the latest look against *files*, and add to its report which of them its server does not have."""
        self.reports = tuple(await asyncio.gather(*(self._held(report, files) for report in self.reports)))
        return self.reports

    async def settle(self, keys: Collection[AppKey]) -> tuple[Report, ...]:
        """Of *keys*, on which nothing is run: wait for what heals by itself in a moment, and ask each application for its page."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SOON
        while loop.time() < deadline and any(0 < still_old(report) <= SOON for report in self.reports if report.key in keys):
            await asyncio.sleep(SETTLING)
            await self.look()
        return await self._asked(keys)

    async def _asked(self, keys: Collection[AppKey]) -> tuple[Report, ...]:
        asked = (self._answer(report) if report.key in keys else _itself(report) for report in self.reports)
        self.reports = tuple(await asyncio.gather(*asked))
        return self.reports

    async def _answer(self, report: Report) -> Report:
        if report.host is None:
            return report
        app = PooledApp(self._pool, report)
        asked = parameters(report, app.smoke)
        return with_answer(report, asked, await ask(app, asked, app.smoke))

    async def _held(self, report: Report, files: Sequence[ExpectedFile]) -> Report:
        if not seen_now(report):
            return report
        wanted = in_release(report, files)
        try:
            return with_files(report, wanted, await self._pool.session(report.server).held(report.app, wanted))
        except LinkError as error:
            return with_release_unknown(report, error.unseen())

    def propose(self, request: Request, *, batch: int = 1) -> Plan:
        """What *request* would do, by the latest look."""
        return propose(self.reports, self._pool.fleet, request, batch=batch, cleared=cleared_layers())

    def sudo_rights(self) -> tuple[Rights, ...]:
        """What fixes need of sudo, by the latest look, in the order of the reports."""
        return sudo_rights(self.reports, self._pool.fleet)

    async def run(
        self, plan: Plan, on_progress: Callable[[Progress], None], stopped: Callable[[], str] = lambda: ""
    ) -> dict[AppKey, Status]:
        """Execute a confirmed plan: the status of every server in it. *reports* are those of its end afterwards. *stopped*: why no
        further step may be begun ("": go on)."""
        ended, self.reports = await run(self._pool, plan, lambda: self.reports, on_progress, stopped)
        return ended

    async def _look(self, server: Server) -> tuple[Report, ...]:
        last = [report for report in self.reports if report.server == server.name]
        if last and all(report.snapshot is None for report in last):
            return tuple(last)
        reports, _ = await look_at(self._pool, server, last)
        return reports


async def _itself(report: Report) -> Report:
    return report


@asynccontextmanager
async def open_fleet(fleet: Fleet) -> AsyncIterator[FleetSession]:
    """Connect to every server at once and look. Raises UsageError of a target that ssh refuses; who can't be reached has a report."""
    pool = SessionPool(fleet)
    session = FleetSession(pool)
    try:
        await session.look()
        yield session
    finally:
        await pool.close_all()
