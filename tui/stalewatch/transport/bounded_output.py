"""The output of a command: read to its end, so that the command never blocks, and kept up to a bound."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Coroutine

MAX_OUTPUT: Final = 1024 * 1024


class _Reader(Protocol):
    async def read(self, n: int = -1, /) -> bytes: ...


async def read_bounded(reader: _Reader, limit: int = MAX_OUTPUT) -> bytes:
    """Read *reader* to its end and return its first *limit* bytes."""
    kept = bytearray()
    while data := await reader.read(65536):
        kept += data[: max(0, limit - len(kept))]
    return bytes(kept)


async def together(*parts: Coroutine[Any, Any, Any]) -> None:
    """Run *parts* concurrently until all are done. The first error, or a cancellation, cancels the others before it is raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
