"""Where a runbook acts: one app on one server, through the session that also watches it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.engine.server_session import ServerSession
    from stalewatch.model.report import Report
    from stalewatch.transport.link import Link


class Sessions(Protocol):
    """Who holds the session of a server, and opens another when its link died."""

    def session(self, server: str) -> ServerSession:
        """The open session now. Raises LinkLost when there is none."""
        ...

    async def reopened(self, server: str) -> ServerSession:
        """The open session, or a new one: a lost link is tried again at once, but once only. Raises LinkError."""
        ...


class AppSite:
    """What :mod:`stalewatch.runbook.driver` needs of one app. The session is asked for each time: a link may come back meanwhile."""

    def __init__(self, sessions: Sessions, report: Report) -> None:
        self._sessions = sessions
        self.report = report

    @property
    def link(self) -> Link:
        """Raises LinkLost when there is none."""
        return self._sessions.session(self.report.server).link

    async def look(self) -> Report:
        """A fresh full look, diagnosed. Raises LinkError."""
        session = await self._sessions.reopened(self.report.server)
        self.report = await session.look_at(self.report.app)
        return self.report

    async def invalidate(self, paths: Sequence[str]) -> dict[str, bool]:
        """Path -> no longer cached. Raises LinkError."""
        return await self._sessions.session(self.report.server).invalidate(self.report.app, tuple(paths))
