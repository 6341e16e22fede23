"""How long it takes to start, against an interpreter that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.recorder import Recorder
from tests.bench.table import Row

if TYPE_CHECKING:
    from collections.abc import Callable

PASS = [sys.executable, "-c", "pass"]
PROGRAM = [sys.executable, "-m", "stalewatch"]


class Took(NamedTuple):
    """Seconds on the wall and of the CPU."""

    wall: float
    cpu: float


def help_(quick: bool) -> list[Row]:
    """``--help``."""
    return [_ratio("--help against python -c pass", lambda: _run([*PROGRAM, "--help"]), 10, 5 if quick else 20)]


def frame(quick: bool) -> list[Row]:
    """The first frame that names the server."""
    times = 4 if quick else 12
    import_ = _ratio("of which Textual's own import", lambda: _run([sys.executable, "-c", "import textual.app"]), 22, times)
    return [_ratio("first frame against python -c pass", _first_frame, 22, times), import_._replace(goal="", ok=None)]


def demo(quick: bool) -> list[Row]:
    """The first frame of the demo that names its servers, against the dashboard's own: their world is built after it."""
    return [_ratio("demo: first frame against the dashboard's", _demo_frame, 1.15, 4 if quick else 12, against=_first_frame)]


def pass_() -> Took:
    """An interpreter that does nothing: how quick this machine is now."""
    return _run(PASS)


def _ratio(what: str, measure: Callable[[], Took], most: float, times: int, *, against: Callable[[], Took] = pass_) -> Row:
    """Both in turn, the fastest of each: what others do on the machine is not what the program costs. Also as CPU time."""
    against(), measure()  # the file cache and the bytecode
    pairs = [(against(), measure()) for _ in range(times)]
    bases, owns = zip(*pairs, strict=True)
    base, own = (Took(min(took.wall for took in all_), min(took.cpu for took in all_)) for all_ in (bases, owns))
    ratio = own.wall / base.wall
    return Row(
        what,
        f"×{ratio:.{2 if most < 2 else 1}f} ({own.wall * 1000:.0f} ms, {base.wall * 1000:.1f} ms; CPU time ×{own.cpu / base.cpu:.1f})",
        f"≤ ×{most:g}",
        ratio <= most,
    )


def _run(argv: list[str]) -> Took:
    began = time.perf_counter()
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{argv} ended with {child.returncode}")
    return Took(time.perf_counter() - began, used.ru_utime + used.ru_stime)


def _first_frame() -> Took:
    return _frame("local", r"1 server")


def _demo_frame() -> Took:
    return _frame("demo", r"3 servers")


def _frame(target: str, shown: str) -> Took:
    with Recorder([*PROGRAM, target], columns=120, rows=40) as terminal:
        took = Took(terminal.until(shown), terminal.cpu())
        terminal.type("q")
        terminal.wait_exit()
        return took
