"""A stand-in for PHP-FPM: one master with one pool. A reload returns before anything happened and takes effect about 120 ms later."""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from stalewatch.demo import disk
from stalewatch.demo.opcache import DemoOpcache, Settings
from stalewatch.demo.story import Where

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stalewatch.demo.proc import Proc

RELOAD_TAKES = 0.12
WORKERS = 7
POOL = "api-gateway"
UNIT = "php8.3-fpm"
CGROUP = f"/system.slice/{UNIT}.service"
CONTAINER = "/system.slice/docker-3f9a61c0d2e84b7795a1e6f4bb0c8d2719a4e35f60c1b8d7a2e9f4530c6b1d88.scope"
BEFORE, AFTER = "8.3.12", "8.3.14"
"""Versions of PHP: at first, and as an upgrade installs it."""
MASTER_PID = 1042

_STARTED = (f"fpm is running, pid {MASTER_PID}", "ready to handle connections", "systemd monitor interval set to 10000ms")
_RELOADED = ("Reloading in progress ...", "using inherited socket fd=8", *_STARTED)
_SETTING = re.compile(r"^\s*(?:php_(?:admin_)?(?:value|flag)\[)?opcache\.(\w+)\]?\s*=\s*\"?([\w.]+)", re.MULTILINE)


@dataclass(slots=True)
class Worker:
    pid: int
    started: float
    requests: int = 0
    state: str = "Idle"
    uri: str = "-"
    method: str = "-"
    script: str = "-"


class Fpm:
    """One master. *etc* is the folder of its configuration; *clock* gives the time (the story's while that is played).

    *replaced*: what it runs and the disk holds no more. *see*: where on the disk lies what it sees as a path.
    """

    def __init__(
        self, etc: Path, sbin: Path, proc: Proc, state: Path, log: Path, clock: Callable[[], float], booted: float, where: Where
    ) -> None:
        self.etc = etc
        self.started = clock()
        self.workers: list[Worker] = []
        self.accepted = 0
        self.running = self.listening = True
        self.version = self._installed = BEFORE
        self.replaced: tuple[Path, ...] = ()
        self.see: Callable[[str], str] = disk.itself
        self._contained = where is Where.CONTAINER
        self._cgroup = CONTAINER if self._contained else CGROUP
        self._sbin = sbin
        self._proc = proc
        self._state = state
        self._clock = clock
        self._next_pid = MASTER_PID + 1
        self._pending: asyncio.TimerHandle | None = None
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._begin_master(booted)
        self._write(booted, *_STARTED)
        self._write(clock(), *_RELOADED)
        self.opcache = self._begin_pool()

    def restart_pool(self) -> None:
        """What a reload comes to: configuration read again, an empty OPcache, new workers, the same master."""
        self._pending = None
        if self.running:
            self._write(self._clock(), *_RELOADED)
            self._run_installed()
            self._proc.link(MASTER_PID, exe=str(self._sbin))
            self.opcache = self._begin_pool()

    def reload(self) -> None:
        """SIGUSR2: returns at once."""
        if self.running and self._pending is None:
            self._pending = asyncio.get_running_loop().call_later(RELOAD_TAKES, self.restart_pool)

    def stop(self) -> None:
        """The unit is stopped: no master, no workers."""
        self.close()
        self.running = self.listening = False
        for pid in [MASTER_PID, *(worker.pid for worker in self.workers)]:
            self._proc.remove(pid)
        self.workers = []
        self._write(self._clock(), "Terminating ...", "exiting, bye-bye!")
        self.tell_systemd()

    def start(self) -> None:
        """The unit is started."""
        if not self.running:
            self.running = self.listening = True  # a reload goes on with the socket that it has; a start makes one
            self.see = disk.itself  # a mount namespace of its own begins with what is mounted now
            self._run_installed()
            self._begin_master(self._clock())
            self._write(self._clock(), *_STARTED)
            self.opcache = self._begin_pool()

    def upgrade(self) -> None:
        """Another PHP is installed over the one that runs."""
        disk.replace(self._sbin, disk.read(self._sbin).decode())
        self._sbin.chmod(0o755)
        os.utime(self._sbin, (self._clock(), self._clock()))
        self._installed, self.replaced = AFTER, (self._sbin,)
        for pid in [MASTER_PID, *(worker.pid for worker in self.workers)]:
            self._proc.link(pid, exe=f"{self._sbin} (deleted)")

    def restart(self) -> None:
        """The unit is restarted: everything is new, the master too."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Forget a reload that is still to come."""
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None

    def took(self, method: str, uri: str, script: str, times: int = 1) -> Worker:
        """A worker took *times* requests."""
        worker = self.workers[self.accepted % len(self.workers)]
        worker.method, worker.uri, worker.script = method, uri, script
        for other in range(times):
            self.workers[(self.accepted + other) % len(self.workers)].requests += 1
        self.accepted += times
        return worker

    def tell_systemd(self) -> None:
        """What ``systemctl show`` answers, in a file that the shim reads."""
        active = "active" if self.running else "inactive"
        lines = [
            f"ActiveState={active}",
            f"SubState={'running' if self.running else 'dead'}",
            f"MainPID={MASTER_PID if self.running else 0}",
        ]
        if self.running:
            lines.append(
                f"StatusText=Processes active: 0, idle: {len(self.workers)}, Requests: {self.accepted}, slow: 0, Traffic: 4req/sec"
            )
        disk.replace(self._state, "".join(f"{line}\n" for line in lines))

    def _write(self, at: float, *notices: str) -> None:
        """What FPM says of itself in its own log, in the machine's zone."""
        stamp = datetime.fromtimestamp(at).strftime("%d-%b-%Y %H:%M:%S")
        with self._log.open("a", encoding="utf-8") as log:
            log.writelines(f"[{stamp}] NOTICE: {notice}\n" for notice in notices)

    def _begin_master(self, started: float) -> None:
        title = f"php-fpm: master process ({'/usr/local/etc' if self._contained else self.etc}/php-fpm.conf)"
        links = {"exe": str(self._sbin), "cwd": "/"}
        self._proc.add(MASTER_PID, 1, self._sbin.name, title, started, links=links, cgroup=self._cgroup)

    def _run_installed(self) -> None:
        """What a start and a reload come to: FPM executes its binary again."""
        self.version, self.replaced = self._installed, ()

    def _begin_pool(self) -> DemoOpcache:
        now = self._clock()
        old = self.workers
        self.workers = [Worker(self._next_pid + index, now + index / 100) for index in range(WORKERS)]
        self._next_pid += WORKERS
        links = {"exe": str(self._sbin), "cwd": "/"}
        for worker in self.workers:
            title = f"php-fpm: pool {POOL}"
            self._proc.add(worker.pid, MASTER_PID, self._sbin.name, title, worker.started, links=links, cgroup=self._cgroup)
        self._proc.children(MASTER_PID, [worker.pid for worker in self.workers])
        for worker in old:
            self._proc.remove(worker.pid)
        self.started = now
        self.accepted = 0
        self.tell_systemd()
        return DemoOpcache(self._settings(), now, self.see)

    def _settings(self) -> Settings:
        """php.ini first, then the pool's own lines."""
        text = disk.read(self.etc / "php.ini") + b"\n" + disk.read(self.etc / "pool.d" / f"{POOL}.conf")
        found = dict(_SETTING.findall(text.decode("utf-8", "replace")))
        on = ("1", "on", "On", "yes", "true")
        return Settings(
            enabled=found.get("enable", "1") in on,
            validate_timestamps=found.get("validate_timestamps", "1") in on,
            revalidate_freq=int(found.get("revalidate_freq", "2")),
        )
