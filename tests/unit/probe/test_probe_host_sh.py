"""host.sh for real, under dash, bash and busybox, against real trees."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time
from importlib import resources
from pathlib import Path

import pytest

from stalewatch.model.errors import LinkLost
from stalewatch.model.snapshot import CacheStore, NamedRoot
from stalewatch.model.text import safe
from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.probe.host.host_probe import HostProbe, parse_hello
from stalewatch.probe.host.machine import Machine, survey
from stalewatch.probe.host.parsers import records
from stalewatch.probe.host.parsers.autoload import AutoloadRules
from stalewatch.probe.host.parsers.connections import parse_backlogs, parse_held
from stalewatch.probe.host.parsers.deploy_logs import parse_reflog
from stalewatch.probe.host.parsers.laravel_skeleton import listeners
from stalewatch.probe.host.parsers.named_roots import parse_origin
from stalewatch.probe.host.parsers.references import References, references
from stalewatch.transport.local import LocalLink
from tests.unit.probe.conftest import until

PHP = b"<?php echo 1;\n"


async def one(coprocess: Coprocess, *request: str) -> dict[str, bytes]:
    """Sections of one answer by name (the last of a name counts)."""
    (block,) = await coprocess.ask(request, timeout=30)
    return {section.name: section.payload for section in block.sections}


async def ended(coprocess: Coprocess) -> None:
    """It does not answer any more, within a few seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            await coprocess.ask(("beat",), timeout=30)
        except LinkLost:
            return
        await asyncio.sleep(0.02)
    pytest.fail("it still answers")


async def test_it_tells_stats_exactly_and_only_what_moved(coprocess: Coprocess, tmp_path: Path) -> None:
    name = tmp_path / "it's a\tconfig — ü.php"
    name.write_bytes(PHP)
    os.utime(name, (1_700_000_000, 1_700_000_000))
    await coprocess.ask(("files", str(name), str(tmp_path / "missing"), str(tmp_path)), timeout=30)
    first = await one(coprocess, "tick")
    files = records.parse_files(first["files"])
    assert set(files) == {str(name), str(tmp_path)}
    stat = name.stat()
    record = files[str(name)]
    assert (record.mtime, record.size, record.inode, record.mode) == (1_700_000_000, len(PHP), stat.st_ino, stat.st_mode)
    assert record.ctime == pytest.approx(stat.st_ctime, abs=1.0)
    clock = records.parse_clock(first["clock"])
    assert clock is not None
    assert clock[0] == pytest.approx(time.time(), abs=2.0)
    assert clock[1] > 0
    assert "files" not in await one(coprocess, "tick")
    os.utime(name, (1_700_000_001, 1_700_000_001))
    assert records.parse_files((await one(coprocess, "tick"))["files"])[str(name)].mtime == 1_700_000_001


async def test_another_owner_is_a_change_and_is_told_by_name(coprocess: Coprocess, tmp_path: Path) -> None:
    name = tmp_path / "config.php"
    name.write_bytes(PHP)
    await one(coprocess, "files", str(name))
    assert records.parse_files((await one(coprocess, "tick"))["files"])[str(name)].owner == name.owner()
    assert "files" not in await one(coprocess, "tick")
    os.chown(name, 33, 33)
    told = records.parse_files((await one(coprocess, "tick"))["files"])[str(name)]
    assert (told.owner, told.group) == ("www-data", "www-data")
    assert "files" not in await one(coprocess, "tick")


async def test_names_of_owners_are_looked_up_only_after_a_change(link: LocalLink, tmp_path: Path) -> None:
    real, log, name = shutil.which("stat"), tmp_path / "log", tmp_path / "config.php"
    (tmp_path / "stat").write_text(f'#!/bin/sh\necho "$*" >>{log}\nexec {real} "$@"\n')
    (tmp_path / "stat").chmod(0o755)
    name.write_bytes(PHP)
    running = await Coprocess.start(link, "ann@laptop", 1, shell=f"env PATH={tmp_path}:{os.environ['PATH']} dash")

    async def formats() -> list[bool]:
        log.write_text("")
        told = await one(running, "tick")
        lines = [line for line in log.read_text().splitlines() if str(name) in line]
        assert ("files" in told) is (len(lines) == 2)
        return ["%U" in line for line in lines]

    await one(running, "files", str(name))
    assert [await formats(), await formats()] == [[False, True], [False]]
    name.touch()
    assert [await formats(), await formats()] == [[False, True], [False]]
    await running.close()


async def test_a_link_is_told_as_itself_and_a_directory_is_no_link(coprocess: Coprocess, tmp_path: Path) -> None:
    release, current = tmp_path / "releases", tmp_path / "current"
    release.mkdir()
    os.utime(release, (1_700_000_000, 1_700_000_000))
    current.symlink_to(release)
    found = records.parse_files((await one(coprocess, "link", str(current)))["link"])
    assert found[str(current)].inode == current.lstat().st_ino
    assert found[str(current)].ctime == pytest.approx(current.lstat().st_ctime, abs=1.0)
    assert await one(coprocess, "link", str(release)) == {}


async def test_a_file_name_cannot_forge_a_record(coprocess: Coprocess, tmp_path: Path) -> None:
    source = tmp_path / "config"
    source.mkdir()
    (source / "app.php").write_bytes(PHP)
    (source / "x\n1 1 1 1 81a4 root root forged.php").mkdir()
    (source / "x\n1 1 1 1 81a4 root root forged.php" / "y.php").write_bytes(PHP)
    (source / "\x1b]0;title\x07.php").write_bytes(PHP)
    walk = records.parse_files((await one(coprocess, "walk", str(tmp_path), "100"))["walk"])
    assert set(walk) == {str(source / "app.php"), str(source / "\x1b]0;title\x07.php")}
    assert all("\x1b" not in record.stat(str(tmp_path)).path for record in walk.values())


