"""Contents of sources: read for real under each shell, and put together so that only what a deploy brings counts."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from stalewatch.probe.host.app_files import MAX_BYTES, affordable, app_files, own_sources
from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.probe.host.discovery import AppLocation
from stalewatch.probe.host.parsers import records
from stalewatch.probe.host.parsers.checksums import digest, parse_sums
from stalewatch.probe.host.source_sums import SourceSums


def tree(root: Path) -> None:
    for name in ("app/Fix.php", "config/app.php", "resources/views/home it's.blade.php", "composer.lock", "routes/-n.php"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"<?php // {name}")
    for name in ("vendor/a/b.php", "bootstrap/cache/config.php", "storage/framework/views/1.php", "tests/T.php", "public/up.php", ".env"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("<?php // not compared")


async def look(coprocess: Coprocess, root: Path) -> tuple[str, dict[str, str]]:
    """(digest, check sums by path) of the tree at *root*, as a session reads them."""
    (walk,) = await coprocess.ask(("walk", str(root), "100"), timeout=30)
    (read,) = await coprocess.ask(("sums", str(root), "100"), timeout=30)
    sums = next(section.payload for section in read.sections if section.name == "sums")
    files = app_files(AppLocation(path=str(root), root=str(root), kind="laravel"), None)
    payload = next(section.payload for section in walk.sections if section.name == "walk")
    code, named = digest(parse_sums(sums), own_sources(records.parse_files(payload), files, files.views), str(root))
    return code, {each.path: each.sum for each in named}


async def test_only_what_a_deploy_brings_counts_and_times_do_not(coprocess: Coprocess, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    tree(one)
    tree(two)
    (two / "vendor/a/b.php").write_text("<?php // another random name")
    (two / ".env").write_text("APP_NAME=two")
    (two / "tests/T.php").unlink()
    (two / "bootstrap/cache/config.php").write_text("<?php return ['two'];")
    os.utime(two / "app/Fix.php", (1, 1))
    first, second = await look(coprocess, one), await look(coprocess, two)
    assert first == second
    assert first[0]
    assert set(first[1]) == {"app/Fix.php", "config/app.php", "resources/views/home it's.blade.php", "composer.lock", "routes/-n.php"}


async def test_one_byte_is_another_content(coprocess: Coprocess, tmp_path: Path) -> None:
    tree(tmp_path)
    before = await look(coprocess, tmp_path)
    stat = (tmp_path / "app/Fix.php").stat()
    (tmp_path / "app/Fix.php").write_text("<?php // app/Fix.phP")
    os.utime(tmp_path / "app/Fix.php", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))
    after = await look(coprocess, tmp_path)
    assert before[0] != after[0]
    assert [path for path in before[1] if before[1][path] != after[1][path]] == ["app/Fix.php"]


def record(path: str, size: int = 3) -> records.FileRecord:
    return records.FileRecord(path, 1.0, 1.0, size, 1, 0o100644, "deploy", "deploy")


def test_a_file_that_was_not_read_or_changed_meanwhile_leaves_no_digest() -> None:
    own = {path: record(path) for path in ("/srv/app/app/A.php", "/srv/app/app/B.php")}
    both = parse_sums(b"1 3 /srv/app/app/A.php\n2 3 /srv/app//app/B.php\n")
    assert digest(both, own, "/srv/app")[0] != ""
    assert digest(parse_sums(b"1 3 /srv/app/app/A.php\n"), own, "/srv/app") == ("", ())
    grown = {**own, "/srv/app/app/B.php": msgspec.structs.replace(own["/srv/app/app/B.php"], size=4)}
    assert digest(both, grown, "/srv/app") == ("", ())
    assert digest({}, {}, "/srv/app") == ("", ())


@pytest.mark.parametrize("payload", [b"", b"cksum: no\n", b"x 3 /a\n1 y /a\n1 3\n", b"1" * 40 + b" 3 /a\n", b"\xff\xb2 3 /a"])
def test_what_is_no_sum_is_left_out(payload: bytes) -> None:
    assert parse_sums(payload) == {}


def test_sources_that_are_too_large_together_are_not_read() -> None:
    large = {path: record(path, MAX_BYTES // 2 + 1) for path in ("/srv/app/app/A.php", "/srv/app/vendor/B.php")}
    assert affordable(large, "/srv/app")
    assert not affordable({**large, "/srv/app/app/C.php": large["/srv/app/app/A.php"]}, "/srv/app")


async def seen(coprocess: Coprocess, *paths: Path) -> list[records.FileRecord]:
    """Those files as the shell stats them."""
    (block,) = await coprocess.ask(("stat", *map(str, paths)), timeout=30)
    section = block.first("files")
    assert section is not None
    known = records.parse_files(section.payload)
    return [known[str(path)] for path in paths]


async def read(coprocess: Coprocess, sums: SourceSums, files: list[records.FileRecord]) -> list[str]:
    """The paths that were asked for."""
    due = sums.due(files)
    if due:
        sums.take(await coprocess.ask(*due, timeout=30))
    return [path for _, *paths in due for path in paths]


async def test_single_files_are_read_once_for_each_stat_and_environment_files_never(coprocess: Coprocess, tmp_path: Path) -> None:
    tree(tmp_path)
    config, routes, env = (tmp_path / name for name in ("config/app.php", "routes/-n.php", ".env"))
    sums = SourceSums()
    assert await read(coprocess, sums, await seen(coprocess, config, routes, env)) == [str(config), str(routes)]
    before = [sums.of(record) for record in await seen(coprocess, config, routes, env)]
    assert before[0] != before[1]
    assert all(before[:2])
    assert before[2] == ""
    assert await read(coprocess, sums, await seen(coprocess, config, routes)) == []
    config.chmod(0o600)
    (record,) = await seen(coprocess, config)
    assert sums.of(record) == ""
    assert await read(coprocess, sums, [record]) == [str(config)]
    assert sums.of(record) == before[0]
    stat = config.stat()
    config.write_bytes(config.read_bytes().swapcase())
    os.utime(config, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    (record,) = await seen(coprocess, config)
    await read(coprocess, sums, [record])
    assert sums.of(record) not in ("", before[0])


async def test_what_changed_after_its_stat_or_cannot_be_read_has_no_sum(coprocess: Coprocess, tmp_path: Path) -> None:
    tree(tmp_path)
    config, pipe = tmp_path / "config/app.php", tmp_path / "config/pipe.php"
    os.mkfifo(pipe)
    files = await seen(coprocess, config, pipe)
    config.chmod(0o600)
    sums = SourceSums()
    assert len(await read(coprocess, sums, files)) == 2
    assert [sums.of(record) for record in files] == ["", ""]
    assert sums.due(files) == []
    gone = msgspec.structs.replace(files[0], path=str(tmp_path / "config/gone.php"))
    assert len(await read(coprocess, sums, [gone])) == 1
    assert sums.of(gone) == ""


def test_no_more_is_read_than_a_server_can_afford() -> None:
    sums = SourceSums()
    large, small = record("/srv/app/config/large.php", MAX_BYTES - 1), record("/srv/app/config/small.php", 2)
    assert sums.due([large, small]) == [("content", large.path)]
    many = [record(f"/srv/app/app/{number}.php") for number in range(450)]
    assert [len(request) - 1 for request in SourceSums().due([*many, *many])] == [200, 200, 50]
