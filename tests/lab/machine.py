"""A host as a machine: its name, its files, its processes, commands run in it. Knows nothing of PHP."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.lab import cgroup
from tests.lab.namespaces import enter
from tests.lab.waiting import until


class Machine:
    """One running host. `pid` is its systemd in the machine's own numbering; `state` its directory in the lab."""

    def __init__(self, name: str, address: str, port: int, pid: int, state: Path, group: Path) -> None:
        self.name = name
        self.address = address
        self.port = port
        self.pid = pid
        self.state = state
        self.cgroup = group

    def __repr__(self) -> str:
        return f"<host {self.name} at {self.address}:{self.port}, pid {self.pid}>"

    def root(self, path: str = "/") -> Path:
        """The same file seen from outside. An absolute symlink on the way would be resolved outside."""
        return Path(f"/proc/{self.pid}/root") / path.lstrip("/")

    def read(self, path: str) -> str:
        return self.root(path).read_text()

    def exists(self, path: str) -> bool:
        return self.root(path).exists()

    def run(
        self, argv: Sequence[str], user: str = "root", check: bool = True, input: str | None = None, timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run argv in the host, outside its cgroup. Raises RuntimeError with its output when it fails and `check` is set."""
        done = subprocess.run(
            enter(self.pid, argv, user),
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{self.name}: {' '.join(argv)}: exit {done.returncode}: {(done.stdout + done.stderr).strip()[-2000:]}")
        return done

    def start(self, argv: Sequence[str], user: str = "root") -> subprocess.Popen[str]:
        """Start argv in the host and leave it running; whoever starts it ends it."""
        return subprocess.Popen(
            enter(self.pid, argv, user), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def cpu_usec(self) -> int:
        """CPU time of everything that ran in the host so far, in µs. What `run` and `start` run is not counted."""
        return cgroup.cpu_usec(self.cgroup)

    def processes(self, unit: str) -> list[int]:
        """Pids of a service, in the machine's numbering."""
        return cgroup.processes(self.cgroup / "system.slice" / f"{unit}.service")

    def unit(self, name: str, property: str) -> str:
        return self.run(["systemctl", "show", "-P", property, name]).stdout.strip()

    def systemctl(self, *words: str) -> None:
        self.run(["systemctl", *words])

    def syslog(self, *tags: str) -> list[str]:
        """Messages that reached the host's syslog under one of these tags ("stalewatch" if none is given), oldest first."""
        asked = [f"--identifier={tag}" for tag in tags or ("stalewatch",)]
        return self.run(["journalctl", "-q", "-o", "cat", *asked], check=False).stdout.splitlines()

    def kill_sshd(self) -> None:
        """End sshd and every session of it, at once."""
        self.run(["systemctl", "kill", "-s", "KILL", "--kill-who=all", "ssh"], check=False)
        self.systemctl("stop", "ssh")
        until(lambda: not self.processes("ssh"), f"the end of sshd on {self.name}")

    def start_sshd(self) -> None:
        self.run(["systemctl", "reset-failed", "ssh"], check=False)
        self.systemctl("restart", "ssh")
        self.wait_for_sshd()

    def wait_for_sshd(self) -> None:
        until(self._sshd_listens, f"sshd on {self.address}:{self.port}")

    def _sshd_listens(self) -> bool:
        try:
            with socket.create_connection((self.address, self.port), timeout=20) as link:
                return link.recv(4) == b"SSH-"
        except OSError:
            return False
