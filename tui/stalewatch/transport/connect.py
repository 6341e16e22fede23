"""Opens a link to a server: over SSH, or to this machine for the target ``local``."""

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
    """A link to *server*, with ``fleet.ssh_config`` (``-F``) and ``fleet.timeout`` (seconds, to reach the server, and again to log in).

    *on_step* is called when a step begins: ``name`` (ssh_config, then DNS), ``waiting`` (only if it has to wait: for its turn, see
    ``connect_limits``, or because sshd dropped the connection), ``tcp``, ``host key``, ``auth``. Through jump hosts, ``tcp`` to ``auth``
    repeat for each hop. Raises Unreachable, HostKeyRefused, AuthRefused, or UsageError for a target or an
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
    """Importing asyncssh takes 100 ms or more: do it in a thread, and only when it is needed (``--help`` does not)."""
    if _SSH not in sys.modules:
        await asyncio.to_thread(importlib.import_module, _SSH)
