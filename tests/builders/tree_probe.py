"""The real host probe, under sh, on a tree: its /proc and its FPM configuration are ours, its files are real."""

from __future__ import annotations

import getpass
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from stalewatch.demo.proc import Proc
from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.model.inventory import AppEntry, Fleet, Server, Thresholds
from stalewatch.model.report import Report
from stalewatch.model.snapshot import HostFacts, Snapshot
from stalewatch.probe.server_probe import ServerProbe
from stalewatch.transport.local import LocalLink
from tests.builders.laravel_trees import Tree
from tests.builders.snapshots import opcache, runtime

DAY = 86_400.0
BOOTED = time.time() - 9 * DAY
SPACE = 4242
MADE = ("config", "routes", "events", "views")


class Looking:
    """One probe on one tree. A warm and fresh OPcache with nothing in it that changed stands in for the pool's answer."""

    def __init__(self, probe: ServerProbe, tree: Tree, proc: Proc) -> None:
        self._probe = probe
        self._proc = proc
        self.tree = tree

    async def snapshot(self) -> Snapshot:
        """A full look."""
        self.tree.settle()
        self._proc.tell(time.time())
        (snapshot,) = await self._probe.tick(full=True)
        pool = opcache(start_time=int(self.tree.made - DAY))
        places = snapshot.host.places if isinstance(snapshot.host, HostFacts) else None
        return msgspec.structs.replace(snapshot, runtime=runtime(pool, asked_at=snapshot.observed_at, places=places))

    async def host(self) -> HostFacts:
        """What the host probe saw."""
        host = (await self.snapshot()).host
        assert isinstance(host, HostFacts), host
        return host

    async def report(self) -> Report:
        """A full look, diagnosed without any memory."""
        return diagnose(Memory(), await self.snapshot(), Thresholds())[1]

    async def verdicts(self) -> dict[str, str]:
        """Of what Laravel makes out of sources."""
        return {str(layer): str(found) for layer, found in (await self.report()).layers.items() if layer.value in MADE}

    async def off(self) -> dict[str, str]:
        """The layers that are neither fresh nor absent, with their verdicts; those that this stands in for are left out."""
        layers = (await self.report()).layers
        return {
            str(layer): str(found) for layer, found in layers.items() if found.value not in ("fresh", "absent") and layer.value != "fpm"
        }


@pytest_asyncio.fixture
async def looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., object]]:
    """``await looking(tree, APP_CONFIG_CACHE=…)``: a probe on *tree* whose pool has these in its environment."""
    async with AsyncExitStack() as stack:

        async def look(tree: Tree, environment: Mapping[str, str] | None = None) -> Looking:
            home = tmp_path / "machine"
            config = home / "php-fpm.conf"
            user = getpass.getuser()
            proc = Proc(home / "proc", BOOTED, SPACE)
            lines = ["[www]", f"listen = {home}/www.sock", f"user = {user}", f"group = {user}", f"chdir = {tree.root}"]
            lines += [f"env[{key}] = {value}" for key, value in (environment or {}).items()]
            config.write_text("\n".join(lines) + "\n")
            title = f"php-fpm: master process ({config})"
            proc.add(
                71, 1, "php-fpm8.3", title, BOOTED + 60, links={"exe": "/usr/sbin/php-fpm8.3"}, cgroup="/system.slice/php8.3-fpm.service"
            )
            monkeypatch.setenv("STALEWATCH_PROC", str(proc.root))
            server = Server(target="local", name="web1", apps=(AppEntry(path=str(tree.root)),))
            link = LocalLink()
            stack.push_async_callback(link.close)
            probe = ServerProbe(link, server, Fleet(servers=(server,), timeout=30.0))
            stack.push_async_callback(probe.close)
            await probe.start()
            return Looking(probe, tree, proc)

        yield look
