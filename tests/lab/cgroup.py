"""A cgroup per host: its CPU figures, the processes of its units, and the certain end of all of them.

cgroup2 is found where it is mounted (/sys/fs/cgroup, or /sys/fs/cgroup/unified beside v1); where it is not, or may not be
written, the lab mounts it in its own directory.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from pathlib import Path


def mounted() -> Path | None:
    """The first mounted cgroup2 hierarchy in which a group may be made."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        where = Path(before.split()[4])
        if after.startswith("cgroup2 ") and "ro" not in before.split()[5].split(",") and (where / "cgroup.procs").exists():
            return where
    return None


def hierarchy(own: Path) -> Path:
    """A writable cgroup2 hierarchy: the machine's, else one mounted on `own`."""
    found = mounted()
    if found is None:
        own.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "cgroup2", "cgroup2", str(own)], check=True, capture_output=True)
        found = own
    return found


def cpu_usec(group: Path) -> int:
    """CPU time used by everything that ever ran in the group, in µs."""
    fields = dict(line.split() for line in (group / "cpu.stat").read_text().splitlines())
    return int(fields["usage_usec"])


def processes(group: Path) -> list[int]:
    """Pids of one group (not its children), in the machine's numbering; none if the group is not there."""
    try:
        return [int(pid) for pid in (group / "cgroup.procs").read_text().split()]
    except (FileNotFoundError, OSError):
        return []


def remove(group: Path, patience: float = 20.0) -> None:
    """Kill everything in the group and below, and remove it. Raises TimeoutError if something does not die."""
    if not group.exists():
        return
    (group / "cgroup.kill").write_text("1")
    deadline = time.monotonic() + patience
    while "populated 1" in (group / "cgroup.events").read_text():
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes in {group} do not end")
        time.sleep(0.005)
    for child in sorted(group.rglob("*"), key=lambda path: -len(path.parts)):
        if child.is_dir():
            with contextlib.suppress(FileNotFoundError):
                child.rmdir()
    group.rmdir()
