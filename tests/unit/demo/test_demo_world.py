"""The embedded servers, each part asked as the product (or a person) would ask it."""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest

from stalewatch.transport.fastcgi import client
from tests.builders.demo import living

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.demo.host import Host
    from stalewatch.demo.world import World


async def eventually(condition: Callable[[], bool], within: float = 5.0) -> bool:
    deadline = time.monotonic() + within
    while not condition() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return condition()


class SocketStream:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self, limit: int = 65536) -> bytes:
        return await self._reader.read(limit)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.close()


async def ask(host: Host, verb: str, body: dict[str, Any] | None = None, **params: str) -> dict[str, Any]:
    """What the stand-in pool answers to the runtime probe (any readable .php will do as its file)."""
    stream = SocketStream(*await asyncio.open_unix_connection(str(host.socket)))
    env = {"SCRIPT_FILENAME": str(host.root / "public/index.php"), "SCRIPT_NAME": "/stalewatch", "STALEWATCH": verb} | params
    answer = await client.request(stream, env, json.dumps(body or {}).encode(), timeout=5)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    text = zlib.decompress(answer.body, -15) if headers.get("x-stalewatch") == "deflate" else answer.body
    found: dict[str, Any] = json.loads(text)
    return found


async def sh(host: Host, command: str) -> str:
    child = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", command, env=host.env, cwd=host.home, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await child.communicate()
    return out.decode()


async def test_it_leaves_nothing() -> None:
    async with living(servers=1) as world:
        folder = world.hosts[0].home.parent
        socket = world.hosts[0].socket
        assert socket.is_socket()
        assert len(str(socket)) < 100
    assert not folder.exists()


async def test_ssh_lets_in_only_our_key_and_runs_the_real_shell(world: World) -> None:
    host = world.hosts[1]
    folder = host.home.parent
    options: dict[str, Any] = {"username": "deploy", "known_hosts": str(folder / "known_hosts"), "config": None, "agent_path": None}
    port = int(next(line.split()[1] for line in (folder / "ssh_config").read_text().split("web2")[1].splitlines() if "Port" in line))
    async with asyncssh.connect("127.0.0.1", port, client_keys=[str(folder / "id")], **options) as link:
        done = await link.run("uname -n; id -un; printf %s err >&2; exit 3")
        assert (done.stdout, done.stderr, done.exit_status) == ("web2\ndeploy\n", "err", 3)
        with pytest.raises(asyncssh.ChannelOpenError):
            await link.open_unix_connection("/run/elsewhere.sock")
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect("127.0.0.1", port, client_keys=[stranger], **options)


async def test_web1_holds_old_bytecode_and_the_others_do_not(world: World) -> None:
    changed = {}
    for host in world.hosts:
        answer = await ask(host, "compare", {"digest": True})
        opcache = answer["opcache"]
        changed[host.scene.name] = sorted(row[0].removeprefix(f"{host.root}/") for row in answer["compare"]["changed"])
        assert opcache["hits"] / (opcache["hits"] + opcache["misses"]) > 0.95
        assert opcache["validate_timestamps"] is (host.scene.name != "web1")
    assert changed == {
        "web1": ["app/Http/Controllers/RetellFunctionCallHandler.php", "app/Services/CallLifecycleService.php"],
        "web2": [],
        "web3": [],
    }


async def test_the_service_was_last_used_before_the_deploy_on_web1(web1: Host) -> None:
    answer = await ask(web1, "compare")
    (service,) = (row for row in answer["compare"]["changed"] if row[0].endswith("CallLifecycleService.php"))
    last_used, mtime = service[2], service[6]
    assert last_used < mtime


async def test_a_reload_returns_at_once_and_takes_effect_later(web1: Host) -> None:
    host = web1
    before = await ask(host, "status")
    pids = {worker.pid for worker in host.fpm.workers}
    assert await sh(host, "sudo -n /usr/bin/systemctl reload php8.3-fpm.service; echo $?") == "0\n"
    assert {worker.pid for worker in host.fpm.workers} == pids
    assert await eventually(lambda: not pids & {worker.pid for worker in host.fpm.workers})
    after = await ask(host, "status")
    assert after["opcache"]["start_time"] > before["opcache"]["start_time"]
    assert after["status"]["start-time"] > before["status"]["start-time"]
    children = (host.proc.root / "1042/task/1042/children").read_text().split()
    assert {int(pid) for pid in children} == {worker.pid for worker in host.fpm.workers}
    assert not any((host.proc.root / str(pid)).exists() for pid in pids)


