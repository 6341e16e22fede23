"""The open sessions of a fleet. Every face looks and acts through one of these: the dashboard's engine, ``check``, ``fix`` and ``mark``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stalewatch.engine.server_session import Memories, OnJudged, ServerSession
from stalewatch.model.errors import LinkLost, LinkTimeout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stalewatch.model.inventory import Fleet
    from stalewatch.transport.link import ConnectStep

OPEN_LIMIT = 3.0
"""Connecting may take so many times ``fleet.timeout``: that is for one answer, and it takes several."""


class SessionPool:
    """At most one open session per server, opened by whoever needs it first; names are those of the inventory.

    *on_step* is called at each step of connecting, *on_open* when a session was opened; both with the server's name, in the pool's loop.
    *on_judged*: with each look at an app. *memories*: what is remembered of each server already, instead of what is on the disk.
    """

    def __init__(
        self,
        fleet: Fleet,
        *,
        on_step: Callable[[str, ConnectStep], None] = lambda _server, _step: None,
        on_open: Callable[[str], None] = lambda _server: None,
        on_judged: OnJudged = lambda _memory, _snapshot, _after: None,
        memories: Mapping[str, Memories] | None = None,
    ) -> None:
        self.fleet = fleet
        self._on_step = on_step
        self._on_open = on_open
        self._on_judged = on_judged
        self._servers = {server.name: server for server in fleet.servers}
        self._sessions: dict[str, ServerSession] = {}
        self._memories: dict[str, Memories] = {name: {} for name in self._servers} | dict(memories or {})
        self._opening = {name: asyncio.Lock() for name in self._servers}

    def session(self, server: str) -> ServerSession:
        """The open session. Raises LinkLost when there is none."""
        session = self._sessions.get(server)
        if session is None or not session.alive:
            raise LinkLost(f"{server}: the connection is gone")
        return session

    async def open(self, server: str) -> ServerSession:
        """The open session, or a new one; a dead one is closed first. Raises LinkError, and UsageError of a target that ssh refuses."""
        async with self._opening[server]:
            session = self._sessions.get(server)
            if session is not None and session.alive:
                return session
            if session is not None:
                await self.close(session)
            session = await self._open(server)
            self._sessions[server] = session
        self._on_open(server)
        return session

    async def _open(self, server: str) -> ServerSession:
        session = ServerSession(self._servers[server], self.fleet, self._memories[server], self._on_judged)
        limit = OPEN_LIMIT * self.fleet.timeout
        begun: list[ConnectStep] = ["name"]

        def on_step(step: ConnectStep) -> None:
            begun[0] = step
            self._on_step(server, step)

        try:
            async with asyncio.timeout(limit) as patience:
                await session.open(on_step)
        except TimeoutError:
            if not patience.expired():
                raise
            raise LinkTimeout(f"{server}: no answer within {limit:g} s (step: {begun[0]})") from None
        return session

    async def close(self, session: ServerSession) -> None:
        """Close *session*; what is remembered of its server stays. Never raises."""
        if self._sessions.get(session.server.name) is session:
            del self._sessions[session.server.name]
        await session.close()

    async def close_all(self) -> None:
        """Close every session. Never raises."""
        await asyncio.gather(*(self.close(session) for session in list(self._sessions.values())))
