"""One server for as long as somebody looks: connect, look every beat, back off, come back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING

from stalewatch.diagnosis.unreachable import as_unreachable, never_seen
from stalewatch.engine.server_session import Memories, ServerSession
from stalewatch.model import reasons
from stalewatch.model.errors import LinkError, LinkTimeout, ProtocolError
from stalewatch.model.snapshot import Unseen
from stalewatch.model.text import safe
from stalewatch.transport.retry import next_pause, pause

if TYPE_CHECKING:
    from random import Random

    from stalewatch.engine.publisher import Publisher
    from stalewatch.model.inventory import Fleet, Server
    from stalewatch.model.report import Report
    from stalewatch.transport.link import ConnectStep

log = logging.getLogger(__name__)

BEAT = 2.0
SILENCE = 10.0
"""A server not heard from for so long is ``unknown``, whatever it was."""


class Watcher:
    """Runs in the engine's loop until cancelled; one server's trouble never reaches another's."""

    def __init__(self, server: Server, fleet: Fleet, publisher: Publisher, random: Random) -> None:
        self.server = server
        self._fleet = fleet
        self._publisher = publisher
        self._random = random
        self._memories: Memories = {}
        self._wake = asyncio.Event()
        self._open_now = asyncio.Event()
        self.session: ServerSession | None = None
        """The open session, None while there is none."""

    def look_now(self) -> None:
        """Do not wait for the next beat, or for the next try to connect."""
        self._wake.set()

    async def opened(self, timeout: float) -> None:
        """Return when there is an open session, or after *timeout* seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._open_now.wait(), timeout)

    async def run(self) -> None:
        """Watch for ever. Ends by cancellation only, and then leaves nothing behind over there."""
        failures = 0
        while True:
            session = ServerSession(self.server, self._fleet, self._memories)
            try:
                await self._open(session)
                failures = 0
                await self._beat(session)
            except LinkError as error:
                failures += 1
                retry_in = next_pause(error, failures, self._random.random())
                self._lost(error.unseen(), retry_in)
            except Exception as error:  # the border of one server: a bug here must not blind the others
                log.exception("watching %s", self.server.name)
                failures += 1
                retry_in = pause(failures, self._random.random())
                self._lost(_bug(self.server.name, error), retry_in)
            finally:
                self.session = None
                self._open_now.clear()
                await session.close()
            await self._pause(retry_in)

    async def _open(self, session: ServerSession) -> None:
        def on_step(step: ConnectStep) -> None:
            self._publisher.connecting(self.server.name, step)

        try:
            async with asyncio.timeout(3 * self._fleet.timeout):
                await session.open(on_step)
        except TimeoutError:
            raise LinkTimeout(f"{self.server.name}: not connected within {3 * self._fleet.timeout:g} s") from None
        self.session = session
        self._open_now.set()

    async def _beat(self, session: ServerSession) -> None:
        full = True
        while True:
            self._wake.clear()
            begun = time.monotonic()
            reports = await self._look(session, full=full)
            self._publisher.seen(self.server, reports)
            took = time.monotonic() - begun
            full = await self._pause(max(BEAT - took, BEAT / 4))

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
        reports: list[Report] = []
        for key in self._publisher.keys_of(self.server.name):
            last = self._publisher.report(key)
            if last is None or last.snapshot is None:
                reports.append(never_seen(self.server.name, self.server.target, safe(key[1]), error))
            else:
                reports.append(as_unreachable(last, error))
        retry_at = None if retry_in is None else time.monotonic() + retry_in
        self._publisher.failed(self.server.name, error, retry_at, reports)

    async def _pause(self, seconds: float | None) -> bool:
        """Wait *seconds* (None: until asked). Whether somebody asked."""
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return False
        self._wake.clear()
        return True


def _bug(server: str, error: Exception) -> Unseen:
    message = f"{server}: stalewatch could not judge this server ({type(error).__name__}: {error})"
    return reasons.INTERNAL.unseen(message, "this is a bug of stalewatch: the log has the details")
