"""A real FPM whose cache was filled through a link in whose place a folder lies now."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stalewatch.model.snapshot import Opcache, RuntimeFacts
from stalewatch.probe.host.host_probe import HostProbe
from stalewatch.transport.local import LocalLink
from tests.unit.probe.fpm import Fpm, probe

pytestmark = pytest.mark.asyncio


def linked(fpm: Fpm) -> tuple[Path, Path]:
    """``app`` is a link to ``../code/v1``; ``v2`` beside it says something else."""
    fpm.script("app/say.php", "return 'v1';")
    code = fpm.base / "code"
    code.mkdir()
    shutil.move(fpm.root / "app", code / "v1")
    (fpm.root / "app").symlink_to(code / "v1")
    shutil.copytree(code / "v1", code / "v2")
    (code / "v2" / "say.php").write_text("<?php return 'v2';\n")
    return fpm.script("index.php", "echo include __DIR__ . '/app/say.php';"), code


async def look(link: LocalLink, host: HostProbe, fpm: Fpm, *names: str) -> Opcache:
    pool = probe(link, host, fpm)
    pool.links = tuple((str(fpm.root), name, True) for name in names)
    found = await pool.look(full=True, wait=10.0, idle=False)
    await pool.close()
    assert isinstance(found, RuntimeFacts)
    assert isinstance(found.opcache, Opcache)
    return found.opcache


@pytest.mark.parametrize("replaced", [True, False])
async def test_what_was_compiled_through_a_link_that_is_a_folder_now(link: LocalLink, host: HostProbe, fpm: Fpm, replaced: bool) -> None:
    index, code = linked(fpm)
    fpm.start("php_admin_value[opcache.validate_timestamps]=0")
    assert fpm.get(index) == "v1"
    if replaced:
        (fpm.root / "app").unlink()
        shutil.move(code / "v2", fpm.root / "app")
    assert fpm.get(index) == "v1"
    found = await look(link, host, fpm, "app")
    said = [(each.link, each.old, each.script.path, each.keyed) for each in found.through or ()]
    assert said == ([(f"{fpm.root}/app", f"{code}/v1", f"{code}/v1/say.php", True)] if replaced else [])
    assert [(each.path, each.target == each.path) for each in found.links or ()] == [(f"{fpm.root}/app", replaced)]


async def test_a_folder_that_nothing_was_compiled_beside_is_quiet(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.script("app/say.php", "return 'v1';")
    fpm.script("lib/say.php", "return 'v1';")
    index = fpm.script("index.php", "echo (include __DIR__ . '/lib/say.php') . include __DIR__ . '/app/say.php';")
    fpm.start("php_admin_value[opcache.validate_timestamps]=0")
    assert fpm.get(index) == "v1v1"
    (fpm.root / "app" / "more.php").write_text("<?php")
    assert (await look(link, host, fpm, "app")).through == ()


async def test_a_folder_in_the_place_of_the_link_to_a_release(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    old = fpm.script("releases/1/public/index.php", "echo 'v1';")
    current = fpm.root / "current"
    current.symlink_to(fpm.root / "releases" / "1")
    fpm.start("php_admin_value[opcache.validate_timestamps]=0")
    assert fpm.get(current / "public" / "index.php") == "v1"
    current.unlink()
    fpm.script("current/public/index.php", "echo 'v2';")
    assert fpm.get(current / "public" / "index.php") == "v1"
    found = await look(link, host, fpm, "current")
    assert [(each.old, each.script.path) for each in found.through or ()] == [(f"{fpm.root}/releases/1", str(old))]
