"""Limits the number of open channels. Who waits for one gets the error as soon as the link is lost."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stalewatch.model.errors import LinkError


class ChannelSlots:
    """*free* slots, first come first served. Only :meth:`take` waits; the rest is synchronous."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._error: LinkError | None = None

    async def take(self) -> None:
        """Take a slot, waiting for one. Raises the error that :meth:`fail` was given."""
        if self._error is not None:
            raise self._error
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.give_back()  # cancelled in the moment it got the slot
            raise

    def give_back(self) -> None:
        """Give a slot to the one who has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def fail(self, error: LinkError) -> None:
        """Give out no slot any more: everyone who waits, or asks later, gets *error*."""
        self._error = error
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(error)