async def test_a_folder_of_code_that_is_a_link_is_followed_and_told_itself(coprocess: Coprocess, tmp_path: Path) -> None:
    app, shared = tmp_path / "app1", tmp_path / "shared"
    (app / "resources").mkdir(parents=True)
    for folder, link in (("config", "config"), ("routes", "routes"), ("views", "resources/views")):
        (shared / folder).mkdir(parents=True)
        (shared / folder / "x.php").write_bytes(PHP)
        (shared / folder / "again").symlink_to(shared / folder)
        (app / link).symlink_to(shared / folder)
    (app / "other").symlink_to(shared)
    walk = records.parse_files((await one(coprocess, "walk", str(app), "100"))["walk"])
    links = {str(app / name) for name in ("config", "routes", "resources/views")}
    assert set(walk) == links | {f"{app / name}/x.php" for name in ("config", "routes", "resources/views")}
    assert walk[str(app / "config")].inode == (app / "config").lstat().st_ino
    assert not (await one(coprocess, "sums", str(app), "100"))["sums"].count(b"again")


async def test_code_behind_a_deeper_link_and_a_package_that_is_a_link_are_walked(coprocess: Coprocess, tmp_path: Path) -> None:
    app, shared = tmp_path / "app1", tmp_path / "shared"
    for folder in (app / "app/Domain", app / "vendor/acme", shared / "jobs/vendor/x", shared / "acme/vendor/x/y", app / "modules"):
        folder.mkdir(parents=True)
    for name in ("jobs/Job.php", "acme/src.php", "acme/vendor/x/y/z.php"):
        (shared / name).write_bytes(PHP)
    (app / "modules/M.php").write_bytes(PHP)
    (app / "app/Domain/Jobs").symlink_to(shared / "jobs")
    (app / "vendor/acme/own").symlink_to(shared / "acme")
    (app / "app/Modules").symlink_to(app / "modules")
    (app / "app/loop").symlink_to(tmp_path)
    (shared / "jobs/again").symlink_to(shared)
    walk = records.parse_files((await one(coprocess, "walk", str(app), "100"))["walk"])
    files = {"app/Domain/Jobs/Job.php", "vendor/acme/own/src.php", "modules/M.php"}
    assert set(walk) == {f"{app}/{name}" for name in (*files, "./app/Domain/Jobs", "./vendor/acme/own")}
    assert walk[f"{app}/./vendor/acme/own"].inode == (app / "vendor/acme/own").lstat().st_ino


async def test_a_source_that_is_a_link_is_told_with_what_it_leads_to(coprocess: Coprocess, tmp_path: Path) -> None:
    app, shared = tmp_path / "app1", tmp_path / "shared"
    for folder in (app / "config", shared):
        folder.mkdir(parents=True)
    for name, link in (("x.php", "config/x.php"), ("env", ".env"), ("no.php", "config/gone.php")):
        (shared / name).write_bytes(PHP)
        (app / link).symlink_to(shared / name)
    (shared / "no.php").unlink()
    walk = records.parse_files((await one(coprocess, "walk", str(app), "100"))["walk"])
    for link in ("config/x.php", ".env"):
        assert walk[f"{app}/{link}"].inode == (app / link).stat().st_ino
        assert walk[f"{app}/./{link}"].inode == (app / link).lstat().st_ino
    assert f"{app}/config/gone.php" not in walk


async def test_a_walk_is_told_once_and_again_after_a_change(coprocess: Coprocess, tmp_path: Path) -> None:
    for name in ("app/A.php", "vendor/acme/src/B.php", "vendor/composer/installed.json", "storage/framework/views/c.php", "app/note.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PHP)
    found = records.parse_files((await one(coprocess, "walk", str(tmp_path), "100"))["walk"])
    assert {path.removeprefix(f"{tmp_path}/") for path in found} == {"app/A.php", "vendor/composer/installed.json"}
    assert set(await one(coprocess, "walk", str(tmp_path), "100")) == {"same"}
    (tmp_path / "app/A.php").write_bytes(PHP + b"\n")
    assert "walk" in await one(coprocess, "walk", str(tmp_path), "100")


async def test_packages_of_composers_own_take_no_place_from_what_it_generates(coprocess: Coprocess, tmp_path: Path) -> None:
    composer = tmp_path / "vendor/composer"
    (composer / "semver/src").mkdir(parents=True)
    for number in range(300):
        (composer / f"semver/src/A{number}.php").write_bytes(PHP)
    for name in ("installed.json", "autoload_real.php", "autoload_static.php"):
        (composer / name).write_bytes(PHP)
    found = records.parse_files((await one(coprocess, "walk", str(tmp_path), "100"))["walk"])
    assert {Path(path).name for path in found} == {"installed.json", "autoload_real.php", "autoload_static.php"}


async def test_views_name_their_sources(coprocess: Coprocess, tmp_path: Path) -> None:
    view = tmp_path / "0a1b.php"
    view.write_bytes(b"<h1>x</h1>\n<?php /**PATH /srv/app/resources/views/it's home.blade.php ENDPATH**/ ?>")
    sections = await one(coprocess, "views", str(tmp_path), "100")
    assert set(records.parse_files(sections["views"])) == {str(view)}
    assert sections["trailers"].decode().strip() == f"{view}:/**PATH /srv/app/resources/views/it's home.blade.php ENDPATH**/"


async def test_a_view_that_is_compiled_of_another_source_names_that_one(coprocess: Coprocess, tmp_path: Path) -> None:
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "0a1b.php").write_text(f"<?php /**PATH /srv/{folder}.blade.php ENDPATH**/ ?>")
    for _ in range(2):
        for folder in ("one", "other"):
            sections = await one(coprocess, "views", str(tmp_path / folder), "100")
            assert f"/srv/{folder}.blade.php".encode() in sections["trailers"]
            assert set(records.parse_files(sections["views"])) == {str(tmp_path / folder / "0a1b.php")}
    (tmp_path / "one/0a1b.php").write_text("<?php /**PATH /srv/moved.blade.php ENDPATH**/ ?>")
    assert b"/srv/moved.blade.php" in (await one(coprocess, "views", str(tmp_path / "one"), "100"))["trailers"]
    (tmp_path / "other/0a1b.php").unlink()
    sections = await one(coprocess, "views", str(tmp_path / "other"), "100")
    assert (sections["views"].strip(), sections["trailers"].strip()) == (b"", b"")


