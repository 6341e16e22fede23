"""The status page and our own request, sent to a real php-fpm as one: one connection, one worker, and no look is lost by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stalewatch.model.snapshot import Pool, PoolStatus, RuntimeFacts
from stalewatch.model.text import safe
from tests.unit.probe.fpm import pool_probe

if TYPE_CHECKING:
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.runtime.pool_probe import PoolProbe
    from stalewatch.transport.link import Stream
    from stalewatch.transport.local import LocalLink
    from tests.unit.probe.fpm import Fpm


@pytest.fixture
def opened(link: LocalLink, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every socket that is connected to."""
    paths: list[str] = []
    connect = link.open_unix

    async def counted(path: str) -> Stream:
        paths.append(path)
        return await connect(path)

    monkeypatch.setattr(link, "open_unix", counted)
    return paths


def configured(link: LocalLink, host: HostProbe, fpm: Fpm) -> PoolProbe:
    pool = Pool(name=safe("www"), listen=safe(str(fpm.socket)), status_path=safe("/status"))
    return pool_probe(link, host, str(fpm.socket), pool)


async def look(pool: PoolProbe, *, full: bool = False) -> tuple[RuntimeFacts, PoolStatus]:
    found = await pool.look(full=full, wait=10.0, idle=False)
    assert isinstance(found, RuntimeFacts), found
    assert isinstance(found.status, PoolStatus), found.status
    return found, found.status


async def test_page_and_request_share_a_connection_once_both_were_answered(
    link: LocalLink, host: HostProbe, fpm: Fpm, opened: list[str]
) -> None:
    fpm.start("pm.max_children=1")
    pool = configured(link, host, fpm)
    await look(pool, full=True)
    before, (first, status) = len(opened), await look(pool)
    assert len(opened) - before == 1
    assert [worker.state for worker in status.workers] == ["Running"], "the page that was asked for, and no more"
    second, after = await look(pool, full=True)
    assert len(opened) - before == 2
    assert second.asked_at > first.asked_at
    assert after.accepted - status.accepted == 2, "FPM counts requests, whatever connection they came by: ours are known by that"


async def test_a_worker_that_ends_after_the_page_loses_no_look(link: LocalLink, host: HostProbe, fpm: Fpm, opened: list[str]) -> None:
    fpm.start("pm.max_children=2", "pm.max_requests=1")
    pool = configured(link, host, fpm)
    taken = []
    for full in (True, False, False, False, False):
        before = len(opened)
        found = await pool.look(full=full, wait=10.0, idle=False)
        assert isinstance(found, RuntimeFacts), found  # whatever FPM counts while each of its workers is another one
        taken.append(len(opened) - before)
    del taken[0]
    assert taken == [2, 2, 2, 2], "the request was sent again; then the pool is known not to keep connections"
    assert not fpm.killed, fpm.log


async def test_a_page_that_went_away_loses_no_look(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start("pm.max_children=1")
    pool = configured(link, host, fpm)
    await look(pool, full=True)
    pool.pool = Pool(name=safe("www"), listen=safe(str(fpm.socket)), status_path=safe("/gone"))
    _, status = await look(pool)
    assert status.pool == "www", "PHP tells in its place, at once"
