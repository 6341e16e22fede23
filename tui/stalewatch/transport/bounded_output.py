"""What a command prints, kept up to a bound and read to its end, so that the command never blocks on us."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Coroutine

MAX_OUTPUT: Final = 1024 * 1024


class _Reader(Protocol):
    async def read(self, n: int = -1, /) -> bytes: ...


async def read_bounded(reader: _Reader, limit: int = MAX_OUTPUT) -> bytes:
    """All that *reader* gives until its end, of which the first *limit* bytes are kept."""
    kept = bytearray()
    while data := await reader.read(65536):
        kept += data[: max(0, limit - len(kept))]
    return bytes(kept)


async def together(*parts: Coroutine[Any, Any, Any]) -> None:
    """Run *parts* side by side until all are done; the first error, or cancellation, ends the others before it goes on."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
