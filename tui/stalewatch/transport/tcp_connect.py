"""Connects a TCP socket: resolves the name, then tries its addresses one after the other."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from stalewatch.transport.link import OnStep

_FAMILIES: Final = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}


async def tcp_connect(hostname: str, port: int, *, family: str, timeout: float, on_step: OnStep) -> socket.socket:
    """Connect to the first address of *hostname* that answers; *family* is ssh_config's AddressFamily (``any``, ``inet``, ``inet6``).

    *timeout* is in seconds, for the name and again for all addresses together. Raises OSError (TimeoutError, socket.gaierror too) or
    UnicodeError; leaves no socket behind then.
    """
    loop = asyncio.get_running_loop()
    on_step("name")
    async with asyncio.timeout(timeout):
        wanted = _FAMILIES.get(family, socket.AF_UNSPEC)
        addresses = await loop.getaddrinfo(hostname, port, family=wanted, type=socket.SOCK_STREAM)
    on_step("tcp")
    problem: OSError = TimeoutError()
    for kind, _, protocol, _, address in addresses:
        try:
            async with asyncio.timeout(timeout / len(addresses)):
                return await _connected(kind, protocol, address)
        except OSError as error:
            problem = error
    raise problem


async def _connected(family: socket.AddressFamily, protocol: int, address: tuple[Any, ...]) -> socket.socket:
    candidate = socket.socket(family, socket.SOCK_STREAM, protocol)
    try:
        candidate.setblocking(False)
        await asyncio.get_running_loop().sock_connect(candidate, address)
    except BaseException:
        candidate.close()
        raise
    return candidate