async def test_what_several_patterns_match_is_told(coprocess: Coprocess, tmp_path: Path) -> None:
    for name in ("pool.d/a.conf", "pool.d/it's b.conf", "php.ini", "a[b].ini"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "pool.d/dangling.conf").symlink_to(tmp_path / "nowhere")
    patterns = ("pool.d/*.conf", "missing.conf", "php.ini", "*/missing", "a[b].ini", "pool.d/dangling.conf")
    sections = await one(coprocess, "list", *(f"{tmp_path}/{pattern}" for pattern in patterns))
    assert {path.removeprefix(f"{tmp_path}/") for path in records.parse_files(sections["files"])} == {
        "pool.d/a.conf",
        "pool.d/it's b.conf",
        "php.ini",
        "a[b].ini",
    }
    assert records.parse_files((await one(coprocess, "list", f"{tmp_path}/*.missing"))["files"]) == {}


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (b"<?php return array (\n  'a' => 1,\n);\n", "complete"),
        (b"<?php return array (\n  'a' => ", "cut"),
        (b"<?php return [\n  'a' => 1,\n];\n", "complete"),
        (b"<?php\n\n/*\n| Routes\n*/\n\napp('router')->setCompiledRoutes(\n  array (\n));\n", "complete"),
        (b"<?php\n\napp('router')->setRoutes(\n    unserialize(base64_decode('TzoyOiJ4'))\n);\n", "complete"),
        (b"", "cut"),
        (b"<?php return 1;\n", "cut"),
        (b"<?php\n\n// nothing;\n", "cut"),
        (b"disk quota exceeded\n", "cut"),
    ],
)
async def test_a_cut_cache_file_is_told(coprocess: Coprocess, tmp_path: Path, content: bytes, state: str) -> None:
    path = tmp_path / "config.php"
    path.write_bytes(content)
    assert (await one(coprocess, "complete", str(path)))["complete"].decode().strip() == f"{state} {path}"


@pytest.mark.skipif(shutil.which("php") is None, reason="no php is installed")
async def test_a_cache_file_that_php_cannot_read_is_told(coprocess: Coprocess, tmp_path: Path) -> None:
    broken, good = tmp_path / "it's broken.php", tmp_path / "good.php"
    broken.write_bytes(b"<?php return array (\n  'a' => 'b' 'c',\n);\n")
    good.write_bytes(b"<?php return array (\n  'a' => 'Errors parsing this',\n);\n")
    told = (await one(coprocess, "complete", str(broken), str(good)))["complete"].decode().strip()
    assert told.split("\n") == [f"cut {broken}", f"complete {good}"]


async def test_only_the_lines_of_a_bootstrap_that_say_where_sources_are_leave_the_server(coprocess: Coprocess, tmp_path: Path) -> None:
    path = tmp_path / "app.php"
    path.write_text(
        "<?php\n$key = 'canary';\nreturn Application::configure(basePath: dirname(__DIR__))\n    ->withEvents(discover: [\n"
        "        __DIR__.'/../app/Orders/Listeners',\n    ])\n    ->withExceptions(fn () => 'canary')->create();\n"
    )
    told = (await one(coprocess, "hints", str(path)))["hints"].decode()
    assert "canary" not in told
    assert listeners("12.0.0", told, "") == ("app/Orders/Listeners",)


async def test_of_a_source_only_the_files_and_classes_that_it_names_leave_the_server(coprocess: Coprocess, tmp_path: Path) -> None:
    path = tmp_path / "services.php"
    path.write_text(
        "<?php\nuse App\\Support\\Version as V;\nreturn [\n    'key' => 'canary', 'log' => storage_path('canary.log'),\n"
        "    'a' => trim(file_get_contents(base_path('VERSION'))), 'b' => require __DIR__.'/../more.php', 'c' => V::NUMBER,\n"
        "    'd' => exec('git -C canary log'), 'e' => curl_exec($canary), 'f' => file_get_contents('/canary'),\n"
        "    'g' => pdo_exec('canary'),\n];\n"
    )
    told = (await one(coprocess, "refers", str(path)))["refers"].decode()
    assert "canary" not in told
    found = references({"config/services.php": told}, "config", AutoloadRules({"App\\": ("app",)}))
    assert found == References(
        {"config": frozenset({"VERSION", "more.php"})},
        {"config": frozenset({"app/Support/Version.php", ".git/logs/HEAD"})},
        calls={"config/services.php": ("curl_exec", "exec", "file_get_contents")},
    )


async def test_secrets_of_a_pool_do_not_leave_the_server(coprocess: Coprocess, tmp_path: Path) -> None:
    (tmp_path / "www.conf").write_text(
        "[www]\nlisten = /run/a.sock\nenv[DB_PASSWORD] = canary-1\nenv[APP_CONFIG_CACHE] = /x.php\n"
        "php_admin_value[session.save_path] = tcp://:canary-2@redis\n"
        "php_value[session.save_path] = 2;/s\nphp_admin_value[opcache.validate_timestamps] = 0\n"
    )
    text = (await one(coprocess, "conf", f"{tmp_path}/*.conf", "100000"))["text"].decode()
    assert "canary" not in text
    assert "listen = /run/a.sock" in text
    assert "env[APP_CONFIG_CACHE] = /x.php" in text
    assert "php_admin_value[opcache.validate_timestamps] = 0" in text
    assert "php_value[session.save_path] = 2;/s" in text


