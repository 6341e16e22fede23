"""One look at one server, for the faces that look once: whatever goes wrong is that server's alone, and is said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stalewatch.engine.failures import as_unseen, unknown_reports
from stalewatch.model.errors import LinkTimeout, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.engine.session_pool import SessionPool
    from stalewatch.model.inventory import Server
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import Unseen

LOOKING = 2.0
"""A look may take so many times ``fleet.timeout``."""


async def look_at(pool: SessionPool, server: Server, last: Sequence[Report] = ()) -> tuple[tuple[Report, ...], Unseen | None]:
    """A full look: a report per app, and why there was no look (None: there was). *last*: what was known of the server, which becomes
    ``unknown`` where it cannot be looked at now. Raises UsageError of a target that ssh refuses."""
    limit = LOOKING * pool.fleet.timeout
    patience = asyncio.timeout(None)
    try:
        session = await pool.open(server.name)
        async with patience:
            patience.reschedule(asyncio.get_running_loop().time() + limit)
            return await session.look(full=True), None
    except UsageError:
        raise
    except Exception as caught:  # noqa: BLE001  the border of one server: whatever goes wrong here must not hide the others
        error = as_unseen(server.name, LinkTimeout(f"{server.name}: no answer within {limit:g} s") if patience.expired() else caught)
    return unknown_reports(server, [app.path for app in server.apps] if not last else [], last, error), error
