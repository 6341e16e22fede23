"""Where a runbook acts: one app on one server, through the session that also watches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.report import Report
    from tui.transport.base import Link
    from tui.watch.session import Session


class AppSite:
    """What :mod:`tui.runbook.driver` needs of one app. *session* is asked anew each time: a link may come back while a runbook runs."""

    def __init__(self, session: Session, report: Report) -> None:
        self._session = session
        self.report = report

    @property
    def link(self) -> Link:
        """Raises LinkLost when there is none."""
        return self._session.link

    async def look(self) -> Report:
        """A fresh full look, diagnosed. Raises LinkError."""
        self.report = await self._session.look_at(self.report.app)
        return self.report

    async def invalidate(self, paths: Sequence[str]) -> dict[str, bool]:
        """Path -> no longer cached. Raises LinkError."""
        return await self._session.invalidate(self.report.app, tuple(paths))
