"""Files that are expected: compared on the server, under each shell, with whatever takes a SHA-256 there; else by a real pool."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from stalewatch.model.expected import ExpectedFile, FileState
from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.probe.host.held_files import held_files, parse_held
from stalewatch.probe.host.host_probe import HostProbe
from stalewatch.transport.local import LocalLink
from tests.unit.probe.fpm import Fpm, probe

CONTENT = b"<?php // deployed\n"
SUM = hashlib.sha256(CONTENT).hexdigest()
NAMES = ("plain.php", "-rf", 'it\'s "here"', "a\\b", "$(touch pwned)", " lead and trail ", "=*?[x]")


async def ask(coprocess: Coprocess, path: Path, sha256: str = SUM, limit: int = 1000) -> str:
    (block,) = await coprocess.ask(("held", sha256, str(path), str(limit)), timeout=30)
    assert sha256.encode() not in b"".join(section.payload for section in block.sections), "no sum is told"
    return parse_held(block).state


@pytest.mark.parametrize("name", NAMES)
async def test_whatever_a_file_is_called_its_content_counts(coprocess: Coprocess, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(CONTENT)
    assert await ask(coprocess, tmp_path / name) == "same"
    assert await ask(coprocess, tmp_path / name, "0" * 64) == "other"
    assert os.listdir(tmp_path) == [name]


async def test_what_is_no_such_file_says_what_it_is(coprocess: Coprocess, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "file").write_bytes(CONTENT)
    (tmp_path / "link").symlink_to("file")
    told = {name: await ask(coprocess, tmp_path / name) for name in ("pipe", "folder", "dangling", "link", "none", "no/such/folder")}
    assert told == {
        "pipe": "no-file",
        "folder": "no-file",
        "dangling": "dangling",
        "link": "same",
        "none": "missing",
        "no/such/folder": "missing",
    }
    assert await ask(coprocess, tmp_path / "file", limit=len(CONTENT) - 1) == "long"


@pytest.mark.parametrize("program", ["sha256sum", "busybox", "openssl", "shasum", ""])
async def test_any_program_that_takes_a_sum_will_do(link: LocalLink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    if program and shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in filter(None, ("id", "getconf", "stat", "date", "readlink", "tr", "sleep", "cat", "sh", "rm", "perl", program)):
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    file = tmp_path / "file"
    file.write_bytes(CONTENT)
    monkeypatch.setenv("PATH", str(tools))
    coprocess = await Coprocess.start(link, "ann@laptop", 1795557092, shell="/bin/dash")
    try:
        assert [await ask(coprocess, file), await ask(coprocess, file, "0" * 64)] == (["same", "other"] if program else ["no-program"] * 2)
    finally:
        await coprocess.close()


async def test_the_pool_is_asked_for_what_the_login_may_not_read(link: LocalLink, host: HostProbe, fpm: Fpm, tmp_path: Path) -> None:
    file, other = tmp_path / "file", tmp_path / "other"
    file.write_bytes(CONTENT)
    other.write_bytes(b"other")
    fpm.script("index.php", "echo 1;")
    fpm.start()
    pool = probe(link, host, fpm)
    told = await pool.artefacts("held", [str(file), str(other), str(tmp_path), "/no"], {"sums": [SUM] * 4, "limit": 1000})
    assert list(told.values()) == ["same", "other", "", ""]
    assert list((await pool.artefacts("held", [str(file)], {"sums": [SUM], "limit": 3})).values()) == [""]
    (tmp_path / "dangling").symlink_to("nowhere")
    found = await held_files(host, pool, [ExpectedFile(str(tmp_path / "dangling"), SUM), ExpectedFile(str(file), SUM)])
    assert [each.state for each in found] == [FileState.DANGLING, FileState.SAME]
