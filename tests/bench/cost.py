"""What a look costs a real server, and us; and a hundred real links. Needs the lab (root)."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from stalewatch.dashboard.view import KINDS as NAMES
from tests.bench.keys import Delays, Key, press
from tests.bench.recorder import Recorder
from tests.bench.table import Row, limit
from tests.lab import Lab

if TYPE_CHECKING:
    from tests.lab import Host

BEAT = 2.0
TICKS = 60
"""Two minutes: four rounds of the slow beat."""
KINDS = [Key("e", f"listed: {kinds}") for kinds in (*list(NAMES)[1:], next(iter(NAMES)))]
PROGRAM = [sys.executable, "-m", "stalewatch"]


def cost(quick: bool) -> list[Row]:
    """Two hosts of the lab in the same minutes, one watched and one not; then all of them watched, for our own CPU."""
    ticks = 8 if quick else TICKS
    with Lab(6) as lab:
        for host in lab:
            for uri in ("/", "/view", "/config", "/api/ping"):
                host.get(uri)
        watched, alone = lab.hosts[:2]
        with Recorder([*PROGRAM, "-F", str(lab.ssh_config), watched.name], columns=120, rows=40) as terminal:
            _settle(terminal)
            over_there, idle = _use(watched, alone, terminal, ticks)
        every = [host.name for host in lab.hosts]
        with Recorder([*PROGRAM, "-F", str(lab.ssh_config), *every], columns=120, rows=40) as terminal:
            _settle(terminal)
            use = terminal.record(ticks / 2 * BEAT)
    return [
        limit(
            f"a real server, per look ({ticks} looks, slow ones included)",
            (over_there - idle) / ticks,
            15,
            "ms CPU",
            1,
            f" (not watched {idle / ticks:.1f})",
        ),
        limit(
            f"our CPU per look, diagnosis and painting included ({len(every)} hosts)",
            use.cpu * 1000 / (use.wall / BEAT * len(every)),
            1.5,
            "ms",
            2,
        ),
    ]


def _settle(terminal: Recorder, wait: float = 60) -> None:
    """Until the first, complete look is done and drawn."""
    terminal.until(r"FRESH|STALE|SUSPECT|PENDING", wait)
    terminal.record(3)


def _use(watched: Host, alone: Host, terminal: Recorder, ticks: int) -> tuple[float, float]:
    """Milliseconds of CPU of the host that is watched, and of the one that is not."""
    before = watched.cpu_usec(), alone.cpu_usec()
    terminal.record(ticks * BEAT)
    return (watched.cpu_usec() - before[0]) / 1000, (alone.cpu_usec() - before[1]) / 1000


def live(quick: bool) -> list[Row]:
    """Many links to few hosts. What is watched runs on this machine too, so these figures are those of a loaded one."""
    count, hosts = (12, 3) if quick else (100, 6)
    with Lab(hosts) as lab:
        config = lab.ssh_config.with_name("ssh_config.bench")
        config.write_text(aliased(lab, count))
        with Recorder([*PROGRAM, "-F", str(config), *names(count)], columns=200, rows=60) as terminal:
            terminal.until(rf"{count} servers")
            connecting = press(terminal, KINDS, 8 if quick else 40)
            _settle(terminal, wait=120)
            terminal.record(0 if quick else 20)
            looking = press(terminal, KINDS, 8 if quick else 60)
            use, memory = terminal.record(4 if quick else 20), terminal.memory()
    return [
        _key_row(f"{count} live links, connecting: key to paint", connecting),
        _key_row(f"{count} live links: key to paint", looking),
        limit(f"{count} live links: our CPU per look", use.cpu * 1000 / (use.wall / BEAT * count), 1.5, "ms", 2, f" ({use.percent:.0f} %)"),
        limit(f"{count} live links: memory", memory, 90, "MiB", 0),
    ]


def _key_row(what: str, delays: Delays) -> Row:
    good = delays.at(0.95) <= 50 and not delays.lost
    return Row(what, f"{delays} (CPU of everything meanwhile {delays.use.percent:.0f} %)", "p95 ≤ 50 ms", good)


def names(count: int) -> list[str]:
    """What the links are called."""
    return [f"many{number}" for number in range(count)]


def aliased(lab: Lab, count: int) -> str:
    """The lab's ssh_config, in which each host has many names: each is a link of its own."""
    config = lab.ssh_config.read_text()
    for number, host in enumerate(lab):
        own = " ".join(names(count)[number :: len(lab.hosts)])
        config = re.sub(rf"(?m)^Host {host.name}$", f"Host {host.name} {own}", config)
    return config