async def test_only_harmless_keys_of_the_cached_config_leave_the_server(coprocess: Coprocess, tmp_path: Path) -> None:
    path = tmp_path / "config.php"
    path.write_text(
        "<?php return array (\n'key' => 'base64:canary',\n'view' => array('check_cache_timestamps' => false,\n'compiled' => '/v'));"
    )
    assert (await one(coprocess, "keys", str(path)))["keys"].decode().split("\n")[:2] == [
        "'check_cache_timestamps' => false",
        "'compiled' => '/v'",
    ]


async def test_the_roots_that_a_cache_names_are_told_and_nothing_else_of_it(coprocess: Coprocess, tmp_path: Path) -> None:
    root, shared = tmp_path / "it's/releases/1", tmp_path / "shared"
    for folder in (root / "cache", shared / "storage", shared / "cache", tmp_path / "2"):
        folder.mkdir(parents=True)
    (root / "storage").symlink_to(shared / "storage")
    (tmp_path / "current").symlink_to(root)
    (root / "shared").symlink_to(shared / "cache")
    paths = (
        f"{tmp_path}/current/resources/views",
        f"{tmp_path}/2/resources/views",
        f"{tmp_path}/2/storage/app",
        f"{shared}/storage/framework/views",
        f"{root}/vendor/acme/mail/resources/views".replace("'", "\\'"),
        "/build/app/public/storage",
        "/api/canary/app",
    )
    for folder in ("cache", "shared"):
        (root / folder / "config.php").write_text("<?php return ['canary', '" + "', '".join(paths) + "'];\n")
    names = [f"{root}/{folder}/config.php" for folder in ("cache", "shared")]
    (block,) = await coprocess.ask(("named", str(root), *names), timeout=30)
    found = {section.argument: parse_origin(section.payload) for section in block.sections}
    assert "canary" not in str(found)
    assert [found[name].shared for name in names] == [False, True]
    assert sorted(found[names[0]].named or (), key=lambda each: each.path) == [
        NamedRoot(safe("/build/app"), (safe("public"),), "missing"),
        NamedRoot(safe(f"{tmp_path}/2"), (safe("resources"), safe("storage")), "other"),
        NamedRoot(safe(f"{tmp_path}/current"), (safe("resources"),), "own"),
    ]


CONFIGURATION = """<?php return array (
  'cache' =>
  array (
    'default' => '{default}',
    'stores' =>
    array (
      'array' =>
      array (
        'driver' => 'array',
        'serialize' => false,
      ),
      'file' =>
      array (
        'driver' => 'file',
        'path' => '{folder}',
      ),
      'redis' =>
      array (
        'driver' => 'redis',
        'connection' => 'cache',
      ),
      'database' =>
      array (
        'driver' => 'database',
        'connection' => NULL,
      ),
      'dynamodb' =>
      array (
        'driver' => 'dynamodb',
        'secret' => 'canary',
      ),
    ),
    'prefix' => 'canary',
  ),
  'database' =>
  array (
    'default' => 'mysql',
    'connections' =>
    array (
      'mysql' =>
      array (
        'url' => 'mysql://canary@db',
        'host' => 'db.internal',
        'port' => '3306',
        'password' => 'canary',
      ),
    ),
    'redis' =>
    array (
      'client' => 'phpredis',
      'default' =>
      array (
        'host' => '127.0.0.1',
        'port' => 6379,
      ),
      'cache' =>
      array (
        'host' => '10.0.0.5',
        'password' => 'canary',
        'port' => 6380,
      ),
    ),
  ),
);
"""


async def test_of_a_cached_configuration_the_default_cache_store_is_told_and_no_secret(coprocess: Coprocess, tmp_path: Path) -> None:
    folder = tmp_path / "my store"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    told = {
        "file": CacheStore(safe("file"), safe("file"), safe(str(folder))),
        "redis": CacheStore(safe("redis"), safe("redis"), safe("10.0.0.5:6380")),
        "database": CacheStore(safe("database"), safe("database"), safe("db.internal:3306")),
        "array": CacheStore(safe("array"), safe("array")),
        "dynamodb": CacheStore(safe("dynamodb"), safe("dynamodb")),
        "gone": None,
    }
    for default, store in told.items():
        (tmp_path / "config.php").write_text(CONFIGURATION.format(default=default, folder=tmp_path / "link"))
        (block,) = await coprocess.ask(("named", str(tmp_path), f"{tmp_path}/config.php"), timeout=30)
        (section,) = block.sections
        assert parse_origin(section.payload).store == store, default
        assert b"canary" not in section.payload


