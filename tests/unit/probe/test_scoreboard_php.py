"""fpm_get_status() is called where it harms nobody: in a real php-fpm whose workers start, end and work while we look."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from typing import TYPE_CHECKING

from stalewatch.model.errors import LinkError
from stalewatch.model.snapshot import Pool, RuntimeFacts
from stalewatch.model.text import safe
from stalewatch.probe.health.key import health_file
from stalewatch.probe.runtime.answer import decode
from stalewatch.probe.runtime.request import parameters
from stalewatch.probe.runtime.uploaded_file import contents
from stalewatch.transport.fastcgi.client import request
from tests.unit.probe.conftest import until
from tests.unit.probe.fpm import pool_probe
from tests.unit.probe.test_health_php import KEY, ask, header

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.runtime.answer import Answer
    from stalewatch.transport.local import LocalLink
    from tests.unit.probe.fpm import Fpm

SECONDS = 2.0
"""Of looks while workers come and go: without care, one of the first hundred crashes."""
BODY = b'{"verb": "status"}'


def written(fpm: Fpm) -> Path:
    """The runtime probe's own file."""
    path = fpm.base / "stalewatch" / "runtime.php"
    path.parent.mkdir()
    for name, content in contents().items():
        (path.parent / name).write_bytes(content)
    then = time.time() - 3600
    os.utime(path, (then, then))
    return path


async def many(look: Callable[[], Awaitable[object]], at_once: int = 4) -> int:
    """How many looks were answered."""
    end, answered = time.monotonic() + SECONDS, 0

    async def one() -> None:
        nonlocal answered
        while time.monotonic() < end:
            try:
                await look()
            except LinkError:  # a worker that ends after its request may take the next one with it: FPM's log tells how it ended
                continue
            answered += 1

    await asyncio.gather(*(one() for _ in range(at_once)))
    return answered


async def test_no_look_crashes_a_worker_while_others_start(link: LocalLink, fpm: Fpm) -> None:
    path = written(fpm)
    fpm.start("pm.max_children=4", "pm.max_requests=1")

    async def look() -> None:
        await request(await link.open_unix(str(fpm.socket)), parameters(str(path), "status", b"{}"), b"{}", timeout=5.0)

    assert await many(look) > 20
    assert not fpm.killed, fpm.log


async def test_no_look_through_a_health_file_either(link: LocalLink, fpm: Fpm) -> None:
    path = fpm.root / "health.php"
    path.write_bytes(health_file(KEY))
    fpm.start("pm.max_children=4", "pm.max_requests=1")
    assert await many(lambda: ask(link, fpm, path, header(body=BODY), BODY)) > 20
    assert not fpm.killed, fpm.log


async def told(link: LocalLink, fpm: Fpm, path: Path, body: bytes = b"{}") -> Answer:
    """What one look tells."""
    response = await request(await link.open_unix(str(fpm.socket)), parameters(str(path), "status", body), body, timeout=5.0)
    return decode(response.body, deflated=response.headers.get("x-stalewatch") == "deflate")


async def test_the_first_request_of_all_after_a_start_harms_nobody(link: LocalLink, fpm: Fpm) -> None:
    path = written(fpm)
    for _ in range(5):
        fpm.start("pm.max_children=12")
        await asyncio.gather(*(told(link, fpm, path) for _ in range(3)))
        fpm.stop()
    assert not fpm.killed, fpm.log


async def test_a_look_while_dynamic_workers_are_made_harms_nobody(link: LocalLink, fpm: Fpm) -> None:
    path, slow = written(fpm), fpm.script("slow.php", "usleep(30000); echo 'done';")
    sizes = ("pm.max_children=12", "pm.start_servers=1", "pm.min_spare_servers=1", "pm.max_spare_servers=2")
    fpm.start("pm=dynamic", *sizes, "pm.max_requests=3")

    async def visitors() -> None:
        with contextlib.suppress(OSError):
            await asyncio.to_thread(fpm.get, slow)

    looks, visits = await asyncio.gather(many(lambda: told(link, fpm, path), 1), many(visitors, 6))
    assert looks > 5
    assert visits > 20
    assert not fpm.killed, fpm.log


async def test_while_another_worker_works_it_is_not_asked(link: LocalLink, fpm: Fpm) -> None:
    path, begun = written(fpm), fpm.base / "begun"
    busy = fpm.script(
        "busy.php", f"touch('{begun}'); $end = microtime(true) + 1; while (microtime(true) < $end) {{ usleep(500); }} echo 'done';"
    )
    fpm.start()
    working = asyncio.create_task(asyncio.to_thread(fpm.get, busy))
    await until(begun.exists)
    answer = await told(link, fpm, path)
    assert await working == "done"
    assert (answer.status, answer.unasked) == (None, "busy")
    assert answer.ms < 1000
    assert (await told(link, fpm, path)).status["pool"] == "www"


async def test_what_cannot_be_seen_to_be_safe_is_not_done(link: LocalLink, fpm: Fpm) -> None:
    path = written(fpm)
    fpm.start(f"php_admin_value[open_basedir]={fpm.base}")
    answer = await told(link, fpm, path)
    assert (answer.status, answer.unasked) == (None, "hidden")


async def test_it_is_not_asked_where_we_ask_the_page(link: LocalLink, fpm: Fpm) -> None:
    path = written(fpm)
    fpm.start()
    answer = await told(link, fpm, path, b'{"status": false}')
    assert (answer.status, answer.unasked) == (None, "asked")


async def test_the_first_look_still_sees_what_a_worker_ran_last(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    """The page and our own request take the place of it, of one worker each: the page is asked before there is nothing left to see."""
    both = "touch(__DIR__.'/by.'.getmypid()); for ($i = 0; $i < 1000 && count(glob(__DIR__.'/by.*')) < 2; $i++) usleep(10000); echo 'v1';"
    script = fpm.script("index.php", both)
    fpm.start()
    await asyncio.gather(*(asyncio.to_thread(fpm.get, script) for _ in range(2)))
    pool = pool_probe(link, host, str(fpm.socket), Pool(name=safe("www"), listen=safe(str(fpm.socket)), status_path=safe("/status")))
    for _ in range(3):
        seen = await pool.look(full=True, wait=10.0, idle=False)
        assert isinstance(seen, RuntimeFacts)
        assert seen.seen_status is not None, seen.status
        assert str(script) in seen.seen_status.scripts
