"""Record the incident on three hosts of the lab: ``python -m tests.ui.record`` (root). Writes what :mod:`tests.ui.recorded` plays.

The hosts live through it in a minute. Every moment is then moved to where it was on 2025-10-24 (``STORY``), which keeps their order;
nothing else of what the probe saw is touched.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import msgspec

from stalewatch.probe.server_probe import ServerProbe
from stalewatch.transport.connect import connect
from tests.builders.incident import at as moment_of
from tests.lab import Host, Lab
from tests.ui.recorded import FILE, FLEET

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.model.snapshot import Snapshot

STORY = ("12:10", "12:26", "12:27", "12:30", "12:38", "12:40", "12:49:50", "12:50:30", "12:54", "12:55", "13:02")
"""When each part of the incident began."""
YEARS = 20 * 365 * 86400.0
NO_TIME = frozenset({"size", "inode", "disk_free", "disk_total", "used_memory", "free_memory", "wasted_memory", "memory"})
LOG = "/srv/app/storage/logs/laravel.log"


class Clock:
    """From the minute of the recording to the hour of the incident."""

    def __init__(self) -> None:
        self._real: list[float] = []

    def begin(self) -> None:
        """The next part of STORY begins. Seconds of OPcache are whole ones: parts must not share one."""
        time.sleep(2.2 - time.time() % 1)
        self._real.append(float(int(time.time())))

    def moved(self, moment: float) -> float:
        """Within a part seconds stay seconds; what was before the first is as long before it."""
        at = max(0, bisect_right(self._real, moment) - 1)
        return moment_of(STORY[at]) + moment - self._real[at]


def move(value: Any, clock: Clock, now: float, name: str = "") -> Any:
    """*value* (as JSON has it) with every moment of the last twenty years moved."""
    if isinstance(value, dict):
        return {key: move(item, clock, now, key) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [move(item, clock, now, name) for item in value]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or name in NO_TIME or not now - YEARS < value < now + 60:
        return value
    return type(value)(clock.moved(value))


async def record(lab: Lab) -> Any:
    """As JSON: what the three hosts told at 12:30, 12:50 and 13:02."""
    clock, looks = Clock(), []
    begin: Callable[[], None] = clock.begin
    async with AsyncExitStack() as stack:
        begin()  # 12:10
        for host in lab:
            host.run(["mount", "--bind", "/usr/share/zoneinfo/Europe/Berlin", "/etc/localtime"])  # the file is the machine's
            host.fpm(validate_timestamps=0)
        begin()  # 12:26
        for host in lab:
            host.cache("config", "route")
        begin()  # 12:27
        for host in lab:
            host.reload()
            serve(host)
        begin()  # 12:30
        probes = [await probe_of(server, lab, stack) for server in range(len(lab.hosts))]
        looks += await seen(probes)
        begin()  # 12:38
        for host in lab:
            host.deploy_git()
        begin()  # 12:40
        for host in lab:
            serve(host)
        begin()  # 12:49:50
        for number, host in enumerate(lab):
            serve(host)
            log(host, "production.ERROR: Call context not found", 11 - 4 * number)
        begin()  # 12:50:30
        looks += await seen(probes, full=False)
        begin()  # 12:54
        for host in lab.hosts[1:]:
            host.cache("config", "route")
        begin()  # 12:55
        for host in lab.hosts[1:]:
            host.reload()
            serve(host)
            log(host, "production.INFO: 🔧 Function routing", 6)
        begin()  # 13:02
        serve(lab.hosts[0])
        log(lab.hosts[0], "production.ERROR: Call context not found", 2)
        looks += await seen(probes)
    told = move(msgspec.to_builtins(looks), clock, time.time())
    for look in told:
        shorten(look["runtime"]["opcache"]["scripts"])
    return told


def shorten(scripts: list[dict[str, object]]) -> None:
    """Leave out what has its default: there are hundreds."""
    for script in scripts:
        for name in [name for name, value in script.items() if value in (None, False, "")]:
            del script[name]


async def probe_of(number: int, lab: Lab, stack: AsyncExitStack) -> ServerProbe:
    server = FLEET.servers[number]
    fleet = msgspec.structs.replace(FLEET, ssh_config=str(lab.ssh_config))
    link = await connect(server, fleet, lambda _step: None)
    stack.push_async_callback(link.close)
    probe = ServerProbe(link, server, fleet)
    stack.push_async_callback(probe.close)
    await probe.start()
    return probe


async def seen(probes: list[ServerProbe], *, full: bool = True) -> list[Snapshot]:
    return [snapshot for probe in probes for snapshot in await probe.tick(full=full)]


def serve(host: Host) -> None:
    """A few calls."""
    for uri in ("/", "/config", "/view", "/api/ping") * 3:
        host.get(uri)


def log(host: Host, words: str, count: int) -> None:
    """As Laravel writes it."""
    line = f"[$(date '+%Y-%m-%d %H:%M:%S')] {words}"
    host.run(["sh", "-ec", f'for n in $(seq {count}); do echo "{line}"; done >>{LOG}'], user="www-data")


def main() -> None:
    with Lab(3) as lab:
        looks = asyncio.run(record(lab))
    FILE.write_bytes(b"[\n" + b",\n".join(map(msgspec.json.encode, looks)) + b"\n]\n")
    print(f"{FILE.name}: {len(looks)} snapshots, {FILE.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
