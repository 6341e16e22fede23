"""The world in a thread and loop of its own, beside whoever watches it: a blocked terminal must not stop the servers."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from stalewatch.demo import described
from stalewatch.demo.place import Place
from stalewatch.demo.scenarios import INCIDENT, scenario
from stalewatch.model import reasons
from stalewatch.model.errors import StalewatchError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from stalewatch.demo.story import Scenario
    from stalewatch.demo.world import World

_LEAVES_WITHIN = 10.0


def _nothing() -> None:
    """Nobody wants to be told."""


class Embedded:
    """``with Embedded() as world``: returns when the servers answer. Or ``start``, which returns at once, and ``stop``.

    *fleet* is what is watched; known from the beginning. *error*: why the servers did not start. Raises StalewatchError (no room, no port).
    """

    def __init__(self, told: Scenario | None = None, *, read_only: bool = False) -> None:
        told = told or scenario(INCIDENT)
        try:
            self._place = Place()
        except OSError as error:
            raise _not_started(error) from error
        self.fleet = described.fleet(told, self._place.path, read_only=read_only)
        self.error: StalewatchError | None = None
        self._told = told
        self._world: World | None = None
        self._ready = threading.Event()
        self._leaving = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._living: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="stalewatch-demo", daemon=True)
        self._opened: Callable[[], None] = _nothing
        self._closing: Callable[[], None] = _nothing
        self._failed: Callable[[], None] = _nothing

    def start(
        self, opened: Callable[[], None] = _nothing, closing: Callable[[], None] = _nothing, failed: Callable[[], None] = _nothing
    ) -> None:
        """Build the servers beside the caller. *opened* is called when they answer, *closing* before they go (only after *opened*),
        *failed* when they did not start; all from another thread."""
        self._opened, self._closing, self._failed = opened, closing, failed
        self._thread.start()

    def stop(self) -> None:
        """End the servers, or their building, and remove everything."""
        self._leaving = True
        if self._loop is not None and self._living is not None:
            with suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._living.cancel)
        if self._thread.ident is not None:
            self._thread.join(_LEAVES_WITHIN)
        self._place.remove()

    def __enter__(self) -> World:
        try:
            self.start()
            self._ready.wait()
            if self._world is None:
                raise self.error or _not_started("a bug")
        except BaseException:
            self.stop()
            raise
        return self._world

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except asyncio.CancelledError:
            pass
        except Exception as error:  # noqa: BLE001  the border of this thread: nobody else would hear of it
            self.error = _not_started(error)
            self._failed()
        finally:
            self._ready.set()

    async def _live(self) -> None:
        from stalewatch.demo.world import World  # asyncssh is imported beside the main thread

        self._living = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        if self._leaving:
            return
        async with World(self._told, self._place.path) as world:
            self._world = world
            self._ready.set()
            self._opened()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.to_thread(self._closing)  # while the servers still answer


def _not_started(error: Exception | str) -> StalewatchError:
    why = str(error)
    if isinstance(error, OSError) and error.strerror:
        why = error.strerror + (f": {error.filename}" if error.filename else "")
    return StalewatchError(f"the demo's servers did not start: {why}", reason=reasons.DEMO_NOT_STARTED)
