"""SIGTERM, SIGHUP and SIGINT while servers are looked at: what is open on them is closed, then the program ends."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def heeded() -> list[signal.Signals]:
    """Those of SIGNALS that may end us: one that is ignored (``nohup``) stays so."""
    return [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


class Signalled(Exception):
    """*number*: of the signal that ended it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def run_until_signal(looking: Coroutine[Any, Any, T]) -> T:
    """What *looking* returns. Raises Signalled, once *looking* was cancelled and has closed what it had open; a second signal does what
    it does by itself. One that is ignored (``nohup``) stays so."""
    return asyncio.run(_heard(looking))


async def _heard(looking: Coroutine[Any, Any, T]) -> T:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    heard = heeded()
    came: list[int] = []

    def hear(number: int) -> None:
        came.append(number)
        unhear()
        task.cancel()

    def unhear() -> None:
        for number in heard:
            loop.remove_signal_handler(number)

    try:
        for number in heard:
            loop.add_signal_handler(number, hear, number)
        return await looking
    except asyncio.CancelledError:
        if came:
            raise Signalled(came[0]) from None
        raise
    finally:
        unhear()
