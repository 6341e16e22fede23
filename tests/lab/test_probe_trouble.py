"""What the probe says when something is in its way: which, why, what to grant; and the other probe still sees."""

from __future__ import annotations

import asyncio
import time

import msgspec

from stalewatch.model.inventory import AppEntry
from stalewatch.model.snapshot import ConfigTest, FpmFacts, RuntimeFacts, Unseen
from tests.lab import Host, Lab, php
from tests.lab.probing import host_of, look, opcache_of, probing, runtime_of
from tests.lab.waiting import until


def fpm_of(snapshot: object) -> FpmFacts:
    fpm = host_of(snapshot).fpm  # type: ignore[arg-type]
    assert isinstance(fpm, FpmFacts), fpm
    return fpm


async def test_everything_is_discovered(lab: Lab, web1: Host) -> None:
    web1.get("/")
    async with probing(lab, web1) as (probe, _):
        snapshot = await look(probe, full=True)
    host, fpm = host_of(snapshot), fpm_of(snapshot)
    assert snapshot.app == "/srv/app"
    assert (host.layout.kind, host.layout.laravel) == ("laravel", {"8.2": "8.83.26", "8.4": "10.48.29"}[php.VERSION])
    assert fpm.unit == f"{php.FPM}.service"
    assert fpm.version == php.VERSION
    assert fpm.pool is not None
    assert (fpm.pool.name, fpm.pool.user) == ("www", "www-data")
    assert fpm.status_text
    assert any(stat.path == f"{php.ETC_FPM}/php.ini" for stat in fpm.config_files)
    status = web1.status()
    assert {worker.pid for worker in fpm.workers} == {each["pid"] for each in status["processes"]}
    for worker in fpm.workers:
        told = next(each["start time"] for each in status["processes"] if each["pid"] == worker.pid)
        assert abs(worker.started - told) < 1.1
    assert host.packages.cached == host.packages.installed == ("acme/greeter",)
    assert [cache.name for cache in host.caches if cache.stat and cache.complete] == ["packages", "services", "config", "routes", "events"]
    assert host.views.views
    assert all(view.source is not None for view in host.views.views)
    assert host.release.dirty == 0
    assert host.release.deploys[0].source == "git"
    assert host.disk_free
    assert host.problems == ()
    assert runtime_of(snapshot).user == "www-data"
    assert opcache_of(snapshot).entry_points[0].path == "/srv/app/public/index.php"


BEATS = 10
"""On a machine that does much else."""


async def test_an_edit_is_seen_at_the_next_tick(lab: Lab, web1: Host) -> None:
    web1.get("/")
    async with probing(lab, web1) as (probe, _):
        await look(probe, full=True)
        web1.edit("config/services.php", replace=("1", "2"))
        inputs = host_of(await look(probe)).inputs["config"]
        assert inputs.direct[0].path == "config/services.php"
        web1.release("v2")
        for _ in range(BEATS):  # a comparison is not repeated within 200 times what it cost, which is one beat where nothing else runs
            await asyncio.sleep(2)
            snapshot = await look(probe)
            if opcache_of(snapshot).changed:
                break
        assert [script.path.rpartition("/")[2] for script in opcache_of(snapshot).changed] == ["HomeController.php"]
        assert host_of(snapshot).inputs["code"].direct[0].path.endswith("HomeController.php")


async def test_a_reload_is_seen_at_the_next_tick(lab: Lab, web1: Host) -> None:
    async with probing(lab, web1) as (probe, _):
        before = await look(probe, full=True)
        await asyncio.sleep(1)  # start times are whole seconds
        web1.reload()
        after = await look(probe)
        assert not {worker.pid for worker in fpm_of(before).workers} & {worker.pid for worker in fpm_of(after).workers}
        assert opcache_of(after).start_time > opcache_of(before).start_time
        assert runtime_of(after).own_requests == 1


