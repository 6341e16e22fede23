"""Where a lab lives: its directory, its lock, its port; and the sweep of what dead labs left.

Every lab has a tmpfs of its own under BASE (copying an application there takes a tenth of the time), with a lock file in it that
its process holds. The kernel ends the hosts of a dead lab (parent death signals), but not its directory, mount and cgroups:
whoever starts next, and gets the lock, removes those.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.lab import cgroup
from tests.lab.unavailable import Unavailable

BASE = Path("/var/lib/stalewatch-lab")
FIRST_ADDRESS = ipaddress.IPv4Address("127.0.1.1")
PORTS = range(2201, 2401)


@dataclass(frozen=True)
class Place:
    """A claimed place; `release` gives it back, with everything in it."""

    directory: Path
    lock: int
    port: int
    addresses: tuple[str, ...]
    cgroup: Path

    def release(self) -> None:
        with alone():
            empty(self.directory)
            os.close(self.lock)


def claim(hosts: int) -> Place:
    """Sweep, then claim a directory, a port free on every address, and a cgroup. Raises `Unavailable` when no port is free."""
    with alone():
        taken = sweep()
        addresses = tuple(str(FIRST_ADDRESS + number) for number in range(hosts))
        port = next((port for port in PORTS if port not in taken and free(addresses, port)), None)
        if port is None:
            raise Unavailable(f"no free port in {PORTS.start}–{PORTS.stop - 1} on {addresses[0]}–{addresses[-1]}")
        directory = Path(tempfile.mkdtemp(prefix="lab-", dir=BASE))
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0700", "stalewatch-lab", str(directory)], check=True)
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        (directory / "port").write_text(str(port))
        group = cgroup.hierarchy(directory / "cgroup2") / f"stalewatch-{directory.name}"
        group.mkdir()
        (directory / "cgroup").write_text(str(group))
        return Place(directory, lock, port, addresses, group)


@contextmanager
def alone() -> Iterator[None]:
    """Only one process at a time sweeps or claims."""
    BASE.mkdir(mode=0o700, exist_ok=True)
    with (BASE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sweep() -> set[int]:
    """Remove every dead lab; return the ports of the living. To be called under `alone`."""
    ports = set()
    for directory in BASE.glob("lab-*"):
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with suppress(FileNotFoundError):
                ports.add(int((directory / "port").read_text()))
        else:
            empty(directory)
        finally:
            os.close(lock)
    return ports


def empty(directory: Path) -> None:
    """End the processes of a lab, remove its cgroups, its mounts and its directory.

    The files go before the mount, because hosts of other labs may hold a copy of it.
    """
    with suppress(FileNotFoundError):
        group = Path((directory / "cgroup").read_text())
        for host in (path for path in group.glob("*") if path.is_dir()):
            cgroup.remove(host)
        cgroup.remove(group)
    unmount(directory / "cgroup2")
    shutil.rmtree(directory, ignore_errors=True)
    unmount(directory)
    shutil.rmtree(directory, ignore_errors=True)


def unmount(path: Path) -> None:
    if path.is_mount():
        subprocess.run(["umount", "--lazy", str(path)], check=False, capture_output=True)


def free(addresses: tuple[str, ...], port: int) -> bool:
    """Whether nobody listens on the port on any of the addresses."""
    for address in addresses:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True