@pytest.mark.parametrize(
    ("source", "dotenv", "told"),
    [
        ("'env' => env('APP_ENV', 'production'),", "APP_ENV=production\nDB_PASSWORD=canary\n", ("testing", "production")),
        ("'env' => env('APP_ENV', 'production'),", 'APP_ENV=local\nexport APP_ENV="stage-2" # canary\n', ("testing", "stage-2")),
        ("'env' => env('APP_ENV', 'production'),", "APP_ENV='testing'\n", None),
        ("'env' => env('APP_ENV', 'production'),", "NO_APP_ENV=production\n", None),
        ("'env' => 'testing',", "APP_ENV=production\n", None),
    ],
)
async def test_the_environment_of_a_cached_configuration_is_told_where_dotenv_has_another(
    coprocess: Coprocess, tmp_path: Path, source: str, dotenv: str, told: tuple[str, str] | None
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/app.php").write_text(f"<?php return [{source}];")
    (tmp_path / ".env").write_text(dotenv)
    cached = tmp_path / "bootstrap/cache/config.php"
    cached.parent.mkdir(parents=True)
    cached.write_text("<?php return array (\n  'app' => \n  array (\n    'env' => 'testing',\n    'key' => 'canary',\n  ),\n);\n")
    payload = (await one(coprocess, "named", str(tmp_path), str(cached)))["named"]
    assert parse_origin(payload).environments == told
    assert b"canary" not in payload


async def test_a_log_is_read_from_an_offset(coprocess: Coprocess, tmp_path: Path) -> None:
    path = tmp_path / "laravel.log"
    path.write_bytes(b"one\ntwo\x00\nthree\n")
    assert (await one(coprocess, "log", str(path), "4", "5"))["log"].rstrip(b"\n") == b"two "
    assert (await one(coprocess, "log", str(path), "9", "100"))["log"].rstrip(b"\n") == b"three"


async def test_sockets_are_told_as_the_login_user_finds_them(coprocess: Coprocess, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    server = await asyncio.start_unix_server(lambda _reader, _writer: None, tmp_path / "a b.sock")
    paths = [str(tmp_path / name) for name in ("file", "a b.sock", "none")]
    found = records.parse_sockets((await one(coprocess, "test", *paths))["sockets"])
    assert [(found[path].exists, found[path].is_socket, found[path].writable) for path in paths] == [
        (True, False, True),
        (True, True, True),
        (False, False, False),
    ]
    listening = await one(coprocess, "listening", paths[1])
    assert listening.get("listening", b"1").strip() == b"1"
    server.close()


async def test_children_of_a_master_have_exact_start_times(link: LocalLink, shell: str) -> None:
    host = HostProbe(link, "ann@laptop", 10.0, shell=shell)
    parent = subprocess.Popen(["sh", "-c", "sleep 60 & wait"])
    begun = time.time()
    try:
        await host.watch("masters", [str(parent.pid)])
        deadline = time.monotonic() + 5
        while not (children := (await host.tick())[1].children.get(parent.pid)):
            assert time.monotonic() < deadline
        record, title = host.last_tick.processes[children[0]]
        assert record.parent == parent.pid
        assert "sleep" in title
        assert host.last_tick.boot + record.ticks / host.hello.hz == pytest.approx(begun, abs=1.5)
        for pid in (*children, parent.pid):
            os.kill(pid, signal.SIGKILL)
        parent.wait()
        assert (await host.tick())[1].children[parent.pid] is None
    finally:
        parent.kill()
        parent.wait()
        await host.close()


async def test_watchers_and_lock_holders_see_each_other(link: LocalLink, shell: str, tmp_path: Path) -> None:
    ann, bob = f"ann@{tmp_path.name}-{os.getpid()}", f"bob@{tmp_path.name}-{os.getpid()}"  # other tests watch this machine too
    mine = HostProbe(link, ann, 10.0, shell=shell)
    other = await Coprocess.start(link, bob, 1795557000)
    # A real lock as the runbook takes it: flock on the directory itself, told by its command line.
    script = (
        "exec flock -n -E 75 "
        + shlex.quote(str(tmp_path))
        + " sh -c 'echo held; read -r _' stalewatch-lock "
        + f"{bob} 1795557001 {shlex.quote(str(tmp_path))} fix"
    )
    holder = subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdin is not None
    try:
        assert holder.stdout.readline() == b"held\n"
        await other.ask(("beat",), timeout=30)
        watchers = (await survey(mine, Machine())).watchers
        assert [(watcher.who, watcher.since) for watcher in watchers if watcher.who == bob] == [(bob, 1795557000)]
        assert ann not in [watcher.who for watcher in watchers]
        _, fast = await mine.tick()
        mine_is = [lock for lock in fast.locks if lock.inode == tmp_path.stat().st_ino]
        assert [(lock.holder.who, lock.holder.since) for lock in mine_is] == [(bob, 1795557001)]
        assert b"stalewatch-lock" in Path(f"/proc/{mine_is[0].holder.pid}/cmdline").read_bytes()
        assert (mine_is[0].holder.step, mine_is[0].holder.what, mine_is[0].holder.steps) == ("", "fix", ())
        words = ["sh", "-c", "read -r _\n# a script", "stalewatch-step", bob, "1795557001"]
        step = subprocess.Popen([*words, str(tmp_path), "config:cache", "/tmp/x"], stdin=subprocess.PIPE)
        elsewhere = subprocess.Popen([*words, "/srv/another app", "reload", "/tmp/x"], stdin=subprocess.PIPE)
        await until(lambda: b"stalewatch-step" in Path(f"/proc/{elsewhere.pid}/cmdline").read_bytes())
        await until(lambda: b"stalewatch-step" in Path(f"/proc/{step.pid}/cmdline").read_bytes())
        _, fast = await mine.tick()
        assert [lock.holder.step for lock in fast.locks if lock.inode == tmp_path.stat().st_ino] == ["config:cache"]
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(tmp_path / "s"))
            listening.listen()
            await mine.ask(("backlog", str(tmp_path / "s")))  # no other verb changes what a tick remembers
        _, fast = await mine.tick()
        assert [lock.holder.step for lock in fast.locks if lock.inode == tmp_path.stat().st_ino] == ["config:cache"], (
            "also where nothing moved"
        )
        step.communicate(b"\n")
        elsewhere.communicate(b"\n")
        _, fast = await mine.tick()
        assert [lock.holder.step for lock in fast.locks if lock.inode == tmp_path.stat().st_ino] == [""]
        assert [lock.holder.reached for lock in fast.locks if lock.inode == tmp_path.stat().st_ino] == ["config:cache"]
        holder.stdin.close()
        holder.wait(10)
        assert not [lock for lock in (await mine.tick())[1].locks if lock.inode == tmp_path.stat().st_ino]
    finally:
        holder.kill()
        holder.wait()
        await other.close()
        await mine.close()


@pytest.mark.parametrize(
    ("mounted", "visible", "uid", "groups", "hidden"),
    [
        ("rw,nosuid", True, 1001, "1001", ""),
        ("rw,hidepid=0", True, 1001, "1001", ""),
        ("rw,hidepid=off", True, 1001, "1001", ""),
        ("rw,hidepid=2,gid=33", True, 1001, "1001 33", ""),
        ("rw,hidepid=2,gid=33", True, 1001, "1001", "hidepid=2"),
        ("rw,gid=33,hidepid=invisible", False, 1001, "1001", "hidepid=invisible"),
        ("rw,hidepid=1", False, 1001, "1001", "hidepid=1"),
        ("rw,hidepid=ptraceable", True, 1001, "1001", "hidepid=ptraceable"),
        ("rw,hidepid=2", True, 0, "0", ""),
        ("", False, 0, "0", "pid 1 is not visible"),
        ("", False, 1001, "1001", "pid 1 is not visible"),
    ],
)
async def test_where_processes_of_others_are_hidden_it_says_so(
    link: LocalLink,
    shell: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mounted: str,
    visible: bool,
    uid: int,
    groups: str,
    hidden: str,
) -> None:
    proc, tools = tmp_path / "proc", tmp_path / "bin"
    for folder in (proc / "1", proc / "self", tools):
        folder.mkdir(parents=True)
    if visible:
        (proc / "1" / "cmdline").write_text("/sbin/init\0")
    (proc / "mounts").write_text(f"sysfs /sys sysfs rw 0 0\nproc /proc proc {mounted} 0 0\n" if mounted else "")
    (tools / "id").write_text(f"#!/bin/sh\ncase $1 in -u) echo {uid} ;; -G) echo {groups} ;; *) echo ann ;; esac\n")
    (tools / "id").chmod(0o755)
    monkeypatch.setenv("STALEWATCH_PROC", str(proc))
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    host = HostProbe(link, "ann@laptop", 10.0, shell=shell)
    try:
        seen = (await survey(host, Machine())).hidden
    finally:
        await host.close()
    assert (seen is not None) is bool(hidden)
    if seen is not None:
        assert f"({hidden})" in seen.message
        assert "ann" in seen.grant
        assert ("usermod -aG www-data ann" in seen.grant) is ("gid=33" in mounted)


@pytest.mark.parametrize(
    ("spaces", "cgroup", "own", "place"),
    [
        ("90", "0::/system.slice/php8.2-fpm.service", "0::/user.slice", ""),
        ("90\t1", "0::/system.slice/app.service", "0::/user.slice", "a pid namespace of its own"),
        ("90\t7", "0::/system.slice/docker-0123456789abcdef.scope", "0::/user.slice", "container 0123456789ab"),
        ("90", "1:name=systemd:/docker/0123456789abcdef", "0::/user.slice", "container 0123456789ab"),
        ("90", "0::/machine.slice/libpod-0123456789abcdef.scope/container", "0::/user.slice", "container 0123456789ab"),
        ("90", "1:name=systemd:/docker/0123456789abcdef", "1:name=systemd:/docker/0123456789abcdef", ""),
    ],
)
async def test_a_master_in_a_container_is_told_and_not_taken_for_one_outside(
    link: LocalLink, shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spaces: str, cgroup: str, own: str, place: str
) -> None:
    for folder in ("1", "90", "self"):
        (tmp_path / folder).mkdir()
    (tmp_path / "1" / "cmdline").write_text("/sbin/init\0")
    (tmp_path / "self" / "cgroup").write_text(f"{own}\n")
    (tmp_path / "90" / "cmdline").write_text("php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)\0")
    (tmp_path / "90" / "stat").write_text(f"90 (php-fpm8.2) S 1 90 90 0 -1 0{' 0' * 12} 500 0 0\n")
    (tmp_path / "90" / "status").write_text(f"Name:\tphp-fpm8.2\nNSpid:\t{spaces}\nNSsid:\t90\n")
    (tmp_path / "90" / "cgroup").write_text(f"{cgroup}\n")
    monkeypatch.setenv("STALEWATCH_PROC", str(tmp_path))
    host = HostProbe(link, "ann@laptop", 10.0, shell=shell)
    try:
        machine = await survey(host, Machine())
    finally:
        await host.close()
    assert any(master.record is not None for master in machine.masters) is not bool(place)
    assert (machine.contained is not None) is bool(place)
    assert machine.contained is None or place in machine.contained.message


async def test_every_pool_is_read_however_many_includes_lead_to_it(
    link: LocalLink, shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proc, etc = tmp_path / "proc", tmp_path / "it's etc"
    for folder in (proc / "1", proc / "90", proc / "self", etc / "deep"):
        folder.mkdir(parents=True)
    (proc / "1" / "cmdline").write_text("/sbin/init\0")
    (proc / "90" / "cmdline").write_text(f"php-fpm: master process ({etc}/php-fpm.conf)\0")
    (proc / "90" / "stat").write_text(f"90 (php-fpm8.2) S 1 90 90 0 -1 0{' 0' * 12} 500 0 0\n")
    pool = "[{0}]\nlisten = /run/{0}.sock\npm = static\n"
    includes = "".join(f"include = pool{number}.conf\n" for number in range(30))
    (etc / "php-fpm.conf").write_text(f"[global]\n{includes}include = {etc}/deep/*.conf\n")
    for number in range(30):
        (etc / f"pool{number}.conf").write_text(pool.format(f"p{number}"))
    (etc / "deep" / "first.conf").write_text(f"include = {etc}/second.inc\ninclude = {etc}/php-fpm.conf\n")
    (etc / "second.inc").write_text(";" * 300_000 + "\n" + pool.format("last"))
    monkeypatch.setenv("STALEWATCH_PROC", str(proc))
    host = HostProbe(link, "ann@laptop", 10.0, shell=shell)
    try:
        machine = await survey(host, Machine())
    finally:
        await host.close()
    (master,) = (each for each in machine.masters if each.record is not None)
    assert {str(each.name) for each in master.pools} == {"last", *(f"p{number}" for number in range(30))}
    assert str(etc / "second.inc") in {str(each.path) for each in master.files}


async def test_without_an_uptime_a_young_process_tells_when_the_machine_started(
    link: LocalLink, shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "self").symlink_to("/proc/self")
    monkeypatch.setenv("STALEWATCH_PROC", str(tmp_path))
    host = HostProbe(link, "ann@laptop", 10.0, shell=shell)
    try:
        _, tick = await host.tick()
    finally:
        await host.close()
    assert tick.boot == pytest.approx(time.time() - float(Path("/proc/uptime").read_text().split()[0]), abs=0.5)


async def test_dirty_counts_tracked_files_that_changed(coprocess: Coprocess, tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=Dora Deploy", "-c", "user.email=d@example.invalid"]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "a.php").write_bytes(PHP)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "Say v1"], check=True)
    assert (await one(coprocess, "dirty", str(tmp_path)))["dirty"].strip() == b"0"
    (tmp_path / "a.php").write_bytes(PHP + PHP)
    assert (await one(coprocess, "dirty", str(tmp_path)))["dirty"].strip() == b"1"
    diary = (await one(coprocess, "tail", str(tmp_path / ".git/logs/HEAD"), "65536"))["text"].decode()
    (deploy,) = parse_reflog(diary)
    assert deploy.who == "Dora Deploy"
    assert deploy.what == "commit (initial): Say v1"


# --------------------------------------------------------------------------------------------------------- leaving nothing behind


async def test_a_private_directory_is_closed_to_listing_and_goes_with_the_shell(link: LocalLink, shell: str, tmp_path: Path) -> None:
    coprocess = await Coprocess.start(link, "ann@laptop", 1, shell=shell)
    content = b"<?php\n// back\\slash 'quotes' \"double\" $dollar\n"
    contents = {"runtime.php": content, "links.php": PHP, "empty.php": b""}
    directory = Path((await coprocess.write_files(str(tmp_path), "secret", "203601010000", contents, timeout=30))[0])
    assert directory.parent == tmp_path
    assert directory.stat().st_mode & 0o7777 == 0o711
    assert {file.name: file.read_bytes() for file in directory.iterdir()} == contents
    for file in directory.iterdir():
        assert file.stat().st_mode & 0o7777 == 0o644
        assert file.stat().st_mtime > time.time() + 8 * 365 * 86400
    assert await coprocess.write_files("/proc", "secret", "203601010000", contents, timeout=30) == ("", "No such file or directory")
    assert "clock" in await one(coprocess, "tick"), "what could not be written is no request"
    await coprocess.close()
    await until(lambda: not directory.exists())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_it_cleans_up_on_a_signal(link: LocalLink, shell: str, tmp_path: Path, number: signal.Signals) -> None:
    coprocess = await Coprocess.start(link, "ann@laptop", 1, shell=shell)
    (hello,) = await coprocess.ask(("hello",), timeout=30)
    directory = Path((await coprocess.write_files(str(tmp_path), "secret", "203601010000", {"runtime.php": PHP}, timeout=30))[0])
    asking = asyncio.create_task(coprocess.ask(("tick",), timeout=30))
    await asking
    os.kill(parse_hello(hello.text("hello")).pid, number)
    # A shell that waits in read acts on the signal at its next line at the latest.
    await ended(coprocess)
    await until(lambda: not directory.exists())


async def test_what_a_killed_one_left_is_swept_by_the_next(link: LocalLink, shell: str, tmp_path: Path) -> None:
    killed = await Coprocess.start(link, "ann@laptop", 1, shell=shell)
    (hello,) = await killed.ask(("hello",), timeout=30)
    left = Path((await killed.write_files(str(tmp_path), "secret", "203601010000", {"runtime.php": PHP}, timeout=30))[0])
    os.kill(parse_hello(hello.text("hello")).pid, signal.SIGKILL)
    await ended(killed)
    alive = await Coprocess.start(link, "cid@desk", 1, shell=shell)
    kept = Path((await alive.write_files(str(tmp_path), "other", "203601010000", {"runtime.php": PHP}, timeout=30))[0])
    stranger = tmp_path / kept.name.replace(str(os.getpid()), "x").replace("other", "stranger").replace("-0-", "-4242-", 1)
    stranger.mkdir()
    await until(
        lambda: (
            not Path(f"/proc/{parse_hello(hello.text('hello')).pid}/cmdline").read_bytes()
            if Path(f"/proc/{parse_hello(hello.text('hello')).pid}").exists()
            else True
        )
    )
    again = await Coprocess.start(link, "dee@desk", 1, shell=shell)
    await again.write_files(str(tmp_path), "third", "203601010000", {"runtime.php": PHP}, timeout=30)
    assert not left.exists()
    assert kept.exists(), "a living probe's directory was swept"
    assert stranger.exists(), "another user's directory was swept"
    await killed.close()
    await alive.close()
    await again.close()


def test_a_watchdog_that_is_ended_takes_its_sleep_along(shell: str, tmp_path: Path) -> None:
    """At whatever moment, also between the fork and the exec of `sleep`: what is no `sleep` yet loses a TERM, and sleeps on alone."""
    script = resources.files("stalewatch.probe.host").joinpath("host.sh").read_text(encoding="utf-8")
    functions = (re.search(rf"^{name}\(\) {{.*?^}}$", script, re.DOTALL | re.MULTILINE) for name in ("watchdog", "guard"))
    told = "\n".join(found[0] for found in functions if found)
    end = f'{told}\ndog=""\nguard\ntimes=0\nwhile [ $times -lt $1 ]; do times=$((times + 1)); done\nkill "$dog"\n'
    for times in range(0, 300, 5):
        subprocess.run([*shell.split(), "-c", end, "sh", str(times)], env=os.environ | {"STALEWATCH_TEST": str(tmp_path)}, check=True)
    deadline = time.monotonic() + 8.0  # by itself it ends after ten
    while (left := _started_with(f"STALEWATCH_TEST={tmp_path}")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert left == []


def _started_with(variable: str) -> list[str]:
    """The processes whose environment has *variable*."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and variable.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append((entry / "cmdline").read_bytes().decode().replace("\0", " "))
    return found


async def test_nobody_heard_for_the_lease_ends_it(link: LocalLink, shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop that sleeps keeps the connection open and says nothing. The lease's clock is `sleep`: a faster one stands in for it."""
    fast = tmp_path / "bin"
    fast.mkdir()
    (fast / "sleep").write_text("#!/bin/sh\nexec /bin/sleep 0.2\n")
    (fast / "sleep").chmod(0o755)
    monkeypatch.setenv("PATH", f"{fast}:{os.environ['PATH']}")
    coprocess = await Coprocess.start(link, "ann@laptop", 1, shell=shell)
    directory = Path((await coprocess.write_files("/tmp", "lease", "203601010000", {"runtime.php": PHP}, timeout=30))[0])
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        await coprocess.ask(("beat",), timeout=30)
        await asyncio.sleep(0.05)
    assert directory.exists(), "it ended although it was heard"
    await until(lambda: not directory.exists())
    await ended(coprocess)
    await coprocess.close()


async def test_roots_are_found_whatever_their_names_hold(coprocess: Coprocess, tmp_path: Path) -> None:
    names = ("my app", "it's [new] $HOME", "tab\there", "*", "caf\udce9", "one\nnewline")
    for name in names:
        (tmp_path / name / "public").mkdir(parents=True)
        (tmp_path / name / "public/index.php").touch()
    named = [f"{tmp_path}/{name}" for name in names[:-1]]
    every = (await one(coprocess, "roots", f"{tmp_path}/*"))["roots"].decode("utf-8", "surrogateescape").split("\n")
    assert sorted(line for line in every if line) == sorted(
        [f"newline {tmp_path}/one?newline", *(f"public/index.php {path}" for path in named)]
    )
    for path in named:
        told = (await one(coprocess, "roots", path))["roots"].decode("utf-8", "surrogateescape").split("\n")
        assert f"public/index.php {path}" in told


async def test_a_link_to_a_release_that_leads_nowhere_is_told(coprocess: Coprocess, tmp_path: Path) -> None:
    for name in ("shop", "loop", "blog", "old", "new app"):
        (tmp_path / name / "releases/1").mkdir(parents=True)
    (tmp_path / "blog/releases/1/artisan").touch()
    links = {"shop": "releases/9", "loop": "current", "blog": "releases/1", "new app": "gone/releases/9"}
    for name, target in links.items():
        (tmp_path / name / "current").symlink_to(target)
    (tmp_path / "setup/releases").mkdir(parents=True)
    (tmp_path / "setup/current").symlink_to("releases/1")  # nothing was ever deployed there
    (tmp_path / "shop/other").symlink_to("releases/9")
    for name in ("lost one", "named"):
        (tmp_path / name / "releases/1").mkdir(parents=True)
        (tmp_path / name / "shared").symlink_to("/usr")
        (tmp_path / name / "versions").symlink_to("releases")
    (tmp_path / "named/live").symlink_to("releases/1")
    absent = [f"{tmp_path}/{name}/current" for name in ("lost one", "named", "nothing")]
    told = (await one(coprocess, "roots", f"{tmp_path}/*/current", f"{tmp_path}/shop/other", *absent))["roots"].decode().split("\n")
    assert sorted(line for line in told if line) == [
        f"artisan {tmp_path}/blog/current",
        *(f"dangling {tmp_path}/{name}" for name in ("setup/current", "shop/other")),
        f"gone {tmp_path}/lost one/current",
        *(f"nowhere {tmp_path}/{name}/current" for name in ("loop", "new app", "shop")),
    ]


@pytest.mark.skipif(shutil.which("ss") is None, reason="needs ss")
async def test_it_counts_the_connections_of_each_socket_that_were_accepted(coprocess: Coprocess, tmp_path: Path) -> None:
    with contextlib.ExitStack() as opened:
        paths = [str(tmp_path / name) for name in ("www.sock", "www.sock2", "idle.sock")]
        listening = [opened.enter_context(socket.socket(socket.AF_UNIX)) for _ in paths]
        for each, path in zip(listening, paths, strict=True):
            each.bind(path)
            each.listen(5)
        for at, (connected, accepted) in enumerate([(3, 2), (1, 1), (0, 0)]):
            for number in range(connected):
                opened.enter_context(socket.socket(socket.AF_UNIX)).connect(paths[at])
                if number < accepted:
                    opened.enter_context(listening[at].accept()[0])
        said = (await one(coprocess, "backlog", *paths))["backlog"].decode()
    assert parse_held(said) == dict(zip(paths, (2, 1, 0), strict=True))
    assert parse_backlogs(said) == dict(zip(paths, (1, 0, 0), strict=True))
