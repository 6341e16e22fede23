"""Why a pool's socket does not open, and what to grant. The link only says that it failed; the host probe finds the cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.model import reasons
from stalewatch.model.snapshot import Unseen
from stalewatch.probe.host.parsers import records

if TYPE_CHECKING:
    from stalewatch.model.snapshot import Pool
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.parsers.records import FileRecord


class Refusal(NamedTuple):
    """*cause*: in one line. *reached_as*: who can connect on the server itself: "" this login, a user's name, None nobody."""

    cause: Unseen
    reached_as: str | None = None


async def why_refused(host: HostProbe, address: str, pool: Pool | None) -> Refusal:
    """The cause, and whether there is a way around it. Raises LinkError."""
    if not address.startswith("/"):
        return Refusal(
            reasons.FPM_PORT_REFUSED.unseen(
                f"{address} accepts no connection", "start FPM, and let sshd forward to it (AllowTcpForwarding, PermitOpen)"
            ),
            reached_as="",
        )
    listening, stat, test = await host.ask(("listening", address), ("socket", address), ("test", address))
    found = stat.first("files")
    record = records.parse_files(found.payload).get(address) if found else None
    tested = test.first("sockets")
    state = records.parse_sockets(tested.payload).get(address) if tested else None
    if state is None or not state.exists:
        return Refusal(reasons.FPM_SOCKET_MISSING.unseen(f"{address} does not exist: FPM does not run, or listens elsewhere"))
    if not state.is_socket:
        return Refusal(reasons.FPM_SOCKET_MISSING.unseen(f"{address} is not a socket"))
    if not state.writable:
        return Refusal(_denied(host, address, record, pool), _owner(record))
    answered = listening.text("listening")
    if answered == "1" or (answered == "" and listening.first("listening") is None):
        cause = reasons.SSH_FORWARDING_OFF.unseen(
            f"sshd does not forward to {address}", "in sshd_config AllowTcpForwarding local and AllowStreamLocalForwarding local"
        )
        return Refusal(cause, reached_as="")
    return Refusal(reasons.FPM_SOCKET_DEAD.unseen(f"{address} exists, but no process listens on it: FPM is down", "start FPM"))


def _owner(record: FileRecord | None) -> str | None:
    """Who may write to it: its owner, where the mode says so; else root."""
    if record is None or record.owner in ("", "UNKNOWN"):
        return None
    return record.owner if record.mode & 0o200 else "root"


def _denied(host: HostProbe, address: str, record: FileRecord | None, pool: Pool | None) -> Unseen:
    login = host.hello.login
    where = f"{address} is {record.owner}:{record.group} {record.mode & 0o7777:04o}" if record else address
    if record is not None and record.mode & 0o020 and record.group not in ("root", "UNKNOWN"):
        grant = f"add {login} to group {record.group}: sudo usermod -aG {record.group} {login}"
    else:
        user = pool.group or pool.user if pool else "www-data"
        grant = f"listen.group = {user} and listen.mode = 0660 in the pool, and: sudo usermod -aG {user} {login}"
    return reasons.FPM_SOCKET_DENIED.unseen(f"{login} may not open the pool's socket: {where}", grant)