async def test_a_denied_socket(lab: Lab, web1: Host) -> None:
    web1.deny_socket()
    async with probing(lab, web1) as (probe, _):
        snapshot = await look(probe, full=True)
        assert isinstance(snapshot.runtime, Unseen)
        assert snapshot.runtime.code == "fpm.socket-denied"
        assert "usermod -aG www-data deploy" in snapshot.runtime.grant
        assert fpm_of(snapshot).workers, "the host part still sees"
        web1.allow_socket()
        deadline = time.monotonic() + 20
        while not isinstance((await look(probe)).runtime, RuntimeFacts):
            assert time.monotonic() < deadline, "it does not recover by itself"
            await asyncio.sleep(0.3)


async def test_nobody_is_told_to_join_a_group_that_opens_the_pools_of_others(lab: Lab, web1: Host) -> None:
    web1.pool("other")
    web1.run(["chown", "www-data:www-data", "/run/php/other.sock", php.SOCKET])
    web1.run(["chmod", "0660", "/run/php/other.sock", php.SOCKET])
    groups = web1.run(["id", "-nG", "deploy"]).stdout.split()
    web1.run(["chgrp", "adm" if "adm" not in groups else "games", "/run/php/other.sock", php.SOCKET])
    try:
        async with probing(lab, web1) as (probe, _):
            runtime = (await look(probe, full=True)).runtime
    finally:
        web1.allow_socket()
    assert isinstance(runtime, Unseen)
    assert "usermod" not in runtime.grant
    assert runtime.grant.startswith("listen.acl_users = www-data,deploy and listen.acl_groups = ")
    assert "1 other pool too" in runtime.grant


async def test_fpm_stopped_and_back(lab: Lab, web1: Host) -> None:
    async with probing(lab, web1) as (probe, _):
        await look(probe, full=True)
        web1.stop_fpm()
        snapshot = await look(probe)
        assert isinstance(snapshot.runtime, Unseen)
        assert fpm_of(snapshot).running is False
        assert fpm_of(snapshot).workers == ()
        for _ in range(5):  # its socket is asked ever less often
            assert isinstance((await look(probe, full=True)).runtime, Unseen)
        web1.start_fpm()
        snapshot = await look(probe)
        assert fpm_of(snapshot).running
        assert isinstance(snapshot.runtime, RuntimeFacts), "nobody is told that it is down, and to start it, while it runs"
        snapshot = await look(probe, full=True)
        assert fpm_of(snapshot).running
        assert isinstance(snapshot.runtime, RuntimeFacts)


JAMMED, OVER = "storage/app/jammed", "storage/app/over"


def jam(host: Host) -> None:
    """One worker of the pool answers this until the test says that it is over."""
    script = "/srv/app/storage/jam.php"
    waits = f"while (!file_exists('/srv/app/{OVER}')) {{ usleep(20000); clearstatcache(); }}"
    host.edit(script, f"<?php touch('/srv/app/{JAMMED}'); {waits}")
    host.request(script=script, timeout=60.0)


async def test_a_jammed_pool_does_not_blind_the_host_part(lab: Lab, web1: Host) -> None:
    web1.pool(pm="static", pm__max_children=1)
    web1.get("/")
    async with probing(lab, web1) as (probe, _):
        await look(probe, full=True)
        slow = asyncio.create_task(asyncio.to_thread(jam, web1))
        await asyncio.to_thread(until, web1.file(JAMMED).exists, "a worker that does nothing else")
        snapshot = await look(probe)
        assert not slow.done(), "it was the jammed pool that was asked"
        web1.edit(OVER, "")
        assert isinstance(snapshot.runtime, Unseen)
        assert snapshot.runtime.code == "fpm.no-answer"
        assert fpm_of(snapshot).workers
        await slow
        assert isinstance((await look(probe, full=True)).runtime, RuntimeFacts)


async def test_a_path_that_is_not_there(lab: Lab, web1: Host) -> None:
    async with probing(lab, web1, AppEntry(path="/srv/not-there")) as (probe, _):
        snapshot = await look(probe, full=True)
    assert host_of(snapshot).layout.exists is False
    assert [(problem.code, "/srv/not-there" in problem.message) for problem in snapshot.problems] == [("app.missing", True)]


