"""Maps errors of asyncssh and of the system to ours. The only file that knows both."""

from __future__ import annotations

import os
import socket
from typing import Final

import asyncssh

from stalewatch.model import reasons
from stalewatch.model.errors import AuthRefused, LinkError, LinkLost, NotPermitted, ProtocolError, Unreachable
from stalewatch.model.text import SafeText, safe

LIBRARY_ERRORS: Final = (asyncssh.Error, OSError, ValueError)
"""What asyncssh raises: its own, the system's, and ValueError for what it cannot decode."""

_BURST: Final = "sshd may be refusing a burst of connections (MaxStartups) or this address (PerSourcePenalties, hosts.deny)"


def while_connecting(error: Exception, where: str, step: str) -> LinkError:
    """*error* came before the login was done; *step* is the current one (``tcp``, ``host key``, ``auth``)."""
    reason = _reason(error)
    match error:
        case LinkError():
            return error
        case asyncssh.PermissionDenied():
            return AuthRefused(f"{where} accepted none of our keys: {reason}")
        case asyncssh.DisconnectError() if "too many authentication failures" in reason.lower():
            return AuthRefused(f"{where}: {reason}", grant="name the one key: IdentityFile and IdentitiesOnly yes in ssh_config")
        case asyncssh.KeyExchangeFailed() | asyncssh.ProtocolNotSupported():
            return Unreachable(
                f"{where} has no SSH algorithm in common with this client: {reason}", reason=reasons.LINK_NO_COMMON_ALGORITHM
            )
        case asyncssh.ChannelOpenError():
            return Unreachable(f"the jump host does not reach {where}: {reason}", grant="see AllowTcpForwarding on the jump host")
        case asyncssh.ConnectionLost() | ConnectionError() if step == "host key":
            return Unreachable(
                f"{where} closed the connection before its host key was verified: {reason}", grant=_BURST, reason=reasons.LINK_HUNG_UP
            )
        case asyncssh.DisconnectError() | ConnectionError() if step == "auth":
            return Unreachable(f"{where} closed the connection during the login: {reason}")
        case socket.gaierror():
            return Unreachable(
                f"{where}: no such name ({reason})", grant="check the name, or HostName in ssh_config", reason=reasons.LINK_NAME
            )
        case _:
            return Unreachable(f"{where}: {reason}")


def while_talking(error: Exception, what: str, lost: LinkLost | None) -> LinkError:
    """*error* came on an open link. *lost*: how the link ended, if it did. *what*: what was running."""
    match error:
        case LinkError():
            return error
        case _ if lost is not None:
            return lost
        case asyncssh.ChannelOpenError():
            return NotPermitted(f"{what}: {_reason(error)}")
        case ValueError():
            return ProtocolError(f"{what}: {_reason(error)}")
        case _:
            return LinkLost(f"{what}: {_reason(error)}")


def link_lost(where: str, error: Exception | None) -> LinkLost:
    """The connection ended: by *error*, or normally (None)."""
    return LinkLost(f"the link to {where} ended: {_reason(error) if error else 'closed'}")


def _reason(error: Exception) -> SafeText:
    if isinstance(error, OSError) and error.strerror:
        plain = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror  # asyncio words it as "Connect call failed"
        return safe(plain, 200)
    return safe(str(error) or type(error).__name__, 200)
