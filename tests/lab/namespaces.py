"""Making a host out of namespaces, and entering it.

`setpriv --pdeathsig` ends the host when the thread that made it ends: labs are made by the main thread.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.lab.php import ROOT
from tests.lab.unavailable import RECIPE

INIT = Path(__file__).parent / "files" / "init.sh"
HOMES = {"root": "/root", "deploy": "/home/deploy", "www-data": "/var/www"}


def spawn(state: Path, name: str, tree: Path, group: Path) -> subprocess.Popen[bytes]:
    """Start a host in its own cgroup. Its pid 1 is the only child of the returned process; its first words go to STATE/log."""
    group.mkdir()
    told = [str(state), name, str(tree), str(ROOT)]
    into_group = 'echo 0 >"$1/cgroup.procs" && shift && exec "$@"'
    with (state / "log").open("wb") as log:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "sh", "-c", into_group, "sh", str(group), *RECIPE, str(INIT), *told],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )


def first_process(made: subprocess.Popen[bytes], state: Path, patience: float = 30.0) -> int:
    """Pid 1 of the host, in the machine's numbering, once it is systemd. Raises RuntimeError with the host's first words if it died."""
    children = Path(f"/proc/{made.pid}/task/{made.pid}/children")
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and made.poll() is None:
        for pid in children.read_text().split():
            if comm(int(pid)) == "systemd":
                return int(pid)
        time.sleep(0.005)
    raise RuntimeError(f"{state.name} did not start: {(state / 'log').read_text(errors='replace')[-2000:]}")


def comm(pid: int) -> str:
    """Name of a process; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def enter(pid: int, argv: Sequence[str], user: str = "root") -> list[str]:
    """The command line that runs argv inside the host with a login-like environment; it stays in the caller's cgroup."""
    change = [] if user == "root" else ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
    environment = [
        "env",
        "-i",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        f"HOME={HOMES[user]}",
        f"USER={user}",
        f"LOGNAME={user}",
        "LANG=C.UTF-8",
    ]
    return ["nsenter", "-t", str(pid), "-m", "-u", "-i", "-p", "-C", "--wd=/", "--", *change, *environment, *argv]
