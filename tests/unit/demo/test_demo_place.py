"""However a demo ends, it leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stalewatch.demo.embedded import Embedded
from stalewatch.demo.place import PREFIX, Place, sweep
from stalewatch.model.errors import StalewatchError

if TYPE_CHECKING:
    from collections.abc import Callable

CHILD = """
import asyncio, time
from tests.builders.demo import living
from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.transport.connect import connect
async def main():
    async with living() as world:
        link = await connect(world.fleet.servers[0], world.fleet, lambda step: None)
        probe = await Coprocess.start(link, "somebody", int(time.time()))
        private, _ = await probe.write_files("/tmp", "test", "203601010000", {"runtime.php": b"<?php"}, timeout=10)
        print(world.fleet.ssh_config, private, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""
"""A demo that is being watched: the probe has a private folder of its own on the server."""


def eventually(condition: Callable[[], bool], within: float = 30.0) -> bool:
    deadline = time.monotonic() + within
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def mentions(folder: Path) -> list[str]:
    """Processes whose command line or environment names *folder*, whose name may begin that of another demo's."""
    named = re.compile(re.escape(str(folder)).encode() + rb"(?!\d)")
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if named.search(told):
                found.append(entry.name)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_killed_while_watched_it_leaves_no_folder_and_no_process(number: signal.Signals, tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert child.stdout is not None
    told = child.stdout.readline().strip()
    if not told:
        pytest.fail(f"it did not start: {child.communicate()[1]}")
    folder, private = Path(told.split()[0]).parent, Path(told.split()[1])
    assert folder.is_dir()
    assert private.is_dir()
    child.send_signal(number)
    child.communicate(timeout=30)
    assert eventually(lambda: not folder.exists() and not private.exists())
    assert eventually(lambda: not mentions(folder))


def test_the_next_start_sweeps_what_a_dead_one_left(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    dead = tmp_path / f"{PREFIX}{ended.pid}-abcdefgh"
    alive = tmp_path / f"{PREFIX}{os.getpid()}-abcdefgh"
    other = tmp_path / f"{PREFIX}notes"
    for folder in (dead, alive, other):
        (folder / "web1").mkdir(parents=True)
    assert sweep(tmp_path) == [dead]
    assert not dead.exists()
    assert alive.exists()
    assert other.exists()


def test_interrupted_while_it_starts_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    embedded = Embedded()

    def interrupted(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(embedded._ready, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        embedded.__enter__()
    assert "stalewatch-demo" not in [thread.name for thread in threading.enumerate()]
    assert not list(Path(tempfile.gettempdir()).glob(f"{PREFIX}{os.getpid()}*"))


@pytest.mark.parametrize("name", ["a b", "it's", "100 %d"])
def test_a_folder_with_an_odd_name_is_not_lived_in(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as base:
        odd = Path(base) / name
        odd.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(odd))
        place = Place()
        try:
            assert place.path.parent == Path("/tmp")
        finally:
            place.remove()


def test_no_room_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(StalewatchError, match="did not start"), Embedded():
        pass
