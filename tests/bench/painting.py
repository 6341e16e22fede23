"""What drawing costs: synthetic fleets in the real program in a real pseudo-terminal."""

from __future__ import annotations

import sys

from tests.bench.keys import Delays, Key, press
from tests.bench.recorder import Recorder
from tests.bench.table import Row, limit

BEAT = 2.0
FLEETS = (3, 50, 200)
DOWN_AND_UP = (Key("j", r"┏━ (?!web29 )web\d"), Key("k", r"┏━ web29 "))
"""The worst server, web29 where there are so many, is selected at the start."""
RIGHT_AND_LEFT = (Key("l", r"┏━ web2 "), Key("h", r"┏━ web1 "))
"""Three servers are panes side by side, none of them stale."""
PAN = (Key("[", r" timeline (?![^\n]* now *\n)"), Key("]", r" timeline [^\n]* now *\n"))
DAY_STEPS = 12
"""Zooming out so often shows more than a day, however short the first span is."""


def _dashboard(servers: int, *options: str, warm: float = 3.0) -> Recorder:
    terminal = Recorder([sys.executable, "-m", "tests.bench.runner", str(servers), *options])
    terminal.until("timeline")
    terminal.record(warm)
    return terminal


def quiet(quick: bool) -> list[Row]:
    """Nothing new: no answer at all, and answers that all say the same."""
    rows = []
    for servers in FLEETS:
        for what, options in (("nothing comes", []), ("every answer says the same", ["--beat", str(BEAT)])):
            with _dashboard(servers, *options) as terminal:
                use = terminal.record(5 if quick else 20)
            rows += [
                limit(f"{servers} servers, {what}: CPU", use.percent, 1, "%", 2),
                limit(f"{servers} servers, {what}: sent", use.rate, 200, "bytes/s", 0),
            ]
    return rows


def busy(quick: bool) -> list[Row]:
    """Everything changes every beat."""
    rows = []
    count = 10 if quick else 60
    for servers in FLEETS:
        keys = RIGHT_AND_LEFT if servers < 29 else DOWN_AND_UP
        with _dashboard(servers) as terminal:
            rest = press(terminal, keys, count)
        with _dashboard(servers, "--beat", str(BEAT), "--moving") as terminal:
            use = terminal.record(5 if quick else 20)
            delays = press(terminal, keys, count)
        rows += [
            limit(f"{servers} servers, all changing every {BEAT:g} s: CPU", use.percent, 5, "%", 2),
            limit(f"{servers} servers, all changing every {BEAT:g} s: sent", use.rate / 1000, 10, "kB/s", 1),
            _key_row(f"{servers} servers, all changing: key to paint", delays, rest),
        ]
    return rows


def _key_row(what: str, delays: Delays, rest: Delays) -> Row:
    most = max(20.0, 3 * rest.at(0.95))
    good = delays.at(0.5) <= 5 and delays.at(0.95) <= most and not delays.lost
    return Row(
        what, f"{delays} (at rest {rest.at(0.5):.1f}, {rest.at(0.95):.1f}, CPU {rest.cpu_ms:.1f})", f"p50 ≤ 5, p95 ≤ {most:.0f} ms", good
    )


def pan(quick: bool) -> list[Row]:
    """The whole timeline moves."""
    with _dashboard(200, "--events", "20000") as terminal:
        for _ in range(DAY_STEPS):
            terminal.type("-")
            terminal.record(0.2)
        for _ in range(4):
            terminal.type("+")
            terminal.record(0.2)
        delays = press(terminal, PAN, 10 if quick else 60, whole=True)
    return [
        limit(
            "timeline pan, 200 lanes, 20,000 events: p95",
            delays.at(0.95),
            50,
            "ms",
            1,
            f" (p50 {delays.at(0.5):.1f}, CPU {delays.cpu_ms:.1f})",
        ),
        limit("timeline pan, 200 lanes, 20,000 events: sent", delays.sent / 1000, 80, "kB", 1),
    ]


def memory(quick: bool) -> list[Row]:
    """Resident memory after some beats."""
    rows = []
    for what, most, options in (("100 servers", 90, []), ("100 servers with a day of history", 150, ["--events", "20000"])):
        with _dashboard(100, "--links", "--beat", str(BEAT), "--moving", *options) as terminal:
            terminal.record(3 if quick else 15)
            rows.append(limit(f"memory, {what}", terminal.memory(), most, "MiB", 0))
    return rows
