"""The world in a thread and loop of its own, beside whoever watches it: a blocked terminal must not stop the servers."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from stalewatch.model import reasons
from stalewatch.model.errors import StalewatchError

if TYPE_CHECKING:
    from types import TracebackType

    from stalewatch.demo.world import World

_LEAVES_WITHIN = 10.0


class Embedded:
    """``with Embedded() as world``: returns when the servers answer. Raises StalewatchError (no room, no port)."""

    def __init__(self, *, read_only: bool = False) -> None:
        self._read_only = read_only
        self._world: World | None = None
        self._error: OSError | None = None
        self._ready = threading.Event()
        self._leaving = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="stalewatch-demo", daemon=True)

    def __enter__(self) -> World:
        self._thread.start()
        try:
            self._ready.wait()
        except BaseException:
            self._leave()
            raise
        if self._world is None:
            self._leave()
            raise StalewatchError(
                f"the demo's servers did not start: {self._error or 'a bug'}", reason=reasons.DEMO_NOT_STARTED
            ) from self._error
        return self._world

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._leave()

    def _leave(self) -> None:
        self._leaving = True
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_LEAVES_WITHIN)

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except OSError as error:
            self._error = error
        finally:
            self._ready.set()

    async def _live(self) -> None:
        from stalewatch.demo.world import World  # asyncssh is imported beside the main thread

        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if self._leaving:
            return
        async with World(read_only=self._read_only) as world:
            self._world = world
            self._ready.set()
            await self._stop.wait()
