"""Three simpler checks that people run, judged on the same states."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from tests.lab import Host

_SOURCES = ("app", "config", "routes", "resources", ".env")


def ci_step(host: Host, app: str) -> bool | None:
    """The incident report's: is the deployed file newer (``stat -c %Y``) than bootstrap/cache/config.php? Read generously: any source.

    Without that file the shell's comparison fails, and the step passes.
    """
    cache = host.root(f"{real(host, app)}/bootstrap/cache/config.php")
    return cache.exists() and newest(host, app) > int(cache.stat().st_mtime)


def worker_start(host: Host, app: str) -> bool | None:
    """Did a worker of FPM start before the newest source was modified? None: no worker."""
    started = [start_of(pid) for pid in host.fpm_workers()]
    return min(started) < newest(host, app) if started else None


def hit_rate(host: Host, app: str) -> bool | None:
    """The report's health check: OPcache's hit rate since its start, below 85 %. None: it cannot be asked."""
    try:
        statistics = host.opcache().get("opcache_statistics")
    except (OSError, ValueError):
        return None
    if not statistics or not statistics["hits"] + statistics["misses"]:
        return None
    return bool(statistics["hits"] / (statistics["hits"] + statistics["misses"]) < 0.85)


class Check(Protocol):
    """One of the checks: whether it raises an alarm; None: it cannot tell."""

    def __call__(self, host: Host, app: str) -> bool | None: ...


CHECKS: dict[str, Check] = {"CI step": ci_step, "worker start": worker_start, "hit rate": hit_rate}


def real(host: Host, app: str) -> str:
    """*app* with its link resolved inside the host."""
    path = host.root(app)
    return f"{app.rpartition('/')[0]}/{os.readlink(path)}" if path.is_symlink() else app


def newest(host: Host, app: str) -> int:
    """The newest mtime of a source file, in whole seconds."""
    return max((int(path.stat().st_mtime) for path in sources(host.root(real(host, app)))), default=0)


def sources(root: Path) -> Iterator[Path]:
    """The files that a deploy brings."""
    for name in _SOURCES:
        path = root / name
        if path.is_dir():
            yield from (file for file in path.rglob("*") if file.is_file())
        elif path.exists():
            yield path


def start_of(pid: int) -> float:
    """When a process started, epoch seconds; 0 when it is gone."""
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    boot = time.time() - float(Path("/proc/uptime").read_text().split()[0])
    return boot + ticks / os.sysconf("SC_CLK_TCK")
