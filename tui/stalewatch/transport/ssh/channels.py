"""The channels of one SSH connection: at most 8, each counted until it is closed on *both* sides, none left open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from stalewatch.model.errors import LinkError, LinkTimeout
from stalewatch.transport.ssh.channel_slots import ChannelSlots
from stalewatch.transport.ssh.error_mapping import LIBRARY_ERRORS, while_talking

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from asyncssh.channel import SSHChannel

    from stalewatch.model.errors import LinkLost

    Channel: TypeAlias = SSHChannel[Any]

MAX_CHANNELS: Final = 8
OPEN_TIMEOUT: Final = 10.0

T = TypeVar("T")


class Channels:
    """Opens and ends channels. Call :meth:`lost` when the connection ends."""

    def __init__(self) -> None:
        self._slots = ChannelSlots(MAX_CHANNELS)
        self._tasks: set[asyncio.Task[None]] = set()
        self.ended: LinkLost | None = None

    def lost(self, error: LinkLost) -> None:
        """The connection ended: whoever waits for a channel gets *error*; open channels get it from asyncssh."""
        if self.ended is None:
            self.ended = error
            self._slots.fail(error)

    async def open(self, what: str, opening: Callable[[], Awaitable[T]], discard: Callable[[T], Channel]) -> T:
        """Await *opening* in its own slot. *discard* starts to close what was opened and returns its channel.

        If *opening* is cancelled, the server still opens the channel: it is closed when that answer comes, and its slot is free only then.
        Raises LinkTimeout after 10 s, LinkLost, NotPermitted.
        """
        try:
            async with asyncio.timeout(OPEN_TIMEOUT):
                return await self._open(what, opening, discard)
        except TimeoutError:
            raise LinkTimeout(f"{what}: the server opened no channel within {OPEN_TIMEOUT:g} s") from None

    async def _open(self, what: str, opening: Callable[[], Awaitable[T]], discard: Callable[[T], Channel]) -> T:
        await self._slots.take()
        task = asyncio.ensure_future(opening())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self.background(self._throw_away(task, discard))
            raise
        except (*LIBRARY_ERRORS, LinkError) as error:
            self._slots.give_back()
            raise while_talking(error, what, self.ended) from error

    async def _throw_away(self, task: asyncio.Future[T], discard: Callable[[T], Channel]) -> None:
        try:
            opened = await task
        except (*LIBRARY_ERRORS, LinkError):
            self._slots.give_back()
        else:
            await self._hold(discard(opened))

    def keep(self, channel: Channel) -> None:
        """Give the slot of *channel* back once it is closed on both sides."""
        self.background(self._hold(channel))

    async def _hold(self, channel: Channel) -> None:
        await channel.wait_closed()
        self._slots.give_back()

    def background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run *work* until it is done or the link is closed."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """End all that runs in the background."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