async def test_private_tmp_hides_one_directory_and_not_all(lab: Lab, web1: Host) -> None:
    web1.fpm()
    web1.run(["mkdir", "-p", f"/run/systemd/system/{php.FPM}.service.d"])
    drop_in = f"/run/systemd/system/{php.FPM}.service.d/private.conf"
    try:
        web1.run(["sh", "-c", f"printf '[Service]\\nPrivateTmp=yes\\n' >{drop_in}; systemctl daemon-reload"])
        web1.restart()
        async with probing(lab, web1) as (probe, _):
            assert opcache_of(await look(probe, full=True)).enabled
    finally:
        web1.run(["sh", "-c", f"rm -rf {drop_in.rpartition('/')[0]}; systemctl daemon-reload"])
        web1.restart()


async def test_secrets_of_env_and_config_stay_on_the_server(lab: Lab, web1: Host) -> None:
    """Nothing that the probe sends or keeps holds what is in .env or in the cached configuration."""
    web1.edit(".env", web1.read("/srv/app/.env") + "\nCANARY=canary-in-env\n")
    web1.edit("config/services.php", "<?php return ['retell' => ['version' => 'v1', 'secret' => 'canary-in-config']];\n")
    web1.artisan("config:cache")
    assert "canary-in-config" in web1.read("/srv/app/bootstrap/cache/config.php")
    async with probing(lab, web1) as (probe, _):
        heard: list[bytes] = []
        snapshot = await look(probe, full=True)
        host = probe._host
        deframer = host._coprocess._deframer  # type: ignore[union-attr]
        feed = deframer.feed

        def listen(data: bytes) -> object:
            heard.append(data)
            return feed(data)

        deframer.feed = listen  # type: ignore[method-assign]
        host._setup.clear()  # so that the next tick tells everything
        for app in probe._apps:
            app._contents._seen.clear()
            app._judged.clear()
        await look(probe, full=True)
    assert sum(map(len, heard)) > 1000
    assert b"canary" not in b"".join(heard)
    assert b"canary" not in msgspec.json.encode(snapshot)


async def test_a_newer_configuration_is_tested_once_per_change_and_only_where_that_is_permitted(lab: Lab, web1: Host) -> None:
    pool, rights = web1.root(php.POOL), web1.root("/etc/sudoers.d/deploy")
    async with probing(lab, web1) as (probe, _):
        assert fpm_of(await look(probe, full=True)).config_test is None
        before = config_tests(web1)
        pool.write_text(pool.read_text() + "pm.max_childern = 9\n")
        told = [fpm_of(await look(probe, full=True)).config_test for _ in range(3)]
        assert isinstance(told[0], ConfigTest)
        assert not told[0].valid
        assert "pm.max_childern" in told[0].said
        assert told == told[:1] * 3
        until(lambda: config_tests(web1) > before, "sudo's line in the log", patience=30)
        assert config_tests(web1) == before + 1
        pool.write_text(pool.read_text().replace("pm.max_childern = 9\n", "; nothing\n"))
        assert fpm_of(await look(probe, full=True)).config_test == ConfigTest(valid=True)
        until(lambda: config_tests(web1) > before + 1, "sudo's second line in the log", patience=30)
        permitted = rights.read_text()
        try:
            rights.write_text("".join(line for line in permitted.splitlines(keepends=True) if not line.endswith("-t\n")))
            pool.write_text(pool.read_text() + "; more\n")
            denied = fpm_of(await look(probe, full=True)).config_test
        finally:
            rights.write_text(permitted)
    assert isinstance(denied, Unseen)
    assert denied.grant == f"in sudoers: deploy ALL=(root) NOPASSWD: {php.BINARY} -t"
    assert config_tests(web1) == before + 2


def config_tests(host: Host) -> int:
    """How often sudo ran ``php-fpm -t``, by the host's log."""
    return sum(f"COMMAND={php.BINARY} -t" in line and "USER=root" in line for line in host.syslog("sudo"))
