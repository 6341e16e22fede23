"""What watching costs a server, and that it leaves nothing in the cache it watches.

docs/performance.md has the figure of 60 ticks (`python -m tests.bench cost`); here one round of beats is held against what the same host
pays for the most naive check there is, a start of PHP's command line.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.lab import Host, Lab
from tests.lab.probing import host_of, look, opcache_of, probing

if TYPE_CHECKING:
    from stalewatch.transport.link import Link

TICKS = 16  # one round: a slow beat every 30 s
BEAT = 2.0
STARTS = 10


async def _start_of_php(link: Link, host: Host) -> float:
    """µs of the host's CPU."""
    before = host.cpu_usec()
    await link.run(f"i=0; while [ $i -lt {STARTS} ]; do php -r ''; i=$((i+1)); done")
    return (host.cpu_usec() - before) / STARTS


async def test_a_tick_costs_the_server_less_than_a_start_of_php_slow_beat_included(lab: Lab, web1: Host) -> None:
    """Real beats, minus what the same host uses unwatched in the same time."""
    web1.get("/")
    await asyncio.sleep(2)  # what the request set off is over
    seconds = TICKS * BEAT / 4
    before = web1.cpu_usec()
    await asyncio.sleep(seconds)
    idle_per_second = (web1.cpu_usec() - before) / seconds
    async with probing(lab, web1) as (probe, link):
        await look(probe, full=True)
        starts = [await _start_of_php(link, web1)]
        loop = asyncio.get_running_loop()
        before, begun = web1.cpu_usec(), loop.time()
        slow = set()
        for number in range(1, TICKS + 1):
            slow.add(host_of(await look(probe)).slow_at)
            await asyncio.sleep(max(0.0, begun + number * BEAT - loop.time()))
        used = web1.cpu_usec() - before - idle_per_second * (loop.time() - begun)
        starts.append(await _start_of_php(link, web1))
    per_tick, start = used / TICKS / 1000, sum(starts) / len(starts) / 1000
    print(f"\n{per_tick:.1f} ms of CPU a tick ({TICKS} ticks every {BEAT:g} s, {len(slow) - 1} slow beats), {start:.1f} for php -r ''")
    assert len(slow) >= 2, "the slow beat was not part of what was measured"
    assert per_tick < start


async def test_200_ticks_leave_no_script_and_no_wasted_memory(lab: Lab, web1: Host) -> None:
    for setting in (1, 0):
        web1.fpm(validate_timestamps=setting)
        web1.get("/")
        async with probing(lab, web1) as (probe, _):
            first = opcache_of(await look(probe, full=True))
            for number in range(200):
                await look(probe, full=number % 50 == 49)
            last = opcache_of(await look(probe, full=True))
        assert first.validate_timestamps is bool(setting)
        assert last.cached_scripts == first.cached_scripts
        assert last.cached_keys == first.cached_keys
        assert last.wasted_memory == first.wasted_memory
        assert {script.path for script in last.scripts} == {script.path for script in first.scripts}
