"""runtime.php and its client against a real php-fpm."""

from __future__ import annotations

import asyncio
import glob
import hashlib
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from stalewatch.model.snapshot import Opcache, Pool, PoolStatus, RuntimeFacts, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.host.host_probe import HostProbe
from stalewatch.probe.runtime.configuration import Question
from stalewatch.probe.runtime.pool_probe import PoolProbe
from stalewatch.transport.fastcgi.client import request
from stalewatch.transport.fastcgi.response import Response
from stalewatch.transport.local import LocalLink
from tests.unit.probe.conftest import until
from tests.unit.probe.fpm import Fpm, pool_probe, probe


async def facts(pool: PoolProbe, *, full: bool = True) -> RuntimeFacts:
    found = await pool.look(full=full, wait=10.0, idle=False)
    assert isinstance(found, RuntimeFacts), found
    return found


def opcache_of(found: RuntimeFacts) -> Opcache:
    assert isinstance(found.opcache, Opcache), found.opcache
    return found.opcache


async def test_it_tells_the_pool_and_every_script(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    home = fpm.script("home.php", "echo 'v1';")
    fpm.script("index.php", "require __DIR__.'/home.php';")
    fpm.start()
    assert fpm.get(fpm.root / "index.php") == "v1"
    found = await facts(probe(link, host, fpm))
    opcache = opcache_of(found)
    assert found.via == "tunnel"
    assert found.php_version[0].isdigit()
    assert {script.path for script in opcache.scripts} == {str(home), str(fpm.root / "index.php")}
    assert {script.path for script in opcache.entry_points} == {str(fpm.root / "index.php")}
    script = next(script for script in opcache.scripts if script.path == str(home))
    stat = home.stat()
    assert (script.timestamp, script.size, script.inode, script.dev) == (int(stat.st_mtime), stat.st_size, stat.st_ino, stat.st_dev)
    assert len(script.digest) == 32
    assert opcache.changed == ()
    assert opcache.compared == 2
    assert isinstance(found.status, PoolStatus)
    assert found.status.pool == "www"
    states = {worker.state for worker in found.status.workers}
    assert "Running" in states, "the one that was asked"
    assert states <= {"Running", "Idle", "Finishing"}
    assert abs(found.status.started - time.time()) < 60


def digests_of(found: RuntimeFacts) -> dict[str, str]:
    return {script.path: script.digest for script in opcache_of(found).scripts}


async def test_a_digest_of_a_package_is_taken_once(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    package = fpm.script("vendor/acme/one.php", "echo 'v1';")
    fpm.script("index.php", "require __DIR__.'/vendor/acme/one.php';")
    fpm.start()
    assert fpm.get(fpm.root / "index.php") == "v1"
    pool = probe(link, host, fpm)
    first = digests_of(await facts(pool))
    assert first[str(package)] == hashlib.md5(package.read_bytes()).hexdigest()
    found = await facts(pool)
    assert digests_of(found) == {**first, str(package): ""}
    assert found.own_requests == 5, "two lists, one request for digests, and what PHP loaded for the first and for that"


async def test_a_binary_that_was_replaced_with_its_old_time_is_told(link: LocalLink, host: HostProbe, fpm: Fpm, tmp_path: Path) -> None:
    machine = Fpm.binary()
    assert machine is not None
    binary = Path(shutil.copy2(machine, tmp_path / "php-fpm"))
    fpm.start(program=str(binary))
    pool = probe(link, host, fpm)
    assert (await facts(pool)).replaced == ()
    Path(shutil.copy2(machine, tmp_path / "new")).replace(binary)
    assert (await facts(pool)).replaced == (str(binary),)


async def test_where_proc_is_closed_a_replaced_binary_is_not_seen(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start("php_admin_value[open_basedir]=/tmp:/var/tmp:/dev/shm")
    assert (await facts(probe(link, host, fpm))).replaced is None


def told_of(found: RuntimeFacts) -> dict[str, tuple[str, ...]]:
    assert found.configuration is not None
    (file,) = found.configuration
    return {"alike": (str(file.alike),), "differs": file.differs, "untold": file.untold}


async def test_a_pool_compares_its_configuration_and_tells_only_names(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    lines = ("php_admin_value[memory_limit]=96M", "php_flag[display_errors]=on", "env[SECRET]=one", "env[HOME_OF]=$HOME")
    fpm.start(*lines)
    config = fpm.base / "php-fpm.conf"
    pool = probe(link, host, fpm)
    assert (await facts(pool)).configuration is None, "nothing changed"
    pool.configuration = Question((str(config),), (), (str(config),), "www")
    same = told_of(await facts(pool, full=False))
    assert same["differs"] == ()
    assert same["alike"] == ("4",), "pm, memory_limit, display_errors, env[SECRET]"
    assert set(same["untold"]) == {"error_log", "group", "pm.max_children", "pm.status_path", "env[HOME_OF]"}
    text = config.read_text()
    config.write_text(text.replace("96M", "64M").replace("=on", "=off").replace("=one", "=two").replace("pm=static", "pm=ondemand"))
    found = await facts(pool)
    assert set(told_of(found)["differs"]) == {"php_admin_value[memory_limit]", "php_flag[display_errors]", "env[SECRET]", "pm"}
    assert told_of(await facts(pool, full=False)) == told_of(found), "what was told of the same files holds"
    config.write_text(text.replace("96M", "98304K"))
    assert told_of(await facts(pool))["differs"] == ("php_admin_value[memory_limit]",), "written otherwise counts as another value"
    pool.configuration = None
    assert (await facts(pool)).configuration is None


CACHED = """<?php return array (
  'app' => array (
    'debug' => false,
    'key' => 'old\\'s',
    'url' => 'https://one.example/x',
    'hosts' => array (
      0 => 'a',
    ),
    'same' => 'as it was',
  ),
);
"""
SOURCES = """return ['debug' => env('APP_DEBUG', false), 'key' => env("THE_KEY"), 'url' => 'https://'.env('HOST').'/x',
    'hosts' => explode(',', env('HOSTS', '')), 'same' => env('SAME'), 'other' => $x];"""


async def test_a_pool_compares_its_environment_with_what_was_cached(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.script("config/app.php", SOURCES)
    cache = fpm.root / "config.php"
    cache.write_text(CACHED)
    of = {"APP_DEBUG": "(false)", "THE_KEY": "old's", "HOST": "one.example", "HOSTS": "a,b", "SAME": '"as it was"', "UNUSED": "x"}
    new = {"APP_DEBUG": "true", "THE_KEY": "new", "HOST": "two.example", "HOSTS": "a", "SAME": "as it is", "UNUSED": "y"}
    for values, differs, unlike in ((of, (), ("HOSTS",)), (new, ("APP_DEBUG", "THE_KEY", "SAME"), ("HOST",))):
        fpm.start(*(f"env[{name}]='{value}'" if '"' in value else f'env[{name}]="{value}"' for name, value in values.items()))
        pool = probe(link, host, fpm)
        config = str(fpm.base / "php-fpm.conf")
        pool.configuration = Question((), (), (config,), "www", ((str(cache), str(fpm.root / "config")),))
        (told,) = (await facts(pool)).environment or ()
        assert (told.path, told.differs, told.unlike) == (str(cache), differs, unlike)
        assert (await facts(pool, full=False)).environment == (told,), "what was told holds"
        await pool.close()
        fpm.stop()


async def test_a_pool_that_may_not_read_its_configuration_says_nothing_of_it(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start("php_admin_value[open_basedir]=/tmp/stalewatch-none:/var/tmp:/dev/shm")
    config = str(fpm.base / "php-fpm.conf")
    pool = probe(link, host, fpm)
    pool.configuration = Question((config,), (), (config,), "www")
    assert (await facts(pool)).configuration == ()


async def test_a_script_is_compiled_and_not_executed(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start("php_admin_value[opcache.validate_timestamps]=0")
    ran = fpm.root / "ran"
    home = fpm.script("home.php", f"touch('{ran}'); function of_home() {{}} class Home {{}} echo 'v1';")
    twin = fpm.script("twin.php", "function of_home() {} class Home {} echo 'twin';")
    broken = fpm.script("broken.php", "echo 'v1'")
    pool = probe(link, host, fpm)
    await facts(pool)
    assert [await pool.compile(str(path)) for path in (home, twin, broken, fpm.root / "none.php", home)] == [True, True, False, False, True]
    assert not ran.exists()
    home.write_text("<?php echo 'v2';\n")
    assert fpm.get(home) == "v1", "it was cached"
    assert fpm.get(twin) == "twin"


async def test_old_code_in_use_is_a_candidate_until_it_is_invalidated(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start("php_admin_value[opcache.validate_timestamps]=0")
    home = fpm.script("home.php", "echo 'v1';")
    assert fpm.get(home) == "v1"
    pool = probe(link, host, fpm)
    assert opcache_of(await facts(pool)).validate_timestamps is False
    home.write_text("<?php echo 'v2';\n")
    assert fpm.get(home) == "v1", "the stage is wrong: PHP should still run the old code"
    (script,) = opcache_of(await facts(pool, full=False)).changed
    assert (script.path, script.timestamp, script.cached) == (str(home), None, True)
    assert await pool.invalidate([str(home), "/nowhere.php"]) == {str(home): True, "/nowhere.php": True}
    assert [script.cached for script in opcache_of(await facts(pool, full=False)).changed] == [False]
    assert fpm.get(home) == "v2"


@pytest.mark.parametrize(
    ("change", "candidate"),
    [
        ("mtime moved back", True),
        ("only chmod", False),
        ("rewritten with the same mtime", True),
        ("a directory renamed over", True),
        ("nothing", False),
    ],
)
async def test_what_is_a_candidate_with_timestamps(link: LocalLink, host: HostProbe, fpm: Fpm, change: str, candidate: bool) -> None:
    home = fpm.script("lib/home.php", "echo 'v1';")
    other = fpm.script("other/home.php", "echo 'v2';")
    fpm.start("php_admin_value[opcache.revalidate_freq]=600")
    assert fpm.get(home) == "v1"
    pool = probe(link, host, fpm)
    await facts(pool)
    start = opcache_of(await facts(pool)).start_time
    while time.time() < start + 1:
        await asyncio.sleep(0.05)
    stat = home.stat()
    if change == "mtime moved back":
        os.utime(home, (stat.st_mtime - 100, stat.st_mtime - 100))
    elif change == "rewritten with the same mtime":
        home.write_text("<?php echo 'v9';\n")
        os.utime(home, (stat.st_atime, stat.st_mtime))
    elif change == "a directory renamed over":
        home.parent.rename(fpm.root / "backup")
        other.parent.rename(fpm.root / "lib")
    elif change == "only chmod":
        home.chmod(0o600)
    changed = opcache_of(await facts(pool, full=False)).changed
    if change == "only chmod":
        # The look-alike of a rewrite: a candidate by ctime, told with the digest that settles it.
        assert [(script.timestamp, script.mtime) for script in changed] == [(int(stat.st_mtime), int(stat.st_mtime))]
        assert changed[0].digest
        return
    assert [script.path for script in changed] == ([str(home)] if candidate else [])
    if change == "a directory renamed over":
        assert changed[0].parent_changed is not None


async def test_what_we_uploaded_is_no_code_of_the_pool(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    """With file_update_protection=0 PHP keeps even files from the future, and names them when they are gone."""
    fpm.start("php_admin_value[opcache.validate_timestamps]=0", "php_admin_value[opcache.file_update_protection]=0")
    home = fpm.script("home.php", "echo 'v1';")
    assert fpm.get(home) == "v1"
    pool = probe(link, host, fpm)
    await facts(pool)
    again = probe(link, host, fpm)
    found = opcache_of(await facts(again))
    assert [script.path for script in found.scripts] == [str(home)]
    assert {str(script.path) for script in found.changed} <= {str(home)}
    assert found.compared == 1


async def test_two_hundred_looks_leave_nothing_in_the_cache(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    for directive in ("1", "0"):
        fpm.start(f"php_admin_value[opcache.validate_timestamps]={directive}")
        assert fpm.get(fpm.script("home.php", "echo 'v1';")) == "v1"
        pool = probe(link, host, fpm)
        first = await facts(pool)
        for _ in range(200):
            await facts(pool, full=False)
        last = await facts(pool)
        before, after = opcache_of(first), opcache_of(last)
        assert (after.cached_scripts, after.cached_keys, after.wasted_memory) == (
            before.cached_scripts,
            before.cached_keys,
            before.wasted_memory,
        )
        assert after.hits == before.hits
        ours = last.own_requests - first.own_requests
        assert after.misses - before.misses == ours >= 201, "own requests must be countable, to be subtracted"
        fpm.stop()
        fpm.socket.unlink(missing_ok=True)


async def test_own_requests_are_counted_since_the_cache_began(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start()
    pool = probe(link, host, fpm)
    counts = [(await facts(pool, full=False)).own_requests for _ in range(3)]
    assert counts == [1, 3, 4], "and the file that the first one, which lists all scripts, has loaded"
    assert (await facts(pool)).opcache.misses == 5  # type: ignore[union-attr]


@pytest.mark.parametrize("validated", ["1", "0"])
async def test_what_a_request_loads_is_counted_and_leaves_nothing(link: LocalLink, host: HostProbe, fpm: Fpm, validated: str) -> None:
    """Each of the probe's files, again and again."""
    home = fpm.script("home.php", "echo 'v1';")
    fpm.start(f"php_admin_value[opcache.validate_timestamps]={validated}")
    (fpm.root / "code").symlink_to(fpm.base)  # since the cache began, so what came through it is looked for
    pool = probe(link, host, fpm)
    pool.links = ((str(fpm.root), "code", True),)
    assert fpm.get(home) == "v1"
    before = await facts(pool)
    for number in range(8):
        pool.configuration = Question((str(fpm.base / "php-fpm.conf"),), (), (str(fpm.base / "php-fpm.conf"),), f"www{number}")
        found = await facts(pool)
        assert found.configuration is not None
        assert [each.path for each in opcache_of(found).links or ()] == [str(fpm.root / "code")]
        await pool.apcu(["a"])
        assert await pool.invalidate([str(fpm.root / "none.php")])
        after = await facts(pool)
        assert after.own_requests - before.own_requests == opcache_of(after).misses - opcache_of(before).misses
        assert opcache_of(after).cached_scripts == opcache_of(before).cached_scripts == 1
        assert opcache_of(after).cached_keys == opcache_of(before).cached_keys


@pytest.mark.parametrize(
    ("directive", "ini", "code"),
    [
        ("php_admin_value[opcache.restrict_api]=/nowhere", (), "opcache.restricted"),
        ("", ("disable_functions=opcache_get_status",), "opcache.functions-disabled"),
    ],
)
async def test_who_may_not_ask_says_what_to_grant(
    link: LocalLink, host: HostProbe, fpm: Fpm, directive: str, ini: tuple[str, ...], code: str
) -> None:
    fpm.start(directive, ini=ini)
    found = await facts(probe(link, host, fpm))
    assert isinstance(found.opcache, Unseen)
    assert found.opcache.code == code
    assert found.opcache.grant


async def test_disabled_is_a_fact_not_a_fault(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start(ini=("opcache.enable=0",))
    assert fpm.get(fpm.script("home.php", "echo 'v1';")) == "v1"
    assert opcache_of(await facts(probe(link, host, fpm))).enabled is False


async def test_harmless_functions_may_be_disabled(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    names = "getenv,posix_getpwuid,posix_geteuid,ini_set,md5_file,gzdeflate,fpm_get_status,getmypid,set_time_limit"
    fpm.start(ini=(f"disable_functions={names}",))
    assert fpm.get(fpm.script("home.php", "echo 'v1';")) == "v1"
    found = await facts(probe(link, host, fpm))
    assert opcache_of(found).cached_scripts == 1
    assert isinstance(found.status, Unseen)


@pytest.mark.parametrize("log", ["", "php_admin_value[error_log]=/dev/null"])
@pytest.mark.parametrize("name", ["realpath", "file_get_contents", "json_encode"])
async def test_a_function_that_is_needed_and_disabled_is_named_with_what_to_grant(
    link: LocalLink, host: HostProbe, fpm: Fpm, name: str, log: str
) -> None:
    """Also where PHP writes its errors to a file, so that it tells us nothing."""
    fpm.start(log, ini=(f"disable_functions={name}",))
    found = await probe(link, host, fpm).look(full=True, wait=10.0, idle=False)
    assert isinstance(found, Unseen)
    assert (found.code, found.message) == ("fpm.error", f"PHP may not call {name} in this pool")
    assert found.grant == f"take {name} out of disable_functions, then reload PHP-FPM"


async def test_a_hidden_directory_leads_to_the_next_one(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start(f"php_admin_value[open_basedir]=/dev/shm:{fpm.root}")
    assert opcache_of(await facts(probe(link, host, fpm))).enabled
    assert list(Path("/dev/shm").glob(f"stalewatch-*-{host.hello.pid}-*"))


async def test_no_directory_at_all_is_unknown_with_the_reason(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start(f"php_admin_value[open_basedir]={fpm.root}")
    found = await probe(link, host, fpm).look(full=True, wait=10.0, idle=False)
    assert isinstance(found, Unseen)
    assert found.code == "fpm.probe-hidden"
    assert "No input file specified." in found.message


async def test_an_auto_prepend_file_does_not_spoil_the_answer(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    prepend = fpm.script("prepend.php", "echo '<b>tracking</b>';")
    fpm.start(f"php_admin_value[auto_prepend_file]={prepend}", "php_admin_value[output_buffering]=4096")
    assert opcache_of(await facts(probe(link, host, fpm))).enabled


async def test_what_others_print_before_and_after_is_not_part_of_the_answer(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    """Without output buffering it is sent before the probe runs, and its headers with it."""
    prints = "echo '<b>{\"tracking\":1}</b>'; flush(); register_shutdown_function(function () { echo '\n<i>{}</i>'; });"
    prepend = fpm.script("prepend.php", prints)
    fpm.start(f"php_admin_value[auto_prepend_file]={prepend}", "php_admin_value[output_buffering]=0")
    for name in range(60):
        fpm.get(fpm.script(f"page{name}.php", "echo 1;"))
    assert opcache_of(await facts(probe(link, host, fpm))).cached_scripts >= 60


@pytest.mark.parametrize("ends", ["http_response_code(200); exit('<h1>Back soon</h1>');", "die('blocked');"])
async def test_what_ends_each_request_before_the_probe_is_named(link: LocalLink, host: HostProbe, fpm: Fpm, ends: str) -> None:
    prepend = fpm.script("prepend.php", ends)
    fpm.start(f"php_admin_value[auto_prepend_file]={prepend}")
    found = await probe(link, host, fpm).look(full=True, wait=10.0, idle=False)
    assert isinstance(found, Unseen)
    assert found.code == "fpm.other-answer"


async def test_what_apcu_holds_is_told_and_not_changed(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    if not glob.glob("/usr/lib/php/*/apcu.so"):
        pytest.skip("no APCu is installed")
    fill = fpm.script("fill.php", "apcu_store('pA', '/a.php'); apcu_store('pNone', false); echo apcu_cache_info(true)['num_entries'];")
    fpm.start(ini=("extension=apcu.so", "apc.enabled=1"))
    assert fpm.get(fill) == "2"
    pool = probe(link, host, fpm)
    assert await pool.apcu(["pA", "pNone", "pOther"]) == {"pA": "/a.php", "pNone": None}
    assert fpm.get(fill) == "2"


async def test_where_there_is_no_apcu_nothing_is_told(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start(ini=("apc.enabled=0",))
    assert await probe(link, host, fpm).apcu(["pA"]) == {}


async def jammed_by_a_request(fpm: Fpm) -> asyncio.Task[str]:
    """One request that a worker is at; it is answered with "done" when the file `over` is there."""
    waits = "while (!file_exists(__DIR__.'/over')) { usleep(1000); clearstatcache(); }"
    slow = fpm.script("slow.php", f"touch(__DIR__.'/begun'); {waits} echo 'done';")
    request = asyncio.create_task(asyncio.to_thread(fpm.get, slow))
    await until((fpm.root / "begun").exists)
    return request


async def test_a_jammed_pool_does_not_hold_the_look_up(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start("pm.max_children=1")
    pool = probe(link, host, fpm)
    await facts(pool)
    request = await jammed_by_a_request(fpm)
    jammed = await pool.look(full=False, wait=0.3, idle=False)
    assert not request.done()
    assert isinstance(jammed, Unseen)
    assert jammed.code == "fpm.no-answer"
    (fpm.root / "over").touch()
    assert await request == "done"
    assert isinstance(await pool.look(full=False, wait=10.0, idle=False), RuntimeFacts), "the same request is picked up later"


@pytest.mark.parametrize(("full", "moved"), [(True, False), (False, True)])
async def test_an_answer_that_was_on_its_way_shows_nothing_of_what_came_after(
    link: LocalLink, host: HostProbe, fpm: Fpm, monkeypatch: pytest.MonkeyPatch, full: bool, moved: bool
) -> None:
    fpm.start("php_admin_value[opcache.validate_timestamps]=0")
    home = fpm.script("home.php", "echo 'v1';")
    assert fpm.get(home) == "v1"
    pool = probe(link, host, fpm)
    await facts(pool)
    answered, arrives = asyncio.Event(), asyncio.Event()

    async def slow(*arguments: Any, **more: Any) -> Response:
        response = await request(*arguments, **more)
        answered.set()
        await arrives.wait()
        return response

    monkeypatch.setattr("stalewatch.probe.runtime.pool_connection.request", slow)
    late = await pool.look(full=True, wait=0.01, idle=False)
    assert isinstance(late, Unseen)
    await answered.wait()
    home.write_text("<?php echo 'version 2';\n")
    assert fpm.get(home) == "v1"
    arrives.set()
    found = await pool.look(full=full, wait=10.0, idle=False, moved=moved)
    assert isinstance(found, RuntimeFacts), found
    assert [(str(script.path), script.size) for script in opcache_of(found).changed] == [(str(home), home.stat().st_size)]


async def test_causes_of_a_socket_that_does_not_open(link: LocalLink, host: HostProbe, fpm: Fpm, tmp_path: Path) -> None:
    pool = pool_probe(link, host, str(tmp_path / "none.sock"), None)
    missing = await pool.look(full=True, wait=10.0, idle=False)
    fpm.start()
    fpm.stop()
    fpm.socket.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(lambda _reader, _writer: None, fpm.socket)
    server.close()
    await server.wait_closed()
    dead = await probe(link, host, fpm).look(full=True, wait=10.0, idle=False)
    assert [each.code for each in (missing, dead) if isinstance(each, Unseen)] == ["fpm.socket-missing", "fpm.socket-dead"]


async def test_a_dead_socket_is_asked_ever_less_often_and_again_at_once_when_fpm_started(
    link: LocalLink, host: HostProbe, fpm: Fpm
) -> None:
    pool = probe(link, host, fpm)
    for _ in range(4):
        assert isinstance(await pool.look(full=True, wait=10.0, idle=False), Unseen)
    fpm.start()
    assert isinstance(await pool.look(full=False, wait=10.0, idle=False), Unseen), "not now"
    pool.again()
    assert isinstance(await pool.look(full=False, wait=10.0, idle=False), RuntimeFacts)


async def test_an_idle_ondemand_pool_is_left_in_peace(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start("pm=ondemand", "pm.process_idle_timeout=1s")
    pool = probe(link, host, fpm)
    first = await pool.look(full=False, wait=10.0, idle=True)
    again = await pool.look(full=False, wait=10.0, idle=True)
    assert isinstance(first, RuntimeFacts)
    assert isinstance(again, RuntimeFacts)
    assert first.asked_at == again.asked_at


async def test_the_status_page_stands_in_where_its_function_is_disabled(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start(ini=("disable_functions=fpm_get_status",))
    configured = Pool(name=safe("www"), listen=safe(str(fpm.socket)), status_path=safe("/status"))
    pool, end = pool_probe(link, host, str(fpm.socket), configured), time.monotonic() + 10
    while not isinstance((found := await facts(pool)).status, PoolStatus) or found.status.total < 2:
        assert time.monotonic() < end, found.status  # FPM counts both of its workers once they are up
    assert (found.status.pool, found.status.total) == ("www", 2)


async def test_status_listen_is_seen_while_every_worker_is_busy(
    link: LocalLink, host: HostProbe, fpm: Fpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stalewatch.probe.runtime.pool_probe.TIMEOUT", 0.5)
    listen = fpm.base / "status.sock"
    fpm.start("pm.max_children=1", f"pm.status_listen={listen}")
    configured = Pool(name=safe("www"), listen=safe(str(fpm.socket)), status_path=safe("/status"), status_listen=safe(str(listen)))
    pool = pool_probe(link, host, str(fpm.socket), configured)
    await facts(pool)
    request = await jammed_by_a_request(fpm)
    busy = await facts(pool, full=False)
    (fpm.root / "over").touch()
    assert isinstance(busy.status, PoolStatus)
    assert busy.status.active >= 1
    assert isinstance(busy.opcache, Unseen)
    assert await request == "done"
