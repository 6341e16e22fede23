"""A stand-in for one queue worker: a process that ends when artisan asks for it, and that its supervisor starts again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.demo import disk

if TYPE_CHECKING:
    from pathlib import Path

    from stalewatch.demo.proc import Proc

UNIT = "laravel-worker"
_SIGNAL = "storage/framework/cache/data/illuminate-queue-restart"
_FIRST_PID = 4_200_001
"""Above what a kernel gives: no process of this machine has it."""


class DemoWorker:
    """Of the application *root*, as whose folder it is started. *started* in epoch seconds."""

    def __init__(self, proc: Proc, home: Path, root: Path, started: float) -> None:
        self.pid = _FIRST_PID
        self.started = started
        self._proc = proc
        self._binary = home / "usr/bin/php8.3"
        self._root = root
        disk.write(self._binary, "", started - 60 * 86_400)
        self._begin()

    def upgrade(self, at: float) -> None:
        """Another PHP is installed over the one that it runs."""
        disk.replace(self._binary, "")
        disk.write(self._binary, "", at)
        self._proc.link(self.pid, exe=f"{self._binary} (deleted)")

    def beat(self, now: float) -> None:
        """Between two jobs: end if that was asked for since it started."""
        asked = disk.stat(f"{self._root}/{_SIGNAL}")
        if asked is not None and asked.mtime >= int(self.started):
            self._proc.remove(self.pid)
            self.pid, self.started = self.pid + 1, now
            self._begin()

    def _begin(self) -> None:
        title = f"{self._binary}\0artisan\0queue:work\0--tries=3\0"
        links = {"exe": str(self._binary), "cwd": str(self._root.resolve())}
        cgroup = f"/system.slice/{UNIT}.service"
        self._proc.add(self.pid, 1, "php8.3", title, self.started, links=links, cgroup=cgroup)