async def test_the_errors_end_only_when_code_and_configuration_are_new(web1: Host) -> None:
    host = web1
    log = host.root / "storage/logs/laravel.log"

    def says() -> tuple[bool, bool]:
        size = log.stat().st_size
        host.gateway.call(time.time(), "check_availability_v17")
        told = log.read_bytes()[size:].decode()
        return "Call context not found" in told, "Function routing" in told

    assert log.read_text().count("Call context not found") == 14
    assert says() == (True, False)
    await sh(host, "php -r 'opcache_reset();'; php api-gateway/artisan cache:clear; php api-gateway/artisan view:clear")
    assert says() == (True, False), "what was typed first that night reaches no pool"
    await sh(host, "php api-gateway/artisan config:cache")
    assert says() == (True, False), "with validate_timestamps=0 FPM does not see a rebuilt cache"
    host.fpm.restart_pool()
    assert says() == (False, True)


async def test_new_code_with_the_old_configuration_still_fails(web1: Host) -> None:
    host = web1
    host.fpm.restart_pool()
    host.gateway.call(time.time(), "check_availability_v17")
    *_, routed, failed = (host.root / "storage/logs/laravel.log").read_text().splitlines()
    assert "Function routing" in routed
    assert "Call context not found" in failed


PROGRAMS = (
    ("php artisan cache:clear view:clear", 'Too many arguments to "cache:clear" command'),
    ("php -i | grep validate_timestamps", "opcache.validate_timestamps => On => On"),
    ("php -i | grep revalidate_freq", "opcache.revalidate_freq => 2 => 2"),
    ("php artisan nonsense", 'Command "nonsense" is not defined'),
    ("php artisan --version", "Laravel Framework 11.31.0"),
    ("php8.3 -r 'opcache_reset();' && echo done", "done"),
    ("sudo -n -l -u www-data /usr/bin/php artisan config:cache", "/usr/bin/php artisan config:cache"),
    ("systemctl show -p ActiveState -p MainPID -- php8.3-fpm.service", "ActiveState=active\nMainPID=1042"),
    ("systemctl reload nginx", "Unit nginx.service not found"),
    ("logger -t stalewatch -- reload done; cat ../syslog", "web1 stalewatch: reload done"),
    ("php-fpm8.3 -t", "test is successful"),
)
"""What a person (or the runbook) types, and what must be among the answer."""


async def test_the_programs_that_stand_in(web1: Host) -> None:
    for command, said in PROGRAMS:
        told = await sh(web1, f"cd api-gateway; {command}")
        assert said in told, command


async def test_artisan_really_writes_and_removes_the_caches(web1: Host) -> None:
    host = web1
    cache = host.root / "bootstrap/cache"
    assert "context_ttl" not in (cache / "config.php").read_text()
    await sh(host, "php api-gateway/artisan config:cache; php api-gateway/artisan route:cache; php api-gateway/artisan view:cache")
    assert "context_ttl" in (cache / "config.php").read_text()
    assert "function-call/{version}" in (cache / "routes-v7.php").read_text()
    assert time.time() - (cache / "config.php").stat().st_mtime < 5
    views = [path.read_text() for path in (host.root / "storage/framework/views").glob("*.php")]
    assert any(f"/**PATH {host.root}/resources/views/appointment.blade.php ENDPATH**/" in text for text in views)
    await sh(host, "php api-gateway/artisan config:clear; php api-gateway/artisan route:clear; php api-gateway/artisan view:clear")
    assert not (cache / "config.php").exists()
    assert not (cache / "routes-v7.php").exists()
    assert not list((host.root / "storage/framework/views").glob("*.php"))


async def test_stat_tells_the_storys_ctimes_for_many_files_at_once(web1: Host) -> None:
    host = web1
    names = "bootstrap/cache/config.php config/services.php"
    lines = (await sh(host, f"cd api-gateway; stat -L -c '%.9Y %.9Z %s %U %n %%Z' -- {names}")).splitlines()
    assert [line.split()[4] for line in lines] == names.split()
    for line in lines:
        mtime, ctime, _, owner, _, literal = line.split()
        assert mtime == ctime
        assert owner == "www-data"
        assert literal == "%Z"


async def test_the_log_grows_while_somebody_watches() -> None:
    async with living(start=time.time() - 30, servers=1) as world:
        log = world.hosts[0].root / "storage/logs/laravel.log"
        assert await eventually(lambda: log.read_text().count("Call context not found") > 14)


async def test_a_stopped_pool_answers_nothing_and_has_no_process(world: World) -> None:
    host = world.hosts[2]
    await sh(host, "sudo systemctl stop php8.3-fpm")
    assert await eventually(lambda: not host.fpm.running)
    assert not (host.proc.root / "1042").exists()
    assert "ActiveState=inactive" in await sh(host, "systemctl show -p ActiveState php8.3-fpm")
    await sh(host, "sudo systemctl start php8.3-fpm")
    assert await eventually(lambda: (host.proc.root / "1042").exists())
    assert (await ask(host, "status"))["opcache"]["enabled"]
