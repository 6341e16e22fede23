"""One host, restored for every layout, whose pool never looks at the disk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab import Host, Lab, Unavailable
from tests.strangers import web_servers


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-layouts", action="store_true", help="every layout, not only those that take a few seconds")


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Skips, with the reason, where hosts cannot be made."""
    try:
        running = Lab(1).__enter__()
    except Unavailable as reason:
        pytest.skip(str(reason))
    yield running
    running.close()


@pytest.fixture
def stranger(lab: Lab) -> Iterator[Host]:
    """web1 in its known good state with validate_timestamps=0."""
    lab.restore()
    host = lab["web1"]
    host.fpm(validate_timestamps=0)
    yield host
    web_servers.end(host)
