from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from stalewatch.demo.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with World() as embedded:
        yield embedded
