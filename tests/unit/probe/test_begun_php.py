"""Since when a cache is there, by the clock of today: in a real PHP, whose processes the kernel tells of."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from stalewatch.probe import runtime

PARTS = Path(runtime.__file__).parent


def begun(start: float, restart: float = 0, *noted: tuple[int, float]) -> int:
    load = "".join(f"require '{PARTS / part}';" for part in ("facts.php", "comparison.php"))
    told = f"['start_time' => {int(start)}, 'last_restart_time' => {int(restart)}]"
    workers = ", ".join(f"[{pid}, {int(at)}]" for pid, at in noted)
    code = f"namespace Stalewatch; {load} echo begun({told}, [{workers}]);"
    return int(subprocess.run(["php", "-r", code], capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("ago", [0, 3600, 10**8])
def test_a_start_that_no_process_is_older_than_is_as_php_noted_it(ago: int) -> None:
    start = _started() - ago
    assert begun(start) == int(start)


@pytest.mark.parametrize("which", ["start", "restart"])
def test_a_start_after_that_of_its_own_processes_was_noted_by_another_clock(which: str) -> None:
    ahead = time.time() + 900
    found = begun(ahead) if which == "start" else begun(0, ahead)
    assert _started() - 2 <= found <= time.time()


def test_a_restart_of_the_cache_is_later_than_its_workers_and_that_is_right() -> None:
    start, now = _started(), time.time()
    assert begun(start, now) == int(now)


def test_a_worker_that_fpm_noted_by_another_clock_tells_it_too() -> None:
    start, own = _started(), os.getpid()
    assert begun(start, 0, (own, start)) == int(start)
    assert begun(start + 60, 0, (own, start + 60)) <= start + 1
    assert begun(start - 900, 0, (own, start - 300), (2**22 + 1, start + 900)) == int(start - 900), (
        "of a clock that was set forward; no such process"
    )


def _started() -> float:
    """When this process was, which is the parent of that PHP: by the clock of today."""
    up = float(Path("/proc/uptime").read_text().split()[0])
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.time() - up + ticks / 100
