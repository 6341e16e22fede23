"""Cache files that a real pool keeps aside, and puts back where what came in their place can't run."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

import pytest

from stalewatch.probe.host.host_probe import HostProbe
from stalewatch.probe.runtime.pool_probe import PoolProbe
from stalewatch.transport.local import LocalLink
from tests.unit.probe.fpm import Fpm, probe
from tests.unit.probe.test_probe_runtime_php import facts

OLD = "<?php return array ('old' => 1,);\n"


class Cache:
    """A folder of cached files, and the pool that keeps them."""

    def __init__(self, pool: PoolProbe, folder: Path) -> None:
        self.pool = pool
        self.folder = folder
        self.script = folder / ".stalewatch" / "environment.php"

    def old(self, name: str, text: str = OLD) -> Path:
        file = self.folder / name
        file.write_text(text)
        file.chmod(0o640)
        os.utime(file, ns=(1_700_000_000_123_456_789,) * 2)
        return file

    async def ask(self, verb: str, *files: Path, away: bool = False, script: bool = False) -> list[str]:
        options = {"away": away, "script": str(self.script) if script else ""}
        return list((await self.pool.artefacts(verb, [str(file) for file in files], options)).values())

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture
def cache(link: LocalLink, host: HostProbe, fpm: Fpm) -> Cache:
    folder = fpm.root / "bootstrap" / "cache"
    folder.mkdir(parents=True)
    return Cache(probe(link, host, fpm), folder)


def begin(fpm: Fpm, *directives: str) -> None:
    fpm.script("index.php", "echo 1;")
    fpm.start(*directives)


@pytest.mark.parametrize(
    ("name", "new", "wrong"),
    [
        ("config.php", None, "it is not there"),
        ("config.php", "<?php return array ('ne", "it does not parse (line 1)"),
        ("config.php", "", "it is no PHP"),
        ("config.php", "<?php return 1;", "it returns no array"),
        ("config.php", "<?php return array ('new' => 1,);", ""),
        ("config.php", "<?php return array ('new' => \\App\\Kind::Two,);", ""),
        ("routes-v7.php", "<?php\n\napp('router')->setCompiledRoutes(\narray (", "it does not parse (line 4)"),
        ("routes-v7.php", "<?php\n\napp('router')->setCompiledRoutes(array ());", ""),
    ],
)
@pytest.mark.parametrize("link_disabled", [False, True], ids=["link", "copy"])
async def test_what_was_there_is_back_unless_the_new_one_can_run(
    fpm: Fpm, cache: Cache, name: str, new: str | None, wrong: str, link_disabled: bool
) -> None:
    begin(fpm, *(["php_admin_value[disable_functions]=link"] if link_disabled else []))
    file = cache.old(name)
    before = file.stat()
    assert await cache.ask("keep", file) == [""]
    file.unlink()
    if new is not None:
        file.write_text(new)
    assert await cache.ask("settle", file) == [wrong]
    if wrong:
        after = file.stat()
        assert file.read_text() == OLD
        assert (after.st_mode, after.st_uid, int(after.st_mtime)) == (before.st_mode, before.st_uid, int(before.st_mtime))
        assert link_disabled or after.st_mtime_ns == before.st_mtime_ns
    else:
        assert file.read_text() == new
    assert cache.names() == {name}


async def test_half_a_file_is_not_left_where_there_was_none(fpm: Fpm, cache: Cache) -> None:
    begin(fpm)
    file = cache.folder / "config.php"
    assert await cache.ask("keep", file) == [""]
    file.write_text("<?php return array (")
    assert await cache.ask("settle", file) == ["it does not parse (line 1)"]
    assert cache.names() == set()


async def test_a_command_that_did_nothing_leaves_the_same_file(fpm: Fpm, cache: Cache) -> None:
    begin(fpm)
    file = cache.old("config.php")
    before = file.stat()
    await cache.ask("keep", file)
    assert await cache.ask("settle", file) == [""]
    assert (file.stat().st_ino, file.stat().st_nlink) == (before.st_ino, 1)


async def test_both_manifests_are_moved_away_and_come_back_together(fpm: Fpm, cache: Cache) -> None:
    begin(fpm)
    packages, services = cache.old("packages.php"), cache.old("services.php", "<?php return array ('s' => 1,);")
    await cache.ask("keep", packages, services, away=True)
    assert cache.names() == {".stalewatch"}
    services.write_text("<?php return array ();")
    assert await cache.ask("settle", packages, services) == ["it is not there", ""]
    assert (packages.read_text(), services.read_text()) == (OLD, "<?php return array ('s' => 1,);")
    await cache.ask("keep", packages, services, away=True)
    packages.write_text("<?php return array ();")
    assert await cache.ask("settle", packages, services) == ["", ""], "Laravel makes the second one when it is missing"
    assert cache.names() == {"packages.php"}


async def test_what_a_cut_left_aside_is_back_before_the_next_rebuild(fpm: Fpm, cache: Cache) -> None:
    begin(fpm)
    file = cache.old("config.php")
    await cache.ask("keep", file)
    file.unlink()
    assert await cache.ask("keep", file) == [""]
    assert file.read_text() == OLD


@pytest.mark.parametrize(
    ("now", "became", "text"),
    [
        ("<?php return array ('new' => 1,);", "removed", "<?php return array ('new' => 1,);"),
        ("<?php return array ('ne", "put back", OLD),
        (None, "put back", OLD),
    ],
    ids=["whole", "half", "gone"],
)
async def test_what_a_cut_left_aside_goes_or_is_back_where_it_is_needed(
    fpm: Fpm, cache: Cache, now: str | None, became: str, text: str
) -> None:
    begin(fpm)
    file, other = cache.old("config.php"), cache.old("events.php")
    assert await cache.ask("tidy", file, other, script=True) == ["", ""], "nothing was left"
    await cache.ask("keep", file, script=True)
    file.unlink()
    if now is not None:
        file.write_text(now)
    assert cache.script.exists()
    assert await cache.ask("tidy", file, other, script=True) == [became, ""]
    assert file.read_text() == text
    assert cache.names() == {"config.php", "events.php"}


async def test_only_a_regular_file_is_kept_and_nothing_changes_where_it_is_not(fpm: Fpm, cache: Cache) -> None:
    begin(fpm)
    one, other = cache.old("config.php"), cache.folder / "routes-v7.php"
    other.symlink_to("/etc/passwd")
    assert await cache.ask("keep", one, other, away=True) == ["", "it is no regular file"]
    assert cache.names() == {"config.php", "routes-v7.php"}
    assert other.is_symlink()


async def test_artisan_is_given_the_environment_of_the_pool_and_nothing_else(fpm: Fpm, cache: Cache) -> None:
    secret = 'of the pool\'s: "$x" \\ ü'
    begin(fpm, "env[SECRET]='" + secret.replace("'", "") + "'", "env[FROM_MASTER]=$PATH")
    secret = secret.replace("'", "")
    assert {"SECRET", "FROM_MASTER", "USER"} <= set(map(str, (await facts(cache.pool)).variables or ()))
    file = cache.old("config.php")
    assert await cache.ask("keep", file, script=True) == ["", ""]
    assert cache.script.stat().st_mode & 0o777 == 0o600
    assert cache.script.parent.stat().st_mode & 0o777 == 0o700
    assert secret.encode() not in cache.script.read_bytes()
    told = run(cache.script, "echo base64_encode(serialize([getenv(), $_SERVER['SECRET'], $_ENV['SECRET'], isset($_SERVER['MINE'])]));")
    shown = subprocess.run(
        ["php", "-r", f"echo json_encode(unserialize(base64_decode('{told}')));"], capture_output=True, check=True, text=True
    ).stdout
    assert '"MINE"' not in shown
    assert shown.endswith("false]")
    assert base64.b64decode(told).decode().count(secret) == 3
    assert os.environ["PATH"] in base64.b64decode(told).decode()
    assert not cache.script.exists(), "it removes itself"


async def test_it_puts_back_what_artisan_deleted_even_if_nobody_hears_of_it(fpm: Fpm, cache: Cache) -> None:
    begin(fpm)
    file = cache.old("config.php")
    await cache.ask("keep", file, script=True)
    run(cache.script, f"unlink('{file}'); throw new Exception('no');")
    assert file.read_text() == OLD


async def test_a_pool_that_may_not_tell_its_environment_refuses(fpm: Fpm, cache: Cache) -> None:
    begin(fpm, "php_admin_value[disable_functions]=getenv")
    file = cache.old("config.php")
    told = await cache.ask("keep", file, script=True)
    assert told == ["", "the pool may not tell its environment (disable_functions)"]
    assert cache.names() == {"config.php"}
    assert (await facts(cache.pool)).variables is None


def run(script: Path, code: str) -> str:
    """What PHP prints that begins with *script*."""
    environment = {**os.environ, "MINE": "1"}
    main = script.parents[3] / "artisan.php"
    main.write_text(f"<?php {code}")
    argv = ["php", "-d", f"auto_prepend_file={script}", str(main)]
    return subprocess.run(argv, env=environment, capture_output=True, check=False, text=True).stdout
