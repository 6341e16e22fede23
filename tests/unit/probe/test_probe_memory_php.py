"""What a real FPM answers from its memory alone: a reload would end it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from stalewatch.model.parsing import Scripts
from stalewatch.model.snapshot import RuntimeFacts
from stalewatch.probe.host.host_probe import HostProbe
from stalewatch.transport.local import LocalLink
from tests.unit.probe.fpm import Fpm, probe

pytestmark = pytest.mark.asyncio
CURRENT, RELEASE = "blog/current", "blog/releases/1"


class Site(NamedTuple):
    """*code*: where its files are; *path*: by which it is requested, a link to that unless it is the same."""

    code: str
    path: str

    def made(self, fpm: Fpm, checks: bool, *ini: str) -> Path:
        """The script that is requested, and answers; the second after that has begun."""
        fpm.script(f"{self.code}/public/index.php", "echo 'v1';")
        if self.path != self.code:
            (fpm.root / self.path).symlink_to(fpm.root / self.code)
        fpm.start(f"php_admin_value[opcache.validate_timestamps]={int(checks)}", "pm.max_children=1", *ini)
        script = fpm.root / self.path / "public" / "index.php"
        assert fpm.get(script) == "v1"
        next_second(time.time())
        return script


LINKED, RELEASED, PLAIN = Site("code", "site"), Site(RELEASE, CURRENT), Site("site", "site")


def next_second(moment: float) -> None:
    while int(time.time()) <= int(moment):
        time.sleep(0.01)


def leads_nowhere(root: Path) -> None:
    for link in (root / "site", root / CURRENT):
        if link.is_symlink():
            link.unlink()
            link.symlink_to("gone")


def target_gone(root: Path) -> None:
    (root / "code").rename(root / "away")


def current_gone(root: Path) -> None:
    (root / CURRENT).unlink()


def folder_gone(root: Path) -> None:
    (root / "site").rename(root / "away")


def half_deployed(root: Path) -> None:
    (root / "blog/releases/2").mkdir()
    (root / CURRENT).unlink()
    (root / CURRENT).symlink_to("releases/2")


def old_release_gone(root: Path) -> None:
    shutil.copytree(root / RELEASE, root / "blog/releases/2")
    (root / CURRENT).unlink()
    (root / CURRENT).symlink_to("releases/2")
    shutil.rmtree(root / RELEASE)


def stray_link(root: Path) -> None:
    (root / "unused").symlink_to("gone")


async def remembered(link: LocalLink, host: HostProbe, fpm: Fpm) -> set[str]:
    """The paths, below the root: by a full look, and by the last question before a reload, which says the same."""
    pool = probe(link, host, fpm)
    found = await pool.look(full=True, wait=10.0, idle=False)
    parsed = await pool.parse(Scripts(changed=True))
    await pool.close()
    assert isinstance(found, RuntimeFacts)
    assert {each.path for each in found.remembered} == {each.path for each in parsed.remembered}
    assert all(0 <= each.until - time.time() <= found.realpath_cache_ttl for each in found.remembered)
    return {str(each.path).removeprefix(f"{fpm.root}/") for each in found.remembered}


@pytest.mark.parametrize(
    ("site", "breaks", "checks", "told"),
    [
        (LINKED, leads_nowhere, False, "site"),
        (LINKED, leads_nowhere, True, "site"),
        (LINKED, target_gone, False, "site"),
        (RELEASED, leads_nowhere, False, CURRENT),
        (RELEASED, leads_nowhere, True, CURRENT),
        (RELEASED, current_gone, False, CURRENT),
        (RELEASED, current_gone, True, CURRENT),
        (RELEASED, half_deployed, False, f"{CURRENT}/public/index.php"),
        (PLAIN, folder_gone, False, "site/public/index.php"),
    ],
)
async def test_a_site_that_only_memory_answers_is_told(
    link: LocalLink, host: HostProbe, fpm: Fpm, site: Site, breaks: Callable[[Path], None], checks: bool, told: str
) -> None:
    script = site.made(fpm, checks)
    assert await remembered(link, host, fpm) == set(), "what is there is not told"
    breaks(fpm.root)
    next_second(time.time())
    assert fpm.get(script) == "v1"
    assert await remembered(link, host, fpm) == {told}


@pytest.mark.parametrize(("site", "breaks"), [(RELEASED, old_release_gone), (PLAIN, stray_link)])
async def test_what_a_reload_does_not_end_is_not_told(
    link: LocalLink, host: HostProbe, fpm: Fpm, site: Site, breaks: Callable[[Path], None]
) -> None:
    script = site.made(fpm, False)
    breaks(fpm.root)
    next_second(time.time())
    assert fpm.get(script) == "v1"
    assert await remembered(link, host, fpm) == set()


async def test_what_php_has_forgotten_is_not_told(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    script = LINKED.made(fpm, False, "php_admin_value[realpath_cache_ttl]=1")
    leads_nowhere(fpm.root)
    deadline = time.monotonic() + 20
    while fpm.get(script) == "v1":
        assert time.monotonic() < deadline
    next_second(time.time())
    next_second(time.time())
    assert await remembered(link, host, fpm) == set()


async def test_where_nothing_is_remembered_nothing_is_told(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    script = LINKED.made(fpm, False)
    fpm.stop()
    fpm.start("php_admin_value[opcache.validate_timestamps]=0", ini=("realpath_cache_size=0",))
    assert fpm.get(script) == "v1"
    leads_nowhere(fpm.root)
    assert fpm.get(script) != "v1", "PHP asks the disk at every request"
    assert await remembered(link, host, fpm) == set()
