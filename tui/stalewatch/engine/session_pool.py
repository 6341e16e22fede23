"""One look at the whole fleet, for the faces without screens."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from stalewatch.diagnosis.unreachable import as_unreachable, never_seen
from stalewatch.engine.app_session import AppSite
from stalewatch.engine.comparison import compared
from stalewatch.engine.server_session import ServerSession
from stalewatch.model import reasons
from stalewatch.model.errors import LinkError, Unreachable
from stalewatch.model.text import safe
from stalewatch.runbook import driver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from stalewatch.model.inventory import Fleet, Server
    from stalewatch.model.report import Report
    from stalewatch.runbook.plan import Plan, Progress, Status
    from stalewatch.transport.link import ConnectStep


class Sites:
    """The fleet, connected and looked at. *reports*: one per (server, app), servers in the order of the inventory."""

    def __init__(
        self,
        fleet: Fleet,
        reports: tuple[Report, ...],
        sessions: dict[str, ServerSession],
        reopen: Callable[[ServerSession], Awaitable[ServerSession]],
    ) -> None:
        self._fleet = fleet
        self.reports = compared(fleet, reports)
        self._sessions = sessions
        self._reopen = reopen

    def session(self, server: str) -> ServerSession:
        """The open session of *server*. Raises LinkLost when its link died."""
        session = self._sessions[server]
        _ = session.link
        return session

    async def reopened(self, server: str) -> ServerSession:
        """The open session, or a new one. Raises LinkError."""
        session = self._sessions[server]
        if not session.alive:
            session = self._sessions[server] = await self._reopen(session)
        return session

    async def look(self) -> tuple[Report, ...]:
        """Look at the connected servers again. One whose link died is unheard of; one that could not be reached keeps its entry."""
        fresh = await asyncio.gather(*(self._look(session) for session in self._sessions.values()))
        seen = dict(zip(self._sessions, fresh, strict=True))
        kept: list[Report] = []
        for server in dict.fromkeys(report.server for report in self.reports):
            kept += seen.get(server) or [report for report in self.reports if report.server == server]
        self.reports = compared(self._fleet, tuple(kept))
        return self.reports

    async def _look(self, session: ServerSession) -> tuple[Report, ...]:
        try:
            return await session.look(full=True)
        except LinkError as error:
            return tuple(as_unreachable(report, error.unseen()) for report in self.reports if report.server == session.server.name)

    async def run(self, plan: Plan, on_progress: Callable[[Progress], None]) -> dict[tuple[str, str], Status]:
        """Execute a confirmed plan; never raises LinkError (a lost link is a Status)."""
        sites = {report.key: AppSite(self, report) for report in self.reports if report.server in self._sessions}
        return await driver.run(plan, sites, on_progress)


@asynccontextmanager
async def open_sites(fleet: Fleet) -> AsyncIterator[Sites]:
    """Connect to every server at once and look. Never raises LinkError: who can't be reached is a report with its error."""
    opened = await asyncio.gather(*(_open(server, fleet) for server in fleet.servers))
    sessions = {session.server.name: session for session, _ in opened if session is not None}

    async def reopen(dead: ServerSession) -> ServerSession:
        await dead.close()
        session = ServerSession(dead.server, fleet, dead.memories)
        await session.open(lambda _: None)
        return session

    try:
        yield Sites(fleet, tuple(report for _, reports in opened for report in reports), sessions, reopen)
    finally:
        await asyncio.gather(*(session.close() for session in sessions.values()))


async def look_once(fleet: Fleet) -> tuple[Report, ...]:
    """One full look at all servers side by side. Never raises LinkError."""
    async with open_sites(fleet) as sites:
        return sites.reports


async def _open(server: Server, fleet: Fleet) -> tuple[ServerSession | None, tuple[Report, ...]]:
    session = ServerSession(server, fleet, {})
    step: list[ConnectStep] = ["name"]

    def on_step(now: ConnectStep) -> None:
        step[0] = now

    try:
        async with asyncio.timeout(2 * fleet.timeout):
            await session.open(on_step)
            reports = await session.look(full=True)
    except LinkError as error:
        await session.close()
        return None, _never_seen(server, error)
    except TimeoutError:
        await session.close()
        late = Unreachable(f"{server.name}: no answer within {2 * fleet.timeout:g} s (step: {step[0]})", reason=reasons.LINK_TIMEOUT)
        return None, _never_seen(server, late)
    except BaseException:
        await session.close()
        raise
    return session, reports


def _never_seen(server: Server, error: LinkError) -> tuple[Report, ...]:
    apps = [app.path for app in server.apps] or [""]
    return tuple(never_seen(server.name, server.target, safe(app), error.unseen()) for app in apps)
