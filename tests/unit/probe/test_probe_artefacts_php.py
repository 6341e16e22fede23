"""Cache files that a real pool keeps aside, and puts back where what came in their place can't run."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

import pytest

from stalewatch.probe.host.host_probe import HostProbe
from stalewatch.probe.runtime.kept_files import told_alone
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

    async def ask(self, verb: str, *files: Path, script: bool = False, **flags: object) -> list[str]:
        options = {**flags, "script": str(self.script) if script else ""}
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
    assert await cache.ask("drop", file) == [""]
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
    await cache.ask("drop", file)
    assert (file.stat().st_ino, file.stat().st_nlink) == (before.st_ino, 1)


def look(file: Path) -> tuple[str, int, int, int]:
    found = file.stat()
    return file.read_text(), found.st_mode, found.st_uid, found.st_mtime_ns


@pytest.mark.parametrize("link_disabled", [False, True], ids=["link", "copy"])
async def test_what_is_kept_and_what_is_there_change_places_as_often_as_asked(fpm: Fpm, cache: Cache, link_disabled: bool) -> None:
    begin(fpm, *(["php_admin_value[disable_functions]=link"] if link_disabled else []))
    file = cache.old("config.php")
    old = look(file)
    await cache.ask("keep", file)
    file.unlink()
    file.write_text("<?php return array ('new' => 1,);")
    new = look(file)
    assert await cache.ask("settle", file) == [""]
    for wanted in (old, new, old):
        assert await cache.ask("exchange", file) == [""]
        found = look(file)
        assert found[:3] == wanted[:3]
        assert abs(found[3] - wanted[3]) < (1_000_000_000 if link_disabled else 1)
    await cache.ask("drop", file)
    assert cache.names() == {"config.php"}


async def test_what_was_not_there_before_is_gone_after_an_exchange_and_what_was_cleared_is_back(fpm: Fpm, cache: Cache) -> None:
    begin(fpm)
    made, cleared = cache.folder / "events.php", cache.old("config.php")
    await cache.ask("keep", made)
    await cache.ask("keep", cleared, clears=True)
    made.write_text("<?php return array ();")
    cleared.unlink()
    assert await cache.ask("settle", made) == [""]
    assert await cache.ask("exchange", made, cleared) == ["", ""]
    assert cache.names() == {"config.php", ".stalewatch"}
    assert await cache.ask("exchange", made, cleared) == ["", ""]
    assert cache.names() == {"events.php", ".stalewatch"}
    assert await cache.ask("tidy", made, cleared) == ["", "removed"], "it was to be gone"
    assert cache.names() == {"events.php"}


async def test_what_nobody_kept_is_not_moved_away(fpm: Fpm, cache: Cache) -> None:
    begin(fpm)
    file = cache.old("config.php")
    assert await cache.ask("exchange", file) == ["it was not kept aside"]
    assert cache.names() == {"config.php"}


@pytest.mark.parametrize(
    ("looks", "used", "compiled", "served"),
    [(1, True, False, "old"), (0, False, False, "old"), (0, True, False, "bytecode"), (0, True, True, "old")],
    ids=["looks at the disk", "nothing held", "held for ever", "made to compile"],
)
async def test_after_an_exchange_opcache_has_what_it_had(
    fpm: Fpm, cache: Cache, looks: int, used: bool, compiled: bool, served: str
) -> None:
    """What OPcache never looks at again may be other than what the disk had: then it stays."""
    shows = fpm.script("shows.php", f"echo (include '{cache.folder}/config.php')['is'];")
    fpm.start(f"php_admin_value[opcache.validate_timestamps]={looks}", "php_admin_value[opcache.revalidate_freq]=60")
    file = cache.old("config.php", "<?php return array ('is' => 'bytecode',);")
    if used:
        assert fpm.get(shows) == "bytecode"
    cache.old("config.php", "<?php return array ('is' => 'old',);")
    await cache.ask("keep", file)
    file.unlink()
    cache.old("config.php", "<?php return array ('is' => 'new',);")
    assert await cache.ask("settle", file) == [""]
    assert fpm.get(shows) == ("bytecode" if used and not looks else "new"), "the new one is asked at once where OPcache looks at all"
    assert await cache.ask("exchange", file, compiled=compiled) == [""]
    assert fpm.get(shows) == served


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
    assert await cache.ask("drop", packages, services) == ["", ""]
    assert cache.names() == {"packages.php"}


class Views:
    """The folder of compiled views, as it is given to the pool."""

    def __init__(self, cache: Cache, fpm: Fpm) -> None:
        self.cache = cache
        self.folder = fpm.root / "storage" / "framework" / "views"
        self.folder.mkdir(parents=True)

    async def ask(self, verb: str, **flags: object) -> str:
        told = await self.cache.pool.artefacts(verb, [f"{self.folder}/"], {"script": "", **flags})
        assert list(told) == [f"{self.folder}/"]
        return next(iter(told.values()))

    def compiled(self, **views: str) -> None:
        for path in self.folder.glob("*.php"):
            path.unlink()
        for name, text in views.items():
            (self.folder / f"{name}.php").write_text(text)

    @property
    def there(self) -> dict[str, str]:
        return {path.stem: path.read_text() for path in self.folder.glob("*.php")}


@pytest.mark.parametrize("link_disabled", [False, True], ids=["link", "copy"])
async def test_compiled_views_change_places_as_a_folder(fpm: Fpm, cache: Cache, link_disabled: bool) -> None:
    begin(fpm, *(["php_admin_value[disable_functions]=link"] if link_disabled else []))
    views = Views(cache, fpm)
    views.compiled(a="a1", gone="g1")
    assert await views.ask("keep") == ""
    views.compiled(a="a2", new="n2")
    assert await views.ask("settle") == ""
    for wanted in ({"a": "a1", "gone": "g1"}, {"a": "a2", "new": "n2"}, {"a": "a1", "gone": "g1"}):
        assert await views.ask("exchange") == ""
        assert views.there == wanted
    assert await views.ask("drop") == ""
    assert {path.name for path in views.folder.iterdir()} == {"a.php", "gone.php"}
    assert await views.ask("exchange") == "it was not kept aside"
    assert await views.ask("keep") == ""
    assert await views.ask("tidy") == "removed", "views are compiled again when they are asked for"


async def test_too_many_views_are_not_kept_and_nothing_of_them_is_left(fpm: Fpm, cache: Cache) -> None:
    begin(fpm)
    views = Views(cache, fpm)
    for number in range(5001):
        (views.folder / f"{number}.php").touch()
    assert await views.ask("keep") == "more than 5000 files"
    assert not (views.folder / ".stalewatch").exists()


async def test_where_there_are_no_second_names_a_big_folder_is_not_copied(fpm: Fpm, cache: Cache) -> None:
    begin(fpm, "php_admin_value[disable_functions]=link")
    views = Views(cache, fpm)
    with (views.folder / "big.php").open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    assert await views.ask("keep") == "more than 64 MB"
    assert not (views.folder / ".stalewatch").exists()


async def test_a_cut_left_aside_views_and_files_are_told_in_the_order_of_the_question(fpm: Fpm, cache: Cache) -> None:
    begin(fpm)
    views, file = Views(cache, fpm), cache.old("config.php")
    asked = [f"{views.folder}/", str(file)]
    await cache.pool.artefacts("keep", asked, {"script": ""})
    file.unlink()
    assert await cache.pool.artefacts("tidy", asked, {"script": ""}) == {asked[0]: "removed", asked[1]: "put back"}


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
    before = look(file)
    assert await cache.ask("settle", file, script=True) == [""]
    for _ in range(2):
        assert await cache.ask("exchange", file) == [""]
        assert look(file) == before


@pytest.mark.parametrize(("new", "wrong"), [("<?php return array (", "it does not parse (line 1)"), ("<?php return array ();", "")])
async def test_the_server_settles_it_itself_when_we_and_our_probe_are_gone(
    fpm: Fpm, host: HostProbe, cache: Cache, new: str, wrong: str
) -> None:
    begin(fpm)
    file = cache.old("config.php")
    before = look(file)
    await cache.ask("keep", file)
    command = await cache.pool.alone("settle", [str(file)], {"script": ""})
    dropping = await cache.pool.alone("drop", [str(file)], {"script": ""})
    await host.close()
    file.unlink()
    file.write_text(new)
    said = subprocess.run(["sh", "-c", command], capture_output=True, check=True, text=True).stdout
    assert told_alone([str(file)], said) == {str(file): wrong}
    assert (look(file) == before) is bool(wrong)
    if not wrong:  # then there is nothing to drop any more
        assert told_alone([str(file)], subprocess.run(["sh", "-c", dropping], capture_output=True, check=True, text=True).stdout)
    assert cache.names() == {"config.php"}


VARIABLE = "APP_CONFIG_CACHE"
BUILDS = f"$to = $_SERVER['{VARIABLE}'] ?? ''; $to === '' || file_put_contents($to, "


@pytest.mark.parametrize(
    ("new", "wrong"), [("<?php return array (2);", ""), ("<?php return array (", "it does not parse (line 1)"), ("", "it is no PHP")]
)
async def test_what_is_built_aside_takes_the_place_in_one_rename_if_it_can_run(fpm: Fpm, cache: Cache, new: str, wrong: str) -> None:
    begin(fpm)
    file = cache.old("config.php")
    before, inode = look(file), file.stat().st_ino
    assert await cache.ask("keep", file, script=True, variables=[VARIABLE]) == ["", ""]
    run(cache.script, f"{BUILDS}'{new}');")
    assert (look(file), file.stat().st_ino) == (before, inode), "what is served was not touched"
    assert await cache.ask("settle", file, script=True) == [wrong]
    assert look(file)[:3] == ((OLD if wrong else new), *before[1:3])
    if not wrong:
        assert await cache.ask("exchange", file) == [""]
    assert look(file) == before
    await cache.ask("drop", file, script=True)
    assert cache.names() == {"config.php"}


@pytest.mark.parametrize(
    ("own", "told"),
    [("", "{folder}/.stalewatch/config.built"), ("{folder}/config.php", "{folder}/.stalewatch/config.built"), ("/elsewhere/c.php",) * 2],
    ids=["none of its own", "the same", "elsewhere"],
)
async def test_where_the_pool_has_such_a_variable_it_must_name_the_file_that_is_served(fpm: Fpm, cache: Cache, own: str, told: str) -> None:
    begin(fpm, *([f"env[{VARIABLE}]={own.format(folder=cache.folder)}"] if own else []))
    file = cache.old("config.php")
    await cache.ask("keep", file, script=True, variables=[VARIABLE])
    assert run(cache.script, f"echo getenv('{VARIABLE}');") == told.format(folder=cache.folder)


async def test_a_framework_that_does_not_build_aside_is_settled_as_ever(fpm: Fpm, cache: Cache) -> None:
    begin(fpm)
    file = cache.old("config.php")
    await cache.ask("keep", file, script=True, variables=[VARIABLE])
    file.unlink()
    file.write_text("<?php return array (")
    assert await cache.ask("settle", file, script=True) == ["it does not parse (line 1)"]
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


async def test_what_is_no_file_is_told_before_anything_waits_for_it(fpm: Fpm, cache: Cache) -> None:
    begin(fpm)
    pipe, folder, file, none = (cache.folder / name for name in ("config.php", "events.php", "packages.php", "routes-v7.php"))
    os.mkfifo(pipe, 0o666)
    folder.mkdir()
    cache.old("packages.php")
    assert await cache.ask("writable", pipe, folder, file, none) == ["no-file", "no-file", "", ""]
