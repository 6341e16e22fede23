"""Who opens the fleet for a command: the engine, or whatever the caller of the command line passes as ``obj`` in its place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

    from stalewatch.engine.fleet_session import FleetSession
    from stalewatch.model.inventory import Fleet
    from stalewatch.model.report import Report

OpenFleet: TypeAlias = "Callable[[Fleet], AbstractAsyncContextManager[FleetSession]]"
"""As :func:`stalewatch.engine.fleet_session.open_fleet`."""


def opener(ctx: click.Context) -> OpenFleet:
    """The ``obj`` that the program was called with, else the engine, which is not imported before."""
    if ctx.obj is not None:
        given: OpenFleet = ctx.obj
        return given
    from stalewatch.engine.fleet_session import open_fleet

    return open_fleet


async def look_once(open_fleet: OpenFleet, fleet: Fleet) -> Sequence[Report]:
    """One full look at all servers side by side. When it returns, what is to be remembered is on the disk."""
    async with open_fleet(fleet) as session:
        return session.reports
