"""Why a pool's socket does not open, and what to grant. The link only says that it failed; the host probe finds the cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.model import figures, reasons
from stalewatch.model.snapshot import Unseen
from stalewatch.probe.host.parsers import records

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    asked = (("listening", address), ("socket", address), ("test", address), ("list", *beside(address)))
    listening, stat, test, others = await host.ask(*asked)
    found = stat.first("files")
    record = records.parse_files(found.payload).get(address) if found else None
    tested = test.first("sockets")
    state = records.parse_sockets(tested.payload).get(address) if tested else None
    if state is None or not state.exists:
        return Refusal(reasons.FPM_SOCKET_MISSING.unseen(f"{address} does not exist: FPM does not run, or listens elsewhere"))
    if not state.is_socket:
        return Refusal(reasons.FPM_SOCKET_MISSING.unseen(f"{address} is not a socket"))
    if not state.writable:
        section = others.first("files")
        found_beside = records.parse_files(section.payload).values() if section else ()
        return Refusal(denied(host.hello.login, address, record, pool, list(found_beside)), _owner(record))
    answered = listening.text("listening")
    if answered == "1" or (answered == "" and listening.first("listening") is None):
        cause = reasons.SSH_FORWARDING_OFF.unseen(
            f"sshd does not forward to {address}", "in sshd_config AllowTcpForwarding local and AllowStreamLocalForwarding local"
        )
        return Refusal(cause, reached_as="")
    return Refusal(reasons.FPM_SOCKET_DEAD.unseen(f"{address} exists, but no process listens on it: FPM is down", "start FPM"))


def beside(address: str) -> tuple[str, ...]:
    """Patterns of where the sockets of other pools lie: in its directory, and where another name stands in the place of one on the way,
    as that of another customer does: ``/srv/*/run/*.sock``."""
    names = address.split("/")[1:-1]
    patterns = ["/".join(("", *names[:at], "*", *names[at + 1 :], "*.sock")) for at in range(1, len(names))]
    return (*([f"/{'/'.join(names)}/*"] if names else []), *patterns)


def _owner(record: FileRecord | None) -> str | None:
    """Who may write to it: its owner, where the mode says so; else root."""
    if record is None or record.owner in ("", "UNKNOWN"):
        return None
    return record.owner if record.mode & 0o200 else "root"


def denied(login: str, address: str, record: FileRecord | None, pool: Pool | None, beside: Sequence[FileRecord]) -> Unseen:
    """What opens this socket to *login*, and nothing else. *record*: of the socket; *beside*: of the files in its directory."""
    where = f"{address} is {record.owner}:{record.group} {record.mode & 0o7777:04o}" if record else address
    by_group = record is not None and bool(record.mode & 0o020) and record.group not in ("root", "UNKNOWN")
    group = record.group if record is not None and by_group else (pool.group or pool.user if pool else "www-data")
    opened = [each for each in beside if _is_socket(each) and each.group == group and each.mode & 0o020]
    others = {each.inode for each in opened if record is None or each.inode != record.inode}
    if others or (pool is not None and pool.user == login):
        grant = _only_this_one(login, record if by_group else None, record.owner if record else "", group, len(others))
    elif by_group:
        grant = f"add {login} to group {group}: sudo usermod -aG {group} {login}"
    else:
        grant = f"listen.group = {group} and listen.mode = 0660 in the pool, and: sudo usermod -aG {group} {login}"
    return reasons.FPM_SOCKET_DENIED.unseen(f"{login} may not open the pool's socket: {where}", grant)


def _only_this_one(login: str, by_group: FileRecord | None, owner: str, group: str, others: int) -> str:
    """FPM's own list of who may open a socket: it replaces listen.owner and listen.group, so those who are in now are named too."""
    users = ",".join(dict.fromkeys(name for name in (owner, login) if name not in ("", "root", "UNKNOWN")))
    groups = f" and listen.acl_groups = {by_group.group}" if by_group is not None else ""
    why = f"; group {group} would open {figures.count(others, 'other pool')} too" if others else ""
    return f"listen.acl_users = {users}{groups} in this pool (they replace listen.owner and listen.group), then reload FPM{why}"


def _is_socket(record: FileRecord) -> bool:
    return record.mode & 0o170000 == 0o140000
