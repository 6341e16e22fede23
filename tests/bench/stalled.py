"""A terminal that takes nothing: the screen must stand still, and nothing else."""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from tests.bench.recorder import Recorder
from tests.bench.table import Row

BEAT = 2.0
REPAINT = "T"
"""A change of the theme paints the whole screen: some dozens are more than what a pseudo-terminal and Textual's queue hold."""


def stalled(quick: bool) -> list[Row]:
    """Real links, real probes (the demo's servers): the longest gap between two looks, while the terminal stands still and before."""
    seconds = 6.0 if quick else 10.0
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes"
        with Recorder([sys.executable, "-m", "tests.bench.demo_runner", str(notes)]) as terminal:
            terminal.until(r"STALE", 60)
            terminal.record(6 + seconds)
            free = time.monotonic()
            _fill(terminal, notes)
            began = time.monotonic()
            time.sleep(seconds)
            ended = time.monotonic()
            terminal.record(1)
            lines = [line.split() for line in notes.read_text().splitlines()[:-1]]
    looks: dict[str, list[float]] = {}
    for line in lines:
        if line[0] == "look":
            looks.setdefault(line[1], []).append(float(line[2]))
    screen = [float(line[1]) for line in lines if line[0] == "screen"]
    before, during = _longest(looks, free - seconds, free), _longest(looks, began, ended)
    last = max((moment for moment in screen if moment < ended), default=ended)
    still = ended - last
    return [
        Row(
            f"the terminal takes nothing for {seconds:g} s: longest pause between two looks at one of {len(looks)} servers",
            f"{during:.1f} s, {before:.1f} s before it; the screen stood still for {still:.1f} s",
            f"< {2 * BEAT:g} s: no look is lost",
            during < 2 * BEAT and still > seconds * 0.9,
        )
    ]


def _longest(looks: dict[str, list[float]], begin: float, end: float) -> float:
    """The longest time between two looks at the same server that reaches into that span."""
    pairs = [pair for moments in looks.values() for pair in pairwise(moments)]
    return max(later - earlier for earlier, later in pairs if later > begin and earlier < end)


def _fill(terminal: Recorder, notes: Path, patience: float = 60.0) -> None:
    """Make it paint, and take nothing, until the screen's loop writes no line any more: it waits for the terminal."""
    deadline = time.monotonic() + patience
    while float(_screen_lines(notes)[-1]) > time.monotonic() - 2.0:
        if time.monotonic() > deadline:
            raise RuntimeError("the terminal takes nothing, and the screen goes on: nothing can be measured")
        terminal.type(REPAINT)
        time.sleep(0.25)


def _screen_lines(notes: Path) -> list[str]:
    return [line.split()[1] for line in notes.read_text().splitlines() if line.startswith("screen") and line[-1].isdigit()]
