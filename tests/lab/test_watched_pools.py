"""What our own looks do to pools: they are subtracted from counters that all pools of a master share, and keep no worker alive."""

from __future__ import annotations

import asyncio
import time

from stalewatch.model.inventory import AppEntry
from tests.lab import Host, Lab, php
from tests.lab.probing import look, opcache_of, probing, runtime_of

OTHER = "/srv/other"
LOOKS = 40
IDLE = 2.0
PATIENCE = 30.0


async def test_looks_at_two_pools_of_a_master_are_no_misses_of_the_applications(lab: Lab, web1: Host) -> None:
    web1.run(["sh", "-ec", f"mkdir {OTHER}; echo '<?php echo 1;' >{OTHER}/index.php; touch -d '1 hour ago' {OTHER}/index.php"])
    web1.pool("second")
    web1.get("/")
    web1.request("/", script=f"{OTHER}/index.php", pool="second")
    apps = (AppEntry(path="/srv/app", socket=f"/run/php/{php.FPM}.sock"), AppEntry(path=OTHER, socket="/run/php/second.sock"))
    async with probing(lab, web1, *apps) as (probe, _):
        await probe.tick(full=True)
        before = await probe.tick()
        for _ in range(LOOKS):
            after = await probe.tick()
    assert {str(each.app) for each in after} == {"/srv/app", OTHER}
    for first, last in zip(before, after, strict=True):
        assert runtime_of(last).own_requests - runtime_of(first).own_requests >= 2 * LOOKS
        missed = opcache_of(last).misses - opcache_of(first).misses
        ours = runtime_of(last).own_requests - runtime_of(first).own_requests
        assert missed <= ours + 2, "pools are asked at once: which of them is counted first may differ"
        assert missed >= 0.9 * ours, "OPcache adds without a lock: of two pools that count at the same moment one is lost"
    assert {str(runtime_of(each).told_by) for each in after} == {"/srv/app"}, "the counters are told once"


async def test_a_watched_ondemand_pool_loses_the_workers_that_our_looks_started(lab: Lab, web1: Host) -> None:
    web1.pool(pm="ondemand", pm__process_idle_timeout=f"{IDLE:g}s")
    web1.get("/")
    async with probing(lab, web1) as (probe, _):
        seen = await look(probe, full=True)
        assert web1.fpm_workers(), "our look started one, or kept one"
        for _ in range(40):
            await asyncio.sleep(IDLE / 4)
            seen = await look(probe)
            if not web1.fpm_workers():
                break
        assert not web1.fpm_workers()
        for _ in range(8):
            await asyncio.sleep(IDLE / 4)
            assert runtime_of(await look(probe)).asked_at == runtime_of(seen).asked_at, "its age is told, and no worker is started"
        assert not web1.fpm_workers()
        deadline = time.monotonic() + PATIENCE
        while runtime_of(await look(probe)).asked_at == runtime_of(seen).asked_at:
            assert time.monotonic() < deadline, "somebody asks it: so do we"
            web1.get("/")
            web1.request("/api/ping")  # they have ended where the look comes late
