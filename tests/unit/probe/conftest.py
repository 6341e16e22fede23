"""Real shells and a real FPM; what is not installed is skipped with the reason."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.probe.host.host_probe import HostProbe
from stalewatch.transport.local import LocalLink
from tests.unit.probe.fpm import Fpm

SHELLS = {"dash": "dash", "bash": "bash --posix", "busybox": "busybox sh"}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    """The command of one POSIX shell."""
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return SHELLS[request.param]


@pytest_asyncio.fixture
async def link() -> AsyncIterator[LocalLink]:
    link = LocalLink()
    yield link
    await link.close()


@pytest_asyncio.fixture
async def host(link: LocalLink) -> AsyncIterator[HostProbe]:
    """The host probe on this machine, after its first tick."""
    host = HostProbe(link, "ann@laptop", 10.0)
    await host.tick()
    yield host
    await host.close()


@pytest_asyncio.fixture
async def coprocess(link: LocalLink, shell: str) -> AsyncIterator[Coprocess]:
    """``host.sh`` under each shell."""
    running = await Coprocess.start(link, "ann@laptop", 1795557092, shell=shell)
    yield running
    await running.close()


@pytest.fixture
def fpm(tmp_path: Path) -> Iterator[Fpm]:
    """A real php-fpm of our own with an empty OPcache."""
    if Fpm.binary() is None:
        pytest.skip("no php-fpm is installed")
    server = Fpm(tmp_path)
    yield server
    server.stop()
    assert not server.killed, f"a worker crashed:\n{server.log}"


async def until(condition: object, seconds: float = 30.0) -> None:
    """Wait for ``condition()`` to be true."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


def run(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=20).stdout
