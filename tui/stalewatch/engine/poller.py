"""One server for as long as somebody looks: connect, look every beat, back off, come back."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

from stalewatch.engine.beat import LOOK_INTERVAL
from stalewatch.engine.failures import as_unseen, unknown_reports
from stalewatch.model import reasons
from stalewatch.model.errors import LinkError, ProtocolError
from stalewatch.transport.retry import next_pause, pause

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

    from stalewatch.engine.server_session import ServerSession
    from stalewatch.engine.session_pool import SessionPool
    from stalewatch.model.inventory import AppKey, Server
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import Unseen

SILENCE = 10.0
"""A server not heard from for so long is ``unknown``, whatever it was."""


class Audience(Protocol):
    """Who is told what a poller sees."""

    def keys_of(self, server: str) -> Sequence[AppKey]:
        """The apps of *server* that are known, or waited for."""

    def report(self, key: AppKey) -> Report | None:
        """The latest report of an app."""

    def seen(self, server: Server, reports: tuple[Report, ...], took: float) -> None:
        """A look succeeded, in *took* seconds."""

    def failed(self, server: str, error: Unseen, retry_at: float | None, reports: Iterable[Report]) -> None:
        """There is no look now. *retry_at*: when it is tried again (``time.monotonic()``; None: it is being tried). *reports*: what that
        makes of each app."""


class Poller:
    """Runs in the loop of its *pool* until cancelled; one server's trouble never reaches another's.

    *interval*: seconds from the beginning of a look to that of the next.
    """

    def __init__(self, server: Server, pool: SessionPool, audience: Audience, random: Random, *, interval: float = LOOK_INTERVAL) -> None:
        self.server = server
        self._pool = pool
        self._audience = audience
        self._random = random
        self._interval = interval
        self._wake = asyncio.Event()

    def look_now(self) -> None:
        """Do not wait for the next beat, or for the next try to connect."""
        self._wake.set()

    def look_every(self, seconds: float) -> None:
        """Another interval, from now on: the look that is waited for comes at once."""
        self._interval = seconds
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
            took = time.monotonic() - begun
            self._audience.seen(self.server, reports, took)
            full = await self._pause(max(self._interval - took, self._interval / 4))

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
        keys = self._audience.keys_of(self.server.name)
        last = [report for key in keys if (report := self._audience.report(key)) is not None]
        retry_at = None if retry_in is None else time.monotonic() + retry_in
        reports = unknown_reports(self.server, [app for _, app in keys], last, error)
        self._audience.failed(self.server.name, error, retry_at, reports)

    async def _pause(self, seconds: float | None) -> bool:
        """Wait *seconds* (None: until asked). Whether somebody asked."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        self._wake.clear()
        return True
