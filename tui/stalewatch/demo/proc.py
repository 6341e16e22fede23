"""A /proc for the probe to read (it takes its root from ``STALEWATCH_PROC``): an FPM master and its workers, and the clock since boot."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from stalewatch.demo import disk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HZ = os.sysconf("SC_CLK_TCK")


class Proc:
    """One server's process table under *root*; *booted* in epoch seconds; *space* stands in for the number of its pid namespace."""

    def __init__(self, root: Path, booted: float, space: int) -> None:
        self.root = root
        self._booted = booted
        (root / "self" / "ns").mkdir(parents=True)
        (root / "self" / "ns" / "pid").symlink_to(f"pid:[{space}]")
        (root / "locks").touch()
        self.tell(booted)
        self.add(1, 0, "systemd", "/sbin/init", booted, links={}, cgroup="/init.scope")

    def tell(self, now: float) -> None:
        """Let the uptime be that of *now*. Called before each request of the probe: it reckons start times from it."""
        (self.root / "uptime").write_text(f"{now - self._booted:.2f} 0.00\n", encoding="ascii")

    def add(self, pid: int, parent: int, comm: str, title: str, started: float, *, links: Mapping[str, str], cgroup: str) -> None:
        """A process that started at *started* (epoch seconds); *links* are ``exe`` and ``cwd``."""
        folder = self.root / str(pid)
        (folder / "task" / str(pid)).mkdir(parents=True)
        ticks = round((started - self._booted) * HZ)
        counters = " 0" * 12
        stat = f"{pid} ({comm}) S {parent} {pid} {pid} 0 -1 4194560{counters} {ticks} 214016000 9120\n"
        (folder / "stat").write_text(stat, encoding="ascii")
        (folder / "comm").write_text(f"{comm}\n", encoding="utf-8")
        (folder / "cgroup").write_text(f"0::{cgroup}\n", encoding="utf-8")
        for name, target in links.items():
            (folder / name).symlink_to(target)
        (folder / "task" / str(pid) / "children").touch()
        disk.replace(folder / "cmdline", title)

    def link(self, pid: int, **links: str) -> None:
        """Let ``exe`` or ``cwd`` of a process lead elsewhere."""
        for name, target in links.items():
            (self.root / str(pid) / name).unlink()
            (self.root / str(pid) / name).symlink_to(target)

    def remove(self, pid: int) -> None:
        """The process has ended."""
        shutil.rmtree(self.root / str(pid), ignore_errors=True)

    def children(self, pid: int, of: list[int]) -> None:
        """Let *pid* have exactly the children *of*."""
        disk.replace(self.root / str(pid) / "task" / str(pid) / "children", "".join(f"{child} " for child in of))
