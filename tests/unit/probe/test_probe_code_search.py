"""Masters that serve no watched application: whether they tell whose code their caches hold."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from stalewatch.model import reasons
from stalewatch.model.snapshot import Opcache, Pool, RuntimeFacts, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.code_search import CodeSearch
from stalewatch.probe.host.host_probe import HostProbe
from stalewatch.probe.host.machine import Machine, Master
from stalewatch.probe.host.parsers.records import ProcessRecord
from tests.builders.snapshots import opcache, runtime

CONFIG = "/etc/php/8.4/fpm/php-fpm.conf"
DENIED = reasons.FPM_SOCKET_DENIED.unseen("ann may not open the pool's socket: root:root 0600", "listen.acl_users = ann")
RESTRICTED = reasons.OPCACHE_RESTRICTED.unseen("opcache.restrict_api", "allow it")
BUSY = reasons.FPM_NO_ANSWER.unseen("the pool has not answered for 2 s")


def machine(*listens: str, user: str = "www-data", runs: bool = True) -> Machine:
    pools = tuple(Pool(name=safe(f"p{number}"), user=safe(user), listen=safe(listen)) for number, listen in enumerate(listens))
    record = ProcessRecord(7, "php-fpm8.4", "S", 1, 100) if runs else None
    return Machine(masters=(Master(config_path=CONFIG, record=record, pools=pools),))


async def asked(host: HostProbe, here: Machine, search: CodeSearch, served: tuple[str, ...] = ()) -> list[str]:
    return [str(pool.listen) for pool in await search.also_ask(host, here, served, served)]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("told", "named"),
    [(DENIED, True), (runtime(RESTRICTED), True), (BUSY, False), (runtime(opcache()), False), (runtime(Opcache(enabled=False)), False)],
)
async def test_a_master_that_does_not_tell_is_named_with_what_to_grant(host: HostProbe, told: RuntimeFacts | Unseen, named: bool) -> None:
    here, search = machine("/run/a.sock"), CodeSearch()
    assert await asked(host, here, search) == ["/run/a.sock"]
    search.take({"/run/a.sock": told}, (), here, {})
    why = told if isinstance(told, Unseen) else told.opcache
    assert [(one.code, CONFIG in one.message, one.grant) for one in search.problems(here, "ann")] == (
        [(reasons.FPM_CACHE_UNSEEN.code, True, why.grant)] if named and isinstance(why, Unseen) else []
    )
    search.take({"/run/a.sock": runtime(opcache())}, (), here, {})
    assert search.problems(here, "ann") == ()


@pytest.mark.asyncio
async def test_nothing_is_said_of_what_serves_an_app_or_does_not_run_or_is_anothers(host: HostProbe) -> None:
    for here, served, login in (
        (machine("/run/a.sock"), ("/run/a.sock",), "ann"),
        (machine("/run/a.sock", runs=False), (), "ann"),
        (machine("/run/a.sock", user="u07"), (), "u07"),
    ):
        search = CodeSearch()
        await asked(host, here, search, served)
        search.take({"/run/a.sock": DENIED}, (), here, {})
        assert search.problems(here, login) == ()


@pytest.mark.asyncio
async def test_a_pool_that_opens_is_asked_before_one_that_does_not(host: HostProbe, tmp_path: Path) -> None:
    path = str(tmp_path / "b.sock")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        here, search = machine(f"{tmp_path}/a.sock", path), CodeSearch()
        assert await asked(host, here, search) == [path]


@pytest.mark.asyncio
async def test_one_that_answers_tells_for_all_pools_of_its_master(host: HostProbe, tmp_path: Path) -> None:
    first, second = f"{tmp_path}/a.sock", str(tmp_path / "b.sock")
    here, search = machine(first, second), CodeSearch()
    assert await asked(host, here, search) == [first]
    search.take({first: DENIED}, (), here, {})
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(second)
        assert await asked(host, here, search, ()) == [second]
    search.take({second: runtime(opcache())}, (), here, {})
    assert search.problems(here, "ann") == ()
