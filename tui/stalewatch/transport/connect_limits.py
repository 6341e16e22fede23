"""Limits how many connections are being opened at a time: sshd drops bursts (MaxStartups 10:30:100), and so does a jump host."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

PER_ADDRESS: Final = 8
IN_ALL: Final = 50


class Limits:
    """At most 8 at a time to one address and 50 in total, first come first served."""

    def __init__(self, per_address: int = PER_ADDRESS, in_all: int = IN_ALL) -> None:
        self._per_address = per_address
        self._all = asyncio.Semaphore(in_all)
        self._addresses: weakref.WeakValueDictionary[str, asyncio.Semaphore] = weakref.WeakValueDictionary()

    @contextlib.asynccontextmanager
    async def turn(self, address: str, on_wait: Callable[[], None]) -> AsyncIterator[None]:
        """Wait for a turn at *address*; *on_wait* is called if there is a wait. The limit of the address comes first, so that
        those who wait for one busy jump host take nothing from the others.
        """
        one = self._addresses.get(address)
        if one is None:
            one = self._addresses[address] = asyncio.Semaphore(self._per_address)
        if one.locked() or self._all.locked():
            on_wait()
        async with one, self._all:
            yield


_limits: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Limits] = weakref.WeakKeyDictionary()


def limits() -> Limits:
    """The limits that all connects of the running event loop share."""
    return _limits.setdefault(asyncio.get_running_loop(), Limits())
