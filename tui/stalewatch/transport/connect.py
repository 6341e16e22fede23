"""The one way to a live link: over SSH, or on this machine for the target ``local``."""

from __future__ import annotations

import asyncio
import importlib
import sys
from typing import TYPE_CHECKING

from stalewatch.transport.connect_limits import limits
from stalewatch.transport.local import LocalLink
from stalewatch.transport.ssh.route import resolve_route

if TYPE_CHECKING:
    from stalewatch.model.inventory import Fleet, Server
    from stalewatch.transport.link import Link, OnStep

_SSH = "stalewatch.transport.ssh.link"


async def connect(server: Server, fleet: Fleet, on_step: OnStep) -> Link:
    """A link to *server*, with ``fleet.ssh_config`` (``-F``) and ``fleet.timeout`` (seconds, for reaching it and for being let in, each).

    *on_step* is told each step when it begins: ``name`` (ssh_config, then DNS), ``waiting`` (for its turn, see ``connect_limits``, or
    because sshd dropped it in a burst; only if it must), ``tcp``, ``host key``, ``auth``; through a jump
    host ``tcp`` to ``auth`` come again for each hop. Raises Unreachable, HostKeyRefused, AuthRefused, or UsageError for a target or an
    ssh_config that makes no sense. Cancelling it leaves nothing open.
    """
    if server.local:
        return LocalLink()
    on_step("name")
    route = await resolve_route(server.target, fleet.ssh_config)
    await _import_ssh()
    from stalewatch.transport.ssh import link

    async with limits().turn(route.hops[0].address, lambda: on_step("waiting")):
        return await link.connect(route, timeout=fleet.timeout, on_step=on_step, ssh_config=fleet.ssh_config)


async def _import_ssh() -> None:
    """Importing asyncssh takes 100 ms and more: in a thread, and not before it is needed (``--help`` never does)."""
    if _SSH not in sys.modules:
        await asyncio.to_thread(importlib.import_module, _SSH)
