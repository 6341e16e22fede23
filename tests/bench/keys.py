"""From a key to its paint, while whatever goes on goes on."""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.recorder import Recorder, Use

GAP = 0.3


class Key(NamedTuple):
    """A key as typed, and what the screen shows when it was obeyed (a regular expression)."""

    typed: str
    shows: str


class Delays(NamedTuple):
    """Milliseconds, sorted; *lost*: keys whose paint did not come before the next; *sent*: bytes per key, median; *use*: of all keys."""

    ms: list[float]
    lost: int
    sent: int
    use: Use

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of CPU per key, and whatever went on meanwhile."""
        return self.use.cpu * 1000 / (len(self.ms) + self.lost)

    def at(self, share: float) -> float:
        """A quantile; infinite where nothing was painted."""
        return self.ms[min(len(self.ms) - 1, round(share * (len(self.ms) - 1)))] if self.ms else float("inf")

    def __str__(self) -> str:
        lost = f", {self.lost} lost" if self.lost else ""
        return f"p50 {self.at(0.5):.1f}, p95 {self.at(0.95):.1f} ms{lost}"


def press(terminal: Recorder, keys: Sequence[Key], count: int, *, whole: bool = False) -> Delays:
    """Press *keys* in turn, *count* times in all, at uneven gaps; *whole*: until the last byte of the paint, not its visible sign."""
    from tests.bench.recorder import Use

    chance = random.Random(1)
    pressed: list[tuple[float, Key]] = []
    cpu, began, sent = 0.0, time.perf_counter(), 0
    for number in range(count):
        key = keys[number % len(keys)]
        pressed.append((time.perf_counter(), key))
        terminal.type(key.typed)
        use = terminal.record(GAP * chance.uniform(0.6, 1.4))
        cpu, sent = cpu + use.cpu, sent + use.sent
    whole_use = Use(cpu, time.perf_counter() - began, sent)
    return _measure(terminal, pressed, whole_use, whole)


def _measure(terminal: Recorder, pressed: list[tuple[float, Key]], use: Use, whole: bool) -> Delays:
    replay, found, sizes, lost = terminal.replay(), [], [], 0
    for number, (moment, key) in enumerate(pressed):
        replay.until(moment)
        following = pressed[number + 1][0] if number + 1 < len(pressed) else float("inf")
        sizes.append(sum(len(chunk.data) for chunk in terminal.chunks if moment <= chunk.at < following))
        if re.search(key.shows, replay.text):  # the key before it is not painted yet: this one cannot be told from it
            lost += 1
            continue
        shown = None
        while shown is None and (at := replay.step()) is not None:
            if re.search(key.shows, replay.text):
                shown = replay.burst_end() if whole else at
        if shown is None:
            lost += 1
        else:
            found.append((shown - moment) * 1000)
    return Delays(sorted(found), lost, sorted(sizes)[len(sizes) // 2], use)
