"""Fixtures of the lab: one lab per pytest process, its hosts restored for every test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict

import pytest

from tests.lab import Host, Lab, Unavailable
from tests.lab.harm.never_worse import NeverWorse
from tests.lab.harm.table import Row, table

NEVER_WORSE = "never worse"


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


@pytest.fixture
def never_worse(lab: Lab, request: pytest.FixtureRequest) -> NeverWorse:
    """Fixes whose hosts are recorded before and after; what came of them is in the table that ``make harm`` ends with."""
    words = request.node.name.removeprefix("test_").replace("_", " ").replace("[", ": ").rstrip("]")
    return NeverWorse(lab, words, lambda row: request.node.user_properties.append((NEVER_WORSE, asdict(row))))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if terminalreporter.verbosity < 1:
        return
    ended = [report for word in ("passed", "failed") for report in terminalreporter.stats.get(word, ())]
    rows = [Row(**told) for report in ended for name, told in report.user_properties if name == NEVER_WORSE]
    if rows:
        terminalreporter.section("never worse")
        terminalreporter.write("\n".join([*table(rows), ""]))
