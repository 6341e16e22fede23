"""Servers with something peculiar about them: a way round where there is one, else a reason that names it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stalewatch.model.snapshot import Unseen
from tests.lab import Host, Lab
from tests.lab.probing import look, opcache_of, probing

TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")


@pytest.fixture
def host(web1: Host) -> Iterator[Host]:
    web1.get("/")
    yield web1
    web1.run(["sh", "-c", f"umount {' '.join(TEMPORARY)}; umount /srv/app; true"], check=False)


def mount(host: Host, options: str, *paths: str) -> None:
    for path in paths:
        host.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path])


async def test_one_read_only_directory_is_walked_around(lab: Lab, host: Host) -> None:
    mount(host, "ro,mode=1777", "/tmp")
    async with probing(lab, host) as (probe, _):
        assert opcache_of(await look(probe, full=True)).scripts


async def test_temporary_directories_without_inodes_are_walked_around(lab: Lab, host: Host) -> None:
    mount(host, "nr_inodes=1,mode=1777", *TEMPORARY)
    async with probing(lab, host) as (probe, _):
        assert opcache_of(await look(probe, full=True)).scripts


@pytest.mark.parametrize(("options", "word"), [("ro,mode=1777", "Read-only file system"), ("nr_inodes=1,mode=1777", "No inodes left")])
async def test_no_room_anywhere_is_said_as_what_it_is(lab: Lab, host: Host, options: str, word: str) -> None:
    mount(host, options, *TEMPORARY)
    host.run(["sh", "-ec", "chown root /srv/app; mount --bind /srv/app /srv/app; mount -o remount,bind,ro /srv/app"])
    async with probing(lab, host) as (probe, _):
        found = (await look(probe, full=True)).runtime
    assert isinstance(found, Unseen)
    assert found.code == "probe.no-room"
    assert f"/tmp: {word}" in found.message
