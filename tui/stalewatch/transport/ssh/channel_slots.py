"""A bounded number of channels, whose waiters learn at once when the link dies."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stalewatch.model.errors import LinkError


class ChannelSlots:
    """*free* slots, handed out in the order they were asked for. Everything but waiting is synchronous."""

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
                self.give_back()  # it was our turn in the same instant
            raise

    def give_back(self) -> None:
        """Hand a slot to who waits longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def fail(self, error: LinkError) -> None:
        """No slot will ever be handed out again: whoever waits, or asks later, gets *error*."""
        self._error = error
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(error)
