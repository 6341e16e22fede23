from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from tests.builders.demo import living

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stalewatch.demo.host import Host
    from stalewatch.demo.world import World


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with living() as embedded:
        yield embedded


@pytest_asyncio.fixture
async def web1() -> AsyncIterator[Host]:
    """The stale one alone: it is built sooner."""
    async with living(servers=1) as embedded:
        yield embedded.hosts[0]
