"""Where the probe's file is put for a pool: by its chroot, open_basedir and temporary directories; as a table, and with a real php-fpm."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from stalewatch.model.snapshot import Opcache, Pool, PoolStatus, PoolWorker, RuntimeFacts, Script, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.host.host_probe import HostProbe
from stalewatch.probe.runtime.chroot import inside, outside_cache, outside_status
from stalewatch.probe.runtime.places import allowed_by, places
from stalewatch.probe.runtime.pool_probe import PoolProbe
from stalewatch.probe.runtime.uploaded_file import contents
from stalewatch.transport.local import LocalLink
from tests.unit.probe.fpm import Fpm, pool_probe

USUAL = ["/tmp", "/var/tmp", "/dev/shm"]
STORAGE = ["/srv/app/storage/framework"]


@pytest.mark.parametrize(
    ("settings", "told", "expected"),
    [
        ({}, "", [*USUAL, *STORAGE]),
        ({"php_admin_value[open_basedir]": "/srv/app:/usr/share/php"}, "", [*STORAGE, *USUAL]),
        ({"php_value[open_basedir]": "/srv/app/"}, "", [*STORAGE, *USUAL]),
        ({"php_admin_value[open_basedir]": "/srv/app:/var/tmp/"}, "", ["/var/tmp", *STORAGE, "/tmp", "/dev/shm"]),
        ({}, "/srv/app:/dev/shm", ["/dev/shm", *STORAGE, "/tmp", "/var/tmp"]),
        ({"php_admin_value[open_basedir]": "none"}, "", [*USUAL, *STORAGE]),
        ({"php_admin_value[open_basedir]": "/srv/appendix"}, "", [*USUAL, *STORAGE]),
        ({"php_admin_value[open_basedir]": "/home/u07/web:/home/u07/tmp"}, "", ["/home/u07/tmp", *USUAL, *STORAGE]),
        (
            {"php_admin_value[open_basedir]": "/srv", "php_admin_value[session.save_path]": "2;0600;/srv/sess"},
            "",
            ["/srv/sess", *STORAGE, *USUAL],
        ),
        ({"php_admin_value[session.save_path]": "tcp://redis:6379", "php_value[sys_temp_dir]": "/var/t"}, "", [*USUAL, "/var/t", *STORAGE]),
        ({"chroot": "/srv/app/"}, "", [*(f"/srv/app{path}" for path in USUAL), *STORAGE]),
        ({"chroot": "/srv/jail"}, "", [f"/srv/jail{path}" for path in USUAL]),
        (
            {"chroot": "/srv/app", "php_admin_value[open_basedir]": "/storage"},
            "",
            [*("/srv/app/storage", "/srv/app/storage/framework"), *(f"/srv/app{path}" for path in USUAL)],
        ),
    ],
)
def test_what_is_allowed_comes_first_and_nothing_is_left_out(settings: dict[str, str], told: str, expected: list[str]) -> None:
    found = places(settings, STORAGE, told)
    assert [place.base for place in found] == expected
    root = settings.get("chroot", "").rstrip("/")
    assert {place.seen(f"{place.base}/x/runtime.php") for place in found} == {
        f"{base.removeprefix(root)}/x/runtime.php" for base in expected
    }


def test_php_itself_tells_what_it_allows() -> None:
    said = "PHP Warning:  Unknown: open_basedir restriction in effect. File(/tmp/x) is not within the allowed path(s): (/a:/b) in Unknown"
    assert allowed_by(said) == "/a:/b"
    assert allowed_by("Primary script unknown") == ""


def test_paths_in_a_chroot_become_the_servers() -> None:
    script = Script(path=safe("/shop/index.php"))
    cache = Opcache(enabled=True, changed=(script,), scripts=(script,), entry_points=(script,))
    turned = outside_cache(cache, "/jail")
    assert {one.path for one in (*turned.changed, *turned.scripts, *turned.entry_points)} == {"/jail/shop/index.php"}
    assert outside_cache(cache, "") is cache
    worker = PoolWorker(pid=1, state=safe("Idle"), started=1.0, script=safe("/shop/index.php"))
    status = PoolStatus(pool=safe("www"), started=1.0, workers=(worker, PoolWorker(pid=2, state=safe("Idle"), started=1.0)))
    assert [one.script for one in outside_status(status, "/jail").workers] == ["/jail/shop/index.php", ""]
    assert [inside(path, "/jail") for path in ("/jail/a.php", "/jailed/a.php")] == ["/a.php", "/jailed/a.php"]


def probe(link: LocalLink, host: HostProbe, fpm: Fpm, storage: tuple[str, ...] = (), **settings: str) -> PoolProbe:
    pool = Pool(name=safe("www"), listen=safe(str(fpm.socket)), settings={name: safe(value) for name, value in settings.items()})
    return pool_probe(link, host, str(fpm.socket), pool, storage)


async def look(pool: PoolProbe) -> RuntimeFacts | Unseen:
    return await pool.look(full=True, wait=10.0, idle=False)


async def test_open_basedir_of_php_ini_is_learned_from_php(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    """No pool file names it: PHP's refusal does."""
    (fpm.base / "tmp").mkdir()
    fpm.start("php_admin_flag[log_errors]=on", ini=(f"open_basedir={fpm.root}:{fpm.base}/tmp",))
    assert isinstance(await look(probe(link, host, fpm)), RuntimeFacts)
    assert {path.name for path in (fpm.base / "tmp").glob("*/*")} == set(contents())
    await host.close()
    assert list((fpm.base / "tmp").iterdir()) == []


