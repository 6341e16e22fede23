"""The host probe's lines: files, processes, sockets, locks. Pure; every length and number is bounded."""

from __future__ import annotations

from stat import S_ISREG

import msgspec

from stalewatch.model.snapshot import FileStat
from stalewatch.model.text import SafeText, safe

FAR_FUTURE = 32_503_680_000.0
"""Year 3000: a later time is an error (or an attack on a formatter) and is set to it."""


class FileRecord(msgspec.Struct, frozen=True):
    """One file on the server; *path* as the server has it (bytes that are not UTF-8 as surrogates), *mode* the whole ``st_mode``."""

    path: str
    mtime: float
    ctime: float
    size: int
    inode: int
    mode: int
    owner: str
    group: str
    dev: int | None = None

    @property
    def newest(self) -> float:
        """max(mtime, ctime)."""
        return max(self.mtime, self.ctime)

    @property
    def is_regular(self) -> bool:
        """Whether it is a file, not a directory, a pipe or a device."""
        return S_ISREG(self.mode)

    def stat(self, root: str = "", content: str = "") -> FileStat:
        """The snapshot's value, with the path relative to *root* where it is below it. *content*: its check sum."""
        path, owner = relative(self.path, root), safe(self.owner, 64)
        return FileStat(path, self.mtime, self.ctime, self.size, self.inode, owner, self.dev, SafeText(content))


class ProcessRecord(msgspec.Struct, frozen=True):
    """One line of ``/proc/PID/stat``: *ticks* is the start time since boot in clock ticks."""

    pid: int
    comm: str
    state: str
    parent: int
    ticks: int


class SocketRecord(msgspec.Struct, frozen=True):
    """What ``test -e``, ``-S`` and ``-w`` say for the login user."""

    path: str
    exists: bool
    is_socket: bool
    writable: bool


def text(data: bytes) -> str:
    """*data* as text; what is not UTF-8 survives as surrogates, so that nothing is mistaken for another name."""
    return data.decode("utf-8", "surrogateescape")


def relative(path: str, root: str) -> SafeText:
    """*path* made safe, relative to *root* where it is below it."""
    return safe(path[len(root) + 1 :] if root and path.startswith(root + "/") else path)


def parse_time(value: str) -> float:
    """Epoch seconds, never negative, not after :data:`FAR_FUTURE`. Raises ValueError."""
    number = float(value)
    if number != number:
        raise ValueError("not a time")
    return min(max(number, 0.0), FAR_FUTURE)


def parse_file(line: str) -> FileRecord | None:
    """``MTIME CTIME SIZE INODE MODE DEVICE OWNER GROUP PATH``; None for anything else."""
    fields = line.split(" ", 8)
    if len(fields) != 9 or not fields[8]:
        return None
    try:
        mtime, ctime = parse_time(fields[0]), parse_time(fields[1])
        size, inode, mode, dev = int(fields[2]), int(fields[3]), int(fields[4], 16), int(fields[5])
    except ValueError:
        return None
    # GNU find that starts at "root/" gives "root//file" where root ends with a slash.
    return FileRecord(fields[8].replace("//", "/"), mtime, ctime, max(size, 0), max(inode, 0), mode, fields[6], fields[7], max(dev, 0))


def parse_files(payload: bytes) -> dict[str, FileRecord]:
    """Every well-formed line, by path."""
    parsed = (parse_file(line) for line in text(payload).split("\n"))
    return {record.path: record for record in parsed if record is not None}


def parse_process(line: str) -> ProcessRecord | None:
    """A line of /proc/PID/stat; None for anything else and for zombies. The name may hold anything, also ``) ``: cut at the last one."""
    head, found, rest = line.rpartition(") ")
    pid, opened, comm = head.partition(" (")
    fields = rest.split()
    if not found or not opened or len(fields) < 20 or fields[0] == "Z":
        return None
    try:
        return ProcessRecord(int(pid), comm, fields[0], int(fields[1]), int(fields[19]))
    except ValueError:
        return None


def parse_sockets(payload: bytes) -> dict[str, SocketRecord]:
    """Lines ``missing|file|socket [writable] PATH``."""
    sockets = {}
    for line in text(payload).split("\n"):
        state, _, rest = line.partition(" ")
        if state not in ("missing", "file", "socket") or not rest:
            continue
        writable = rest.startswith("writable ")
        path = rest.removeprefix("writable ")
        sockets[path] = SocketRecord(path, state != "missing", state == "socket", writable)
    return sockets


def parse_children(payload: bytes) -> dict[int, tuple[int, ...] | None]:
    """Lines ``MASTER CHILD…`` (None: the master is gone)."""
    masters: dict[int, tuple[int, ...] | None] = {}
    for line in text(payload).split("\n"):
        pid, *rest = line.split() or [""]
        if pid.isdecimal():
            masters[int(pid)] = None if rest == ["gone"] else tuple(int(each) for each in rest[:4096] if each.isdecimal())
    return masters


def parse_clock(payload: bytes) -> tuple[float, float] | None:
    """``EPOCH UPTIME``: the server's clock and its uptime (0.0 if not sent)."""
    now, _, uptime = text(payload).strip().partition(" ")
    try:
        return parse_time(now), float(uptime) if uptime else 0.0
    except ValueError:
        return None


def birth_of(payload: bytes) -> float | None:
    """When a file or directory was made, by ``stat -c %W``; None where the file system or that ``stat`` does not tell (0, -, W)."""
    told = payload.strip()
    return float(told) if told.isdigit() and 0 < len(told) < 12 and int(told) > 0 else None
