"""One server for as long as somebody looks: connect, look every beat, back off, come back."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from stalewatch.engine.failures import as_unseen, unknown_reports
from stalewatch.model import reasons
from stalewatch.model.errors import LinkError, ProtocolError
from stalewatch.model.snapshot import Unseen
from stalewatch.transport.retry import next_pause, pause

if TYPE_CHECKING:
    from random import Random

    from stalewatch.engine.publisher import Publisher
    from stalewatch.engine.server_session import ServerSession
    from stalewatch.engine.session_pool import SessionPool
    from stalewatch.model.inventory import Server
    from stalewatch.model.report import Report

LOOK_INTERVAL = 2.0
SILENCE = 10.0
"""A server not heard from for so long is ``unknown``, whatever it was."""


class Poller:
    """Runs in the engine's loop until cancelled; one server's trouble never reaches another's."""

    def __init__(self, server: Server, pool: SessionPool, publisher: Publisher, random: Random) -> None:
        self.server = server
        self._pool = pool
        self._publisher = publisher
        self._random = random
        self._wake = asyncio.Event()

    def look_now(self) -> None:
        """Do not wait for the next beat, or for the next try to connect."""
        self._wake.set()

    async def run(self) -> None:
        """Watch for ever. Ends by cancellation only, and then leaves nothing behind on the server."""
        failures = 0
        while True:
            session: ServerSession | None = None
            try:
                session = await self._pool.open(self.server.name)
                failures = 0
                await self._beat(session)
            except Exception as error:  # noqa: BLE001  the border of one server: whatever goes wrong here must not blind the others
                failures += 1
                roll = self._random.random()
                retry_in = next_pause(error, failures, roll) if isinstance(error, LinkError) else pause(failures, roll)
                self._lost(as_unseen(self.server.name, error), retry_in)
            finally:
                if session is not None:
                    await self._pool.close(session)
            await self._pause(retry_in)

    async def _beat(self, session: ServerSession) -> None:
        full = True
        while True:
            self._wake.clear()
            begun = time.monotonic()
            reports = await self._look(session, full=full)
            self._publisher.seen(self.server, reports)
            took = time.monotonic() - begun
            full = await self._pause(max(LOOK_INTERVAL - took, LOOK_INTERVAL / 4))

    async def _look(self, session: ServerSession, *, full: bool) -> tuple[Report, ...]:
        looking = asyncio.ensure_future(session.look(full=full))
        try:
            done, _ = await asyncio.wait({looking}, timeout=SILENCE)
            if not done:
                self._lost(reasons.LINK_SILENT.unseen(f"no answer for {SILENCE:g} s"), None)
                done, _ = await asyncio.wait({looking}, timeout=2 * SILENCE)
            if not done:
                raise ProtocolError(f"{self.server.name}: no answer for {3 * SILENCE:g} s, connecting again", reason=reasons.LINK_SILENT)
            return looking.result()
        finally:
            looking.cancel()

    def _lost(self, error: Unseen, retry_in: float | None) -> None:
        keys = self._publisher.keys_of(self.server.name)
        last = [report for key in keys if (report := self._publisher.report(key)) is not None]
        retry_at = None if retry_in is None else time.monotonic() + retry_in
        reports = unknown_reports(self.server, [app for _, app in keys], last, error)
        self._publisher.failed(self.server.name, error, retry_at, reports)

    async def _pause(self, seconds: float | None) -> bool:
        """Wait *seconds* (None: until asked). Whether somebody asked."""
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return False
        self._wake.clear()
        return True
