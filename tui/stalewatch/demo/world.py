"""The servers of one story, reachable by the ordinary transport."""

from __future__ import annotations

import asyncio
import os
import time
from importlib.resources import files
from typing import TYPE_CHECKING

import asyncssh

from stalewatch.demo import described, tree
from stalewatch.demo.host import Host
from stalewatch.demo.server import USER, Sshd

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from stalewatch.demo.story import Scenario

_TWINS = {"php": ("php8.3",)}


class World:
    """``async with World(scenario, place) as world``: then ``world.fleet`` is watched like any other. *place*: a folder that somebody else
    removes. *start*: the moment that is 12:50 of the story (None: now)."""

    def __init__(self, told: Scenario, place: Path, *, start: float | None = None) -> None:
        self.fleet = described.fleet(told, place)
        self.hosts: tuple[Host, ...] = ()
        self._told = told
        self._place = place
        self.start = time.time() if start is None else start
        self._sshds: tuple[Sshd, ...] = ()

    async def __aenter__(self) -> World:
        try:
            await self._build(self._place)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._close()

    async def _build(self, path: Path) -> None:
        shims = await asyncio.to_thread(_copy_shims, path / "bin")
        await asyncio.to_thread(tree.library, path / "library", self.start)
        self.hosts = tuple(
            Host(scene, described.home(path, scene), shims, path / "library", self.start, space=os.getpid() * 10 + number)
            for number, scene in enumerate(self._told.scenes, 1)
        )
        key = asyncssh.generate_private_key("ssh-ed25519", comment="stalewatch demo")
        await asyncio.to_thread(key.write_private_key, str(path / "id"))
        (path / "id").chmod(0o600)
        key.write_public_key(str(path / "authorized_keys"))
        self._sshds = tuple(Sshd(host) for host in self.hosts)
        await asyncio.gather(*(host.build() for host in self.hosts))
        for host, sshd in zip(self.hosts, self._sshds, strict=True):
            await host.open()
            await sshd.open(str(path / "authorized_keys"))
        self._tell_ssh(path)

    def _tell_ssh(self, path: Path) -> None:
        """ssh_config and known_hosts as a person would have them."""
        config = known = ""
        for host, sshd in zip(self.hosts, self._sshds, strict=True):
            name = host.scene.name
            config += f"Host {name}\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User {USER}\n  StrictHostKeyChecking yes\n"
            config += f"  IdentityFile {path}/id\n  IdentitiesOnly yes\n  UserKnownHostsFile {path}/known_hosts\n\n"
            key = sshd.host_key if host.scene.known else asyncssh.generate_private_key("ssh-ed25519")
            known += f"[127.0.0.1]:{sshd.port} {key.export_public_key().decode().strip()}\n"
        (path / "known_hosts").write_text(known, encoding="ascii")
        (path / described.SSH_CONFIG).write_text(config, encoding="ascii")

    async def _close(self) -> None:
        await asyncio.gather(*(sshd.close() for sshd in self._sshds))
        await asyncio.gather(*(host.close() for host in self.hosts))


def _copy_shims(to: Path) -> Path:
    to.mkdir()
    for shim in files("stalewatch.demo").joinpath("shims").iterdir():
        for name in (shim.name, *_TWINS.get(shim.name, ())):
            (to / name).write_bytes(shim.read_bytes())
            (to / name).chmod(0o755)
    return to
