"""Composer's autoloader and lock: their texts, and the probe's part that keeps what changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from stalewatch.model.snapshot import ComposerFacts
from stalewatch.probe.host.composer_probe import COMPOSER, GENERATED, INSTALLED, LOCK, MAX_READ, ComposerProbe
from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.probe.host.file_contents import FileContents
from stalewatch.probe.host.parsers import records
from stalewatch.probe.host.parsers.autoload import (
    declared_classes,
    installed_releases,
    lacking_files,
    lacking_folders,
    parse_autoload,
    unlike_lock,
    wanted_autoload,
)

OLD = 7_200.0
_CLASSMAP = b"""        '41b6f33ed188f7b161f75f28b74e9965' => __DIR__ . '/../..' . '/app/helpers.php',
        'App\\\\Models\\\\User' => __DIR__ . '/../..' . '/app/Models/User.php',
        'O\\'Hara' => __DIR__ . '/../..' . '/lib/it\\'s.php',
"""


def test_the_own_part_of_a_class_map_is_read_back() -> None:
    namespaces = b"    'App\\\\' => array($baseDir . '/src', $baseDir . '/app'),"
    found = parse_autoload(b"setClassMapAuthoritative(true)\n", namespaces, _CLASSMAP, 100)
    assert found.classes == {"App\\Models\\User": "app/Models/User.php", "O'Hara": "lib/it's.php"}
    assert found.namespaces == {"App\\": ("src", "app")}
    assert (found.authoritative, found.cut) == (True, False)
    assert parse_autoload(b"", b"", _CLASSMAP, 3).cut


@pytest.mark.parametrize(
    ("autoload", "loader", "lacking"),
    [
        ({"App\\": "app/"}, {"App\\": "app"}, ()),
        ({"App\\": ["src/", "./app"]}, {"App\\": "src app"}, ()),
        ({"App\\": ["src/", "app/"]}, {"App\\": "app"}, ("App\\",)),
        ({"App\\": ["src/", "app/"]}, {"App\\": "app src"}, ("App\\",)),
        ({"App\\": "app/", "Db\\": "database"}, {"App\\": "app", "Tests\\": "tests"}, ("Db\\",)),
        ({"App\\": "app/"}, {"App\\": "app extra"}, ()),
        ({"Acme\\": "vendor/acme/src"}, {}, ()),
        ({"": "."}, {"": ""}, ()),
        (None, {}, ()),
    ],
)
def test_the_folders_of_composer_json_are_those_of_the_autoloader(autoload: Any, loader: dict[str, str], lacking: tuple[str, ...]) -> None:
    wanted = wanted_autoload(json.dumps({"autoload": {"psr-4": autoload}}).encode())
    lines = []
    for prefix, folders in loader.items():
        named = ", ".join(f"$baseDir . '/{each}'" for each in folders.split(" "))
        lines.append(f"    '{prefix.replace(chr(92), chr(92) * 2)}' => array({named}),")
    assert lacking_folders(wanted, parse_autoload(b"", "\n".join(lines).encode(), b"", 9)) == lacking


def test_the_files_of_composer_json_are_loaded_by_the_autoloader() -> None:
    line = "        '{}' => __DIR__ . '/../..' . '/{}',"
    loader = "\n".join((line.format("0" * 32, "app/helpers.php"), line.format("App\\\\A", "app/A.php"))).encode()
    autoload = parse_autoload(b"", b"", loader, 9)
    for files, lacking in ((["app/helpers.php", "vendor/x.php"], ()), (["./app/helpers.php", "app/A.php"], ("app/A.php",)), (None, ())):
        wanted = wanted_autoload(json.dumps({"autoload": {"files": files}}).encode())
        assert lacking_files(wanted, autoload) == lacking
    assert lacking_files(wanted_autoload(b'{"autoload": {"files": ["b.php"]}}'), parse_autoload(b"", b"", loader, 2)) == ()  # cut


def test_the_classes_of_a_file_have_their_namespace() -> None:
    told = (
        b"/a.php:namespace App\\Models;\n/a.php:final class User extends Model\n/a.php:    readonly class Two{\n"
        b"/b.php:interface Plain\n/c.php:enum Suit: string\n/c.php:trait T\n/d.txt:class No\n"
    )
    assert declared_classes(told) == {"/a.php": ("App\\Models\\User", "App\\Models\\Two"), "/b.php": ("Plain",), "/c.php": ("Suit", "T")}


def package(name: str = "acme/a", version: str = "1.0", dist: str = "", source: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "version": version}
    if dist:
        found["dist"] = {"type": "zip", "reference": dist}
    if source:
        found["source"] = {"type": "git", "reference": source}
    return found


@pytest.mark.parametrize(
    ("locked", "installed", "said"),
    [
        (package(), package(), ()),
        (package(dist="aa"), package(dist="aa"), ()),
        (package(dist="aa", source="ss"), package(dist="bb", source="ss"), ()),
        (package(dist="aa"), package(source="bb"), ()),
        (package(version="2.0"), package(), ("acme/a 1.0 (locked: 2.0)",)),
        (package(version="dev-main", dist="bb"), package(version="dev-main", dist="aa"), ("acme/a dev-main at aa (locked: bb)",)),
        (package(), package("acme/b"), ("acme/a (locked: 1.0, not installed)",)),
    ],
)
@pytest.mark.parametrize("form", ["composer 1", "composer 2"])
def test_the_lock_is_compared_by_version_and_reference(
    locked: dict[str, Any], installed: dict[str, Any], said: tuple[str, ...], form: str
) -> None:
    body = json.dumps([installed] if form == "composer 1" else {"packages": [installed], "dev": False}).encode()
    lock = json.dumps({"packages": [locked], "packages-dev": [package("acme/dev")]}).encode()
    there = installed_releases(body)
    assert there is not None
    assert unlike_lock(lock, there[0], development=there[1]) == said


def test_packages_for_development_count_where_they_are_installed() -> None:
    there = installed_releases(json.dumps({"packages": [package()], "dev": True}).encode())
    assert there is not None
    lock = json.dumps({"packages": [package()], "packages-dev": [package("acme/dev")]}).encode()
    assert unlike_lock(lock, there[0], development=there[1]) == ("acme/dev (locked: 1.0, not installed)",)
    assert unlike_lock(b"{", there[0], development=True) is None
    assert installed_releases(b"{") is None


class Tree:
    """An application with a real autoloader of Composer's, two hours old, and the probe's part on it."""

    def __init__(self, root: Path, coprocess: Coprocess) -> None:
        self.root = root
        self.coprocess = coprocess
        self.contents = FileContents()
        self.contents.want(str(root / COMPOSER), 100_000)
        self.contents.want(str(root / LOCK), 100_000)
        self.contents.want(str(root / INSTALLED), 100_000)
        self.probe = ComposerProbe(str(root), self.contents)

    def write(self, name: str, code: str, ago: float = OLD) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
        os.utime(path, (time.time() - ago, time.time() - ago))

    def dump(self, *flags: str) -> None:
        subprocess.run(
            ["composer", "dump-autoload", "--no-plugins", "--no-scripts", "--quiet", *flags],
            cwd=self.root,
            env={**os.environ, "COMPOSER_ALLOW_SUPERUSER": "1", "COMPOSER_HOME": str(self.root.parent / "composer")},
            check=True,
        )
        for path in (self.root / "vendor").rglob("*.php"):
            os.utime(path, (time.time() - OLD / 2, time.time() - OLD / 2))

    async def facts(self) -> ComposerFacts:
        names = [str(self.root / name) for name in (*GENERATED, LOCK, COMPOSER, INSTALLED)]
        stat, walk = await self.coprocess.ask(("stat", *names), ("walk", str(self.root), "1000"), timeout=30)
        files = records.parse_files(stat.sections[0].payload)
        if (told := walk.first("walk")) is not None:
            self.walk = records.parse_files(told.payload)
        for ask in (
            lambda: [*self.contents.requests(files), *self.probe.requests(files)],
            lambda: self.probe.source_requests(self.walk),
            lambda: self.probe.other_requests(self.walk),
        ):
            requests = ask()
            blocks = await self.coprocess.ask(*requests, timeout=30) if requests else []
            self.contents.take(blocks)
            for block in blocks:
                self.probe.take(block)
        return self.probe.facts()


@pytest.fixture
def tree(coprocess: Coprocess, tmp_path: Path) -> Tree:
    if shutil.which("composer") is None:
        pytest.skip("composer is not installed")
    tree = Tree(tmp_path / "it's shop", coprocess)
    autoload = {"psr-4": {"App\\": "app/"}, "classmap": ["lib"], "exclude-from-classmap": ["lib/*/Fixture", "**/stubs/"]}
    tree.write(COMPOSER, json.dumps({"name": "acme/shop", "autoload": autoload}))
    tree.write("app/Models/User.php", "<?php\nnamespace App\\Models;\n\nclass User\n{\n}\n")
    tree.write("lib/Price.php", "<?php\nclass Price\n{\n}\n")
    return tree


async def test_what_was_dumped_is_right(tree: Tree) -> None:
    for flags in ((), ("-o",), ("-a",)):
        tree.dump(*flags)
        facts = await tree.facts()
        assert facts.loader is not None
        assert (facts.authoritative, facts.folders, facts.moved, facts.unread) == (flags == ("-a",), (), (), 0)


async def test_an_autoloader_that_composer_did_not_write_is_not_compared(tree: Tree) -> None:
    for name in GENERATED:
        tree.write(name, "<?php\n")
    assert await tree.facts() == ComposerFacts()


NEW_CLASS = "<?php\nnamespace App;\n\nfinal class Plan\n{\n}\n"


@pytest.mark.parametrize(
    ("flags", "name", "code", "moved"),
    [
        ("-o", "lib/new/Price.php", "<?php\nclass Price\n{\n    // other\n}\n", [("Price", "lib/Price.php")]),
        ("", "lib/new/Price.php", "<?php\nclass Price\n{\n    // other\n}\n", [("Price", "lib/Price.php")]),
        ("-o", "lib/new/Any.php", "<?php\ninterface Any\n{\n}\n", [("Any", "")]),
        ("-a", "app/Plan.php", NEW_CLASS, [("App\\Plan", "")]),
        ("-o", "app/Plan.php", NEW_CLASS, []),
        ("-a", "app/Other.php", NEW_CLASS, []),
        ("-a", "app/helpers.php", "<?php\nfunction help() {}\n", []),
        ("-o", "lib/Price.bak.php", "<?php\nclass Price\n{\n}\n", []),
        ("-o", "lib/a/Fixture/Price.php", "<?php\nclass Price\n{\n    // other\n}\n", []),
        ("-o", "lib/stubs/Price.php", "<?php\nclass Price\n{\n    // other\n}\n", []),
        ("-a", "tests/Plan.php", NEW_CLASS, []),
        ("-o", "app/Models/Copy.php", "<?php\nnamespace App\\Models;\n\nclass User\n{\n    // other\n}\n", []),
    ],
)
async def test_a_new_file_makes_the_class_map_old_or_not(
    tree: Tree, flags: str, name: str, code: str, moved: list[tuple[str, str]]
) -> None:
    tree.dump(*flags.split())
    tree.write(name, code, ago=60)
    facts = await tree.facts()
    assert [(each.name, each.mapped) for each in facts.moved or ()] == moved
    assert [each.file.path for each in facts.moved or ()] == [name] * len(moved)
    assert (await tree.facts()).moved == facts.moved
    if moved:
        tree.dump(*flags.split())
        (tree.root / "vendor/composer/autoload_static.php").touch()
        if moved != [("Price", "lib/Price.php")]:
            assert (await tree.facts()).moved == ()


HELD = "shopApp\\Plan"


@pytest.mark.parametrize(
    ("values", "held"),
    [
        ({}, []),
        ({HELD: None}, [("App\\Plan", "")]),
        ({HELD: "{root}/vendor/composer/../../app/Plan.php"}, []),
        ({HELD: "{root}/vendor/composer/../../old/Plan.php"}, [("App\\Plan", "old/Plan.php")]),
        ({HELD: "{root}/vendor/acme/Plan.php"}, []),
        ({HELD: "/srv/shop/releases/1/app/Plan.php"}, [("App\\Plan", "/srv/shop/releases/1/app/Plan.php")]),
    ],
)
async def test_what_apcu_holds_is_compared_with_the_files_that_came_since(
    tree: Tree, values: dict[str, str | None], held: list[tuple[str, str]]
) -> None:
    tree.dump("--apcu", "--apcu-prefix=shop")
    tree.write("app/Plan.php", NEW_CLASS, ago=60)
    assert (await tree.facts()).held is None
    assert tree.probe.apcu_keys(tree.walk, time.time() + 60) == ()
    assert tree.probe.facts().held == ()
    os.utime(tree.root / "app/Models/User.php", (0, 0))
    since = (tree.root / "app/Models/User.php").stat().st_ctime
    keys = [key for key in tree.probe.apcu_keys(tree.walk, since - 3600) if "Plan" in key]
    assert keys == [HELD]
    told = {key: value.format(root=tree.root) if value else None for key, value in values.items()}
    tree.probe.take_apcu(told, tree.walk)
    assert [(each.name, each.mapped) for each in tree.probe.facts().held or ()] == held
    tree.probe.take_apcu(None, tree.walk)
    assert [(each.name, each.mapped) for each in tree.probe.facts().held or ()] == held, "what it said of the same files holds"
    tree.write("app/Later.php", NEW_CLASS, ago=30)
    await tree.facts()
    assert tree.probe.apcu_keys(tree.walk, since - 3600)
    tree.probe.take_apcu(None, tree.walk)
    assert tree.probe.facts().held is None


async def test_apcu_is_not_asked_where_composer_does_not_use_it(tree: Tree) -> None:
    for flags in ((), ("-o",), ("-a", "--apcu")):
        tree.dump(*flags)
        await tree.facts()
        assert tree.probe.apcu_keys(tree.walk, 0.0) == ()
        assert tree.probe.facts().held == (), "there is nothing to ask"


async def test_more_new_files_than_are_read_are_counted(tree: Tree) -> None:
    tree.dump("-a")
    for number in range(MAX_READ + 3):
        tree.write(f"app/N{number}.php", "<?php\n", ago=60)
    assert (await tree.facts()).unread == 3


async def test_the_lock_is_compared_with_what_is_installed(tree: Tree) -> None:
    tree.write(INSTALLED, json.dumps({"packages": [package()], "dev": False}))
    assert (await tree.facts()).unlike_lock is None
    tree.write(LOCK, json.dumps({"packages": [package(version="2.0")]}))
    assert (await tree.facts()).unlike_lock == ("acme/a 1.0 (locked: 2.0)",)


async def test_more_classes_than_apcu_is_asked_for_are_counted(tree: Tree) -> None:
    tree.dump("--apcu", "--apcu-prefix=shop")
    for number in range(MAX_READ + 3):
        tree.write(f"app/New{number}.php", f"<?php\n\nnamespace App;\n\nclass New{number}\n{{\n}}\n", ago=60)
    assert (await tree.facts()).unread == 0
    assert len(tree.probe.apcu_keys(tree.walk, 0.0)) == MAX_READ
    assert tree.probe.facts().unread > 2
