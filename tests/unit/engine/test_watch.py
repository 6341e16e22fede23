"""Watching without acting: what is known of each server now, and a slow one is down by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from stalewatch.engine import poller, server_session
from stalewatch.engine.watch import Watch
from stalewatch.model import reasons
from stalewatch.model.inventory import Fleet, Server
from stalewatch.model.report import Verdict
from tests.builders.snapshots import snapshot

if TYPE_CHECKING:
    from stalewatch.engine.seen_server import SeenServer
    from stalewatch.model.snapshot import Snapshot

FLEET = Fleet(servers=tuple(Server(target=name, name=name) for name in ("web1", "web2")))


class Link:
    alive = True

    async def coprocess(self, command: str) -> None:
        raise TimeoutError

    async def close(self) -> None:
        pass


class Probe:
    """web1 answers as long as ``hangs`` is not set; every app in ``apps`` is found."""

    hangs = asyncio.Event()
    apps = ("/srv/a", "/srv/b")

    def __init__(self, _link: object, server: Server, _fleet: object) -> None:
        self._name = server.name

    async def start(self) -> None:
        pass

    async def tick(self, full: bool = False) -> tuple[Snapshot, ...]:
        if self._name == "web1" and self.hangs.is_set():
            await asyncio.Event().wait()
        seen = snapshot()
        return tuple(msgspec.structs.replace(seen, server=self._name, app=app) for app in self.apps)

    async def close(self) -> None:
        pass


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> type[Probe]:
    class Own(Probe):
        hangs = asyncio.Event()

    async def connect(*_: object) -> Link:
        return Link()

    monkeypatch.setattr(server_session, "connect", connect)
    monkeypatch.setattr(server_session, "ServerProbe", Own)
    monkeypatch.setattr(poller, "SILENCE", 0.05)
    return Own


async def until(watch: Watch, *, web1: bool, apps: int = 2) -> SeenServer:
    async with asyncio.timeout(30):
        while True:
            first, second = watch.servers
            if second.up and first.up == web1 and len(first.reports) == apps:
                return first
            await asyncio.sleep(0.01)


async def test_a_server_that_hangs_is_down_while_the_other_goes_on(probe: type[Probe]) -> None:
    watch = Watch(FLEET, interval=0.02)
    assert [one.up for one in watch.servers] == [False, False]
    watching = asyncio.create_task(watch.run())
    await until(watch, web1=True)
    probe.hangs.set()
    lost = await until(watch, web1=False)
    assert lost.error is not None
    assert lost.error.code == reasons.LINK_SILENT.code
    assert {report.verdict for report in lost.reports} == {Verdict.UNKNOWN}
    probe.hangs.clear()
    await until(watch, web1=True)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


async def test_an_app_that_is_gone_is_not_told_any_more(probe: type[Probe]) -> None:
    watch = Watch(FLEET, interval=0.02)
    watching = asyncio.create_task(watch.run())
    await until(watch, web1=True)
    probe.apps = ("/srv/a",)
    (left,) = (await until(watch, web1=True, apps=1)).reports
    assert left.app == "/srv/a"
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
