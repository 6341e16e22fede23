"""The embedded servers without a thread of their own."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from stalewatch.demo.place import Place
from stalewatch.demo.scenarios import INCIDENT, scenario
from stalewatch.demo.world import World
from stalewatch.model.replace import replace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def living(name: str = INCIDENT, *, start: float | None = None, servers: int | None = None) -> AsyncIterator[World]:
    """The first *servers* (None: all) of the story *name* in a folder that is removed at the end."""
    told = scenario(name)
    told = replace(told, scenes=told.scenes[:servers])
    place = Place()
    try:
        async with World(told, place.path, start=start) as world:
            yield world
    finally:
        place.remove()
