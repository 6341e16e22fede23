"""A probe on a lab host, without the rest of the program."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from stalewatch.model.inventory import AppEntry, Fleet, Server
from stalewatch.model.snapshot import HostFacts, Opcache, RuntimeFacts, Snapshot
from stalewatch.probe.server_probe import ServerProbe
from stalewatch.transport.connect import connect
from stalewatch.transport.link import Link
from tests.lab import Host, Lab


@asynccontextmanager
async def probing(lab: Lab, host: Host, *apps: AppEntry) -> AsyncIterator[tuple[ServerProbe, Link]]:
    server = Server(target=host.name, name=host.name, apps=apps)
    fleet = Fleet(servers=(server,), ssh_config=str(lab.ssh_config))
    link = await connect(server, fleet, lambda _step: None)
    probe = ServerProbe(link, server, fleet)
    try:
        await probe.start()
        yield probe, link
    finally:
        await probe.close()
        await link.close()


async def look(probe: ServerProbe, *, full: bool = False) -> Snapshot:
    """The one app's snapshot."""
    (snapshot,) = await probe.tick(full=full)
    return snapshot


def host_of(snapshot: Snapshot) -> HostFacts:
    assert isinstance(snapshot.host, HostFacts), snapshot.host
    return snapshot.host


def runtime_of(snapshot: Snapshot) -> RuntimeFacts:
    assert isinstance(snapshot.runtime, RuntimeFacts), snapshot.runtime
    return snapshot.runtime


def opcache_of(snapshot: Snapshot) -> Opcache:
    opcache = runtime_of(snapshot).opcache
    assert isinstance(opcache, Opcache), opcache
    return opcache