async def test_the_applications_own_directories_are_the_last_resort(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start(f"php_admin_value[open_basedir]={fpm.root}")
    folders = (f"{fpm.root}/storage/framework", str(fpm.root))
    assert isinstance(await look(probe(link, host, fpm, folders)), RuntimeFacts)
    (made,) = fpm.root.glob("stalewatch-*")
    assert made.stat().st_mode & 0o7777 == 0o711
    assert {path.stat().st_mode & 0o7777 for path in made.iterdir()} == {0o644}
    (walk,) = await host.ask(("walk", str(fpm.root), "100"))
    assert "stalewatch" not in walk.text("walk"), "it is no source of the application"
    await host.close()
    assert list(fpm.root.glob("stalewatch-*")) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="a chroot needs root")
async def test_in_a_chroot_paths_are_the_servers_and_invalidating_finds_them(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    (fpm.base / "tmp").mkdir()
    home = fpm.script("home.php", "echo 'v1';")
    fpm.start(f"chroot={fpm.base}")
    assert fpm.get(Path("/app/home.php")) == "v1"
    pool = probe(link, host, fpm, chroot=str(fpm.base))
    found = await look(pool)
    assert isinstance(found, RuntimeFacts), found
    assert isinstance(found.opcache, Opcache)
    assert [(script.path, script.inode) for script in found.opcache.scripts] == [(str(home), home.stat().st_ino)]
    assert await pool.invalidate([str(home)]) == {str(home): True}
    await host.close()
    assert list((fpm.base / "tmp").iterdir()) == []


async def test_the_shell_that_is_killed_leaves_nothing_in_the_application_either(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    """The watchdog knows the directory, whatever it is called above."""
    fpm.start(f"php_admin_value[open_basedir]={fpm.root}")
    assert isinstance(await look(probe(link, host, fpm, (str(fpm.root),))), RuntimeFacts)
    assert list(fpm.root.glob("stalewatch-*"))
    os.kill(host.hello.pid, 9)
    for _ in range(300):
        if not list(fpm.root.glob("stalewatch-*")):
            return
        await asyncio.sleep(0.1)
    pytest.fail("it is still there after 30 s")
