"""Links below the root of an application, under each shell; and what a real FPM compiled through one."""

from __future__ import annotations

from pathlib import Path

import pytest

from stalewatch.probe.host.code_links import MOST, CodeLinks
from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.probe.host.parsers.framing import BlockSection


async def links_of(coprocess: Coprocess, root: Path, limit: int = 200) -> list[str]:
    (block,) = await coprocess.ask(("links", str(root), str(limit)), timeout=30)
    found = CodeLinks(str(root), str(root))
    section = block.first("links")
    assert section is not None
    found.take(section)
    assert found.found is not None
    return sorted(name for _, name, _ in found.found)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("app", "app/Http", "node_modules", "storage", "vendor/acme", "a/b/c/d"):
        (tmp_path / "app" / name).mkdir(parents=True)
    for name in ("code/Inner", "lib"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "one.php").write_text("<?php")
    (tmp_path / "one.txt").write_text("")
    return tmp_path / "app"


@pytest.mark.asyncio
async def test_links_to_folders_and_php_files_are_listed(coprocess: Coprocess, root: Path) -> None:
    links = {
        "app/Http/code": "code",
        "vendor/acme/lib": "lib",
        "a/b/c/four": "lib",
        "a/b/c/d/five": "lib",
        "node_modules/lib": "lib",
        "storage/lib": "lib",
        "index.php": "one.php",
        "readme": "one.txt",
        "gone": "nowhere",
    }
    for name, target in links.items():
        (root / name).symlink_to(root.parent / target)
    (root.parent / "code" / "Inner" / "deeper").symlink_to(root.parent / "lib")
    assert await links_of(coprocess, root) == [
        "a/b/c/four",
        "app/Http/code",
        "app/Http/code/Inner/deeper",
        "index.php",
        "vendor/acme/lib",
    ]


@pytest.mark.asyncio
async def test_none_and_too_many(coprocess: Coprocess, root: Path) -> None:
    assert await links_of(coprocess, root) == []
    for number in range(5):
        (root / f"l{number}").symlink_to(root.parent / "lib")
    (block,) = await coprocess.ask(("links", str(root), "3"), timeout=30)
    section = block.first("links")
    assert section is not None
    *links, last = section.payload.split()
    assert (len(links), last) == (4, b"more")


def test_more_than_are_followed_is_known() -> None:
    links = CodeLinks("/srv/app", "/srv/app")
    assert (links.found, links.problems) == (None, ())
    for many, problems in ((MOST, []), (MOST + 1, ["app.links-left-out"])):
        links.take(BlockSection("links", "/srv/app", "".join(f"/srv/app/{number}\n" for number in range(many)).encode()))
        assert len(links.found or ()) == MOST
        assert [each.code for each in links.problems] == problems


@pytest.mark.asyncio
async def test_a_folder_with_a_blank(coprocess: Coprocess, root: Path) -> None:
    (root / "my app").symlink_to(root.parent / "code")
    assert await links_of(coprocess, root) == ["my app"]


def test_of_the_root_s_own_link_is_only_asked_where_it_leads() -> None:
    links = CodeLinks("/srv/shop/current", "/srv/shop/releases/2")
    links.take(BlockSection("links", "/srv/shop/releases/2", b"/srv/shop/releases/2/storage\n"))
    assert links.found == (("/srv/shop", "current", False), ("/srv/shop/releases/2", "storage", True))


def section(root: str, *names: str, more: str = "") -> BlockSection:
    return BlockSection("links", root, ("".join(f"{root}/{name}\n" for name in names) + more).encode())


def test_a_link_that_is_none_any_more_is_still_asked_for() -> None:
    links = CodeLinks("/srv/app", "/srv/app")
    links.take(section("/srv/app", "app", "public"))
    links.take(section("/srv/app", "public"))
    assert links.found == (("/srv/app", "app", True), ("/srv/app", "public", True))


@pytest.mark.parametrize(
    ("path", "before", "own"), [("/srv/shop/live", True, True), ("/srv/shop/live", False, False), ("/srv/current", False, True)]
)
def test_a_folder_in_the_place_of_the_root_s_link_is_asked_for_too(path: str, before: bool, own: bool) -> None:
    folder, _, name = path.rpartition("/")
    linked = CodeLinks(path, "/srv/shop/releases/1") if before else None
    links = CodeLinks(path, path, linked)
    links.take(section(path))
    assert links.found == (((folder, name, True),) if own else ())
    assert CodeLinks(path, path, links).was_link is own


def test_links_beyond_a_limit_are_told() -> None:
    links = CodeLinks("/srv/app", "/srv/app")
    links.take(section("/srv/app", "app", more="more\n"))
    assert [each.code for each in links.problems] == ["app.links-left-out"]
    assert links.found == (("/srv/app", "app", True),)


@pytest.mark.asyncio
async def test_links_behind_links_that_are_too_many_are_told(coprocess: Coprocess, root: Path) -> None:
    for number in range(4):
        (root / f"l{number}").symlink_to(root.parent / "code")
        (root.parent / "code" / f"x{number}").symlink_to(root.parent / "lib")
    for limit, told in (("40", False), ("5", True)):
        (block,) = await coprocess.ask(("links", str(root), limit), timeout=30)
        found = block.first("links")
        assert found is not None
        assert (found.payload.split()[-1:] == [b"more"]) is told
