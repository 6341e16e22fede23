"""Three servers that live through the incident, reachable by the ordinary transport."""

from __future__ import annotations

import asyncio
import os
import time
from importlib.resources import files
from typing import TYPE_CHECKING

import asyncssh

from stalewatch.demo import story, tree
from stalewatch.demo.gateway import ALARM, LOG, REASSURE
from stalewatch.demo.host import Host
from stalewatch.demo.place import Place
from stalewatch.demo.server import USER, Sshd
from stalewatch.model.inventory import AppEntry, Fleet, LogWatch, Server

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

GROUP = "api-gateway"
_TWINS = {"php": ("php8.3",)}


class World:
    """``async with World() as world``: ``world.fleet`` is watched like any other. *start*: the moment that is 12:50 of the story."""

    def __init__(self, *, start: float | None = None, read_only: bool = False) -> None:
        self.hosts: tuple[Host, ...] = ()
        self.fleet = Fleet(servers=())
        self._start = time.time() if start is None else start
        self._read_only = read_only
        self._place: Place | None = None
        self._sshds: tuple[Sshd, ...] = ()

    async def __aenter__(self) -> World:
        self._place = Place()
        try:
            await self._build(self._place.path)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._close()

    async def _build(self, path: Path) -> None:
        shims = await asyncio.to_thread(_copy_shims, path / "bin")
        await asyncio.to_thread(tree.library, path / "library", self._start)
        self.hosts = tuple(
            Host(scene, path / scene.name, shims, path / "library", self._start, space=os.getpid() * 10 + number)
            for number, scene in enumerate(story.SCENES, 1)
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
        self.fleet = self._describe(path)

    def _describe(self, path: Path) -> Fleet:
        """ssh_config and known_hosts as a person would have them, and the fleet that refers to them."""
        config = known = ""
        for host, sshd in zip(self.hosts, self._sshds, strict=True):
            name = host.scene.name
            config += f"Host {name}\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User {USER}\n  StrictHostKeyChecking yes\n"
            config += f"  IdentityFile {path}/id\n  IdentitiesOnly yes\n  UserKnownHostsFile {path}/known_hosts\n\n"
            known += f"[127.0.0.1]:{sshd.port} {sshd.host_key.export_public_key().decode().strip()}\n"
        (path / "ssh_config").write_text(config, encoding="ascii")
        (path / "known_hosts").write_text(known, encoding="ascii")
        servers = tuple(
            Server(target=host.scene.name, name=host.scene.name, group=GROUP, apps=(AppEntry(path=str(host.root), name=GROUP),))
            for host in self.hosts
        )
        logs = (LogWatch(path=LOG, alarm=(ALARM,), reassure=(REASSURE,)),)
        return Fleet(servers=servers, logs=logs, ssh_config=str(path / "ssh_config"), read_only=self._read_only)

    async def _close(self) -> None:
        await asyncio.gather(*(sshd.close() for sshd in self._sshds))
        await asyncio.gather(*(host.close() for host in self.hosts))
        if self._place is not None:
            await asyncio.to_thread(self._place.remove)
            self._place = None


def _copy_shims(to: Path) -> Path:
    to.mkdir()
    for shim in files("stalewatch.demo").joinpath("shims").iterdir():
        for name in (shim.name, *_TWINS.get(shim.name, ())):
            (to / name).write_bytes(shim.read_bytes())
            (to / name).chmod(0o755)
    return to
