"""Fixtures of the lab: one lab per pytest process, its hosts restored for every test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.lab import Host, Lab, Unavailable


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Three hosts for the whole session. Skips, with the reason, where hosts cannot be made."""
    with ExitStack() as stack:
        try:
            running = stack.enter_context(Lab(3))
        except Unavailable as reason:
            pytest.skip(str(reason))
        yield running


@pytest.fixture
def hosts(lab: Lab) -> list[Host]:
    """All three hosts in the known good state."""
    lab.restore()
    return lab.hosts


@pytest.fixture
def web1(hosts: list[Host]) -> Host:
    return hosts[0]


@pytest.fixture
def web2(hosts: list[Host]) -> Host:
    return hosts[1]


@pytest.fixture
def web3(hosts: list[Host]) -> Host:
    return hosts[2]
