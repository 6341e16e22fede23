"""One request to an application itself, through its pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import reasons
from stalewatch.model.errors import NotPermitted, ProtocolError
from stalewatch.model.snapshot import Unseen
from stalewatch.probe.host.parsers.fpm_config import chroot_of
from stalewatch.probe.runtime.chroot import inside
from stalewatch.transport.fastcgi.client import request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.model.snapshot import Pool
    from stalewatch.probe.runtime.socket_access import SocketAccess
    from stalewatch.transport.fastcgi.response import Response

TIMEOUT = 10.0
MAX_ANSWER = 4 * 1024 * 1024


async def through_pool(access: SocketAccess, address: str, pool: Pool | None, parameters: Mapping[str, str]) -> Response:
    """The answer to *parameters* of the pool at *address*, whose paths are as it sees them then. Raises LinkError."""
    if not address:
        raise NotPermitted("no pool of this application can be asked", reason=reasons.FPM_NOT_FOUND)
    try:
        stream = await access.open(address, pool)
        if isinstance(stream, Unseen):
            raise NotPermitted(stream.message, grant=stream.grant, reason=reasons.REASONS[stream.code])
        root = chroot_of(pool.settings) if pool is not None else ""
        sent = {name: inside(value, root) if name in ("SCRIPT_FILENAME", "DOCUMENT_ROOT") else value for name, value in parameters.items()}
        return await request(stream, sent, timeout=TIMEOUT, limit=MAX_ANSWER)
    except ValueError as error:
        raise ProtocolError(str(error), reason=reasons.FPM_PROTOCOL) from error
