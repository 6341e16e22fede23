"""One process of ``stalewatch metrics`` for a hundred servers: what it costs, and what a scrape of it is. Needs the lab (root)."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

from tests.bench.cost import aliased, names
from tests.bench.table import Row, limit
from tests.lab import Lab
from tests.lab.scraping import Answer, exporter, get
from tests.lab.waiting import until

INTERVAL = 15.0
SCRAPE_TIMEOUT = 10.0
"""Prometheus' own."""


def scale(quick: bool) -> list[Row]:
    """Many links to few hosts of the lab. What is watched runs on this machine too."""
    count, hosts, looks = (12, 3, 2) if quick else (100, 6, 6)
    seconds = looks * INTERVAL
    with Lab(hosts) as lab:
        for host in lab:
            host.get("/")
        idle = _used(lab, INTERVAL if not quick else 5.0)
        config = lab.ssh_config.with_name("ssh_config.scale")
        config.write_text(aliased(lab, count))
        with exporter(config, names(count)) as running:
            until(lambda: _up(get(running.port)) == count, f"looks at {count} servers", 300, 0.5)
            until_next = time.monotonic() + 2 * INTERVAL
            until(lambda: time.monotonic() > until_next, "the end of the first, complete looks", 60, 0.5)
            cpu, began = _cpu(running.pid), time.monotonic()
            there = _used(lab, seconds) - idle
            cpu, wall = _cpu(running.pid) - cpu, time.monotonic() - began
            scrapes = [get(running.port) for _ in range(20)]
            links, memory = _sockets(running.pid), _memory(running.pid)
    per_look = there * INTERVAL / count * hosts
    return [
        Row(f"metrics of {count} servers: CPU of the process, of one core", f"{cpu / wall * 100:.1f} %"),
        Row(f"metrics of {count} servers: memory; open sockets", f"{memory:.0f} MiB; {links}"),
        Row(f"metrics of {count} servers: a server's CPU per look", f"{per_look * 1000:.1f} ms"),
        Row(f"metrics of {count} servers: a scrape", f"{len(scrapes[0].text) / 1000:,.0f} kB, {_series(scrapes[0]):,} series"),
        limit(
            f"metrics of {count} servers: a scrape takes, the longest of 20",
            max(each.took for each in scrapes),
            SCRAPE_TIMEOUT,
            "s",
            2,
            f" (median {statistics.median(each.took for each in scrapes):.2f} s)",
        ),
    ]


def _used(lab: Lab, seconds: float) -> float:
    """Seconds of CPU that a host uses in a second, on average."""
    before, began = sum(host.cpu_usec() for host in lab), time.monotonic()
    time.sleep(seconds)
    return (sum(host.cpu_usec() for host in lab) - before) / 1e6 / (time.monotonic() - began) / len(lab.hosts)


def _up(page: Answer) -> int:
    return sum(line.startswith("stalewatch_up{") and line.endswith(" 1.0") for line in page.text.splitlines())


def _series(page: Answer) -> int:
    return sum(not line.startswith("#") for line in page.text.splitlines())


def _cpu(pid: int) -> float:
    """Seconds of CPU so far."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """Resident MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _sockets(pid: int) -> int:
    return sum(os.readlink(each).startswith("socket:") for each in Path(f"/proc/{pid}/fd").iterdir())
