"""Only files are read: a pipe, a device or a socket in the place of one is never waited for, and nothing stays on the server."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from stalewatch.model.errors import LinkError
from stalewatch.model.snapshot import ConfigTest, Opcache, RuntimeFacts
from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.probe.host.host_probe import HostProbe
from stalewatch.probe.host.machine import Master, with_files
from stalewatch.transport.local import LocalLink
from tests.unit.probe.conftest import until
from tests.unit.probe.fpm import Fpm, probe

FILES = {
    "complete": ("complete", "{file}"),
    "keys": ("keys", "{file}"),
    "hints": ("hints", "{file}"),
    "named": ("named", "{root}", "{file}"),
    "sources": ("sources", "100", "{file}"),
    "declares": ("declares", "{file}"),
    "content": ("content", "{file}"),
    "text": ("text", "{file}", "1000"),
    "gz": ("gz", "{file}", "1000"),
    "tail": ("tail", "{file}", "1000"),
    "log": ("log", "{file}", "0", "1000"),
    "conf": ("conf", "{file}", "1000"),
    "web": ("web", "nginx", "{file}"),
}
PLACES = {
    "version": ("vendor/laravel/framework/src/Illuminate/Foundation/Application.php", "vendor/autoload.php"),
    "autoload": ("vendor/composer/autoload_real.php", "vendor/composer/autoload_static.php", "vendor/composer/autoload_psr4.php"),
    "kernel": ("src/Kernel.php",),
    "walk": ("app/One.php", ".env", "vendor/composer/installed.json"),
    "sums": ("config/app.php",),
    "views": ("one.php",),
}


def make(path: Path, kind: str) -> None:
    """What is no file, at *path*."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        os.mknod(path, 0o600 | stat.S_IFSOCK)


@pytest.mark.parametrize("kind", ["pipe", "device", "socket"])
async def test_what_is_no_file_is_never_read(coprocess: Coprocess, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "odd.php"
    make(file, kind)
    asked = [tuple(word.format(file=file, root=tmp_path) for word in words) for words in FILES.values()]
    for verb, names in PLACES.items():
        root = tmp_path / verb
        for name in names:
            make(root / name, kind)
        asked.append((verb, str(root), *(("1000",) if verb not in ("version", "kernel") else ())))
    for request in asked:
        (block,) = await coprocess.ask(request, timeout=30)
        told = [section for section in block.sections if section.name in ("text", "gz", "raw", "keys", "hints", "classmap", "version")]
        assert told == [], request
    (alive,) = await coprocess.ask(("beat",), timeout=30)
    assert alive.sections == ()


async def test_what_a_dead_watch_waited_for_ends_with_its_lease(
    link: LocalLink, shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that does not answer: a program that waits for a pipe stands in for it, and a fast `sleep` for the clock of the lease."""
    pipe, tools = tmp_path / "pipe", tmp_path / "bin"
    os.mkfifo(pipe)
    tools.mkdir()
    for name, line in (("cksum", f"exec 3<{pipe}"), ("sleep", "exec /bin/sleep 0.1")):
        (tools / name).write_text(f"#!/bin/sh\n{line}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("STALEWATCH_TEST", str(tmp_path))
    coprocess = await Coprocess.start(link, "ann@laptop", 1, shell=shell)
    asking = asyncio.create_task(coprocess.ask(("content", __file__), timeout=30))
    with pytest.raises(LinkError):
        await asking
    await until(lambda: _started_here(tmp_path) == [])


def _started_here(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and f"STALEWATCH_TEST={folder}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append((entry / "cmdline").read_bytes().decode().replace("\0", " "))
        except OSError:
            continue
    return found


async def test_a_configuration_with_a_pipe_in_it_is_not_tested_and_not_valid(host: HostProbe, tmp_path: Path) -> None:
    """FPM itself would wait for it, in the test as in a reload. Of the folders with ini files it takes what is a file only."""
    (tmp_path / "pool.d").mkdir()
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "php-fpm.conf").write_text(f"[global]\ninclude={tmp_path}/pool.d/*.conf\n")
    os.mkfifo(tmp_path / "conf.d/20-x.ini")
    (tmp_path / "pool.d/off.conf").symlink_to("/dev/null")
    master = Master(config_path=f"{tmp_path}/php-fpm.conf")
    assert (await with_files(host, master, {})).config_test is None
    os.mkfifo(tmp_path / "pool.d/www.conf")
    tested = (await with_files(host, master, {})).config_test
    assert isinstance(tested, ConfigTest)
    assert not tested.valid
    assert tested.said.startswith(f"{tmp_path}/pool.d/www.conf is a pipe and no file")


async def test_the_pool_reads_no_pipe_in_the_place_of_a_script(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    home = fpm.script("home.php", "echo 'v1';")
    fpm.script("index.php", "require __DIR__.'/home.php';")
    fpm.start("php_admin_value[opcache.validate_timestamps]=0")
    assert fpm.get(fpm.root / "index.php") == "v1"
    home.unlink()
    os.mkfifo(home)
    found = await probe(link, host, fpm).look(full=True, wait=10.0, idle=False)
    assert isinstance(found, RuntimeFacts), found
    assert isinstance(found.opcache, Opcache)
    (script,) = [script for script in found.opcache.scripts if script.path == str(home)]
    assert script.digest == ""
    assert fpm.get(fpm.root / "index.php") == "v1", "no worker waits"
