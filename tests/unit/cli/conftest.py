"""The seams of the command line, faked: no server is asked here. What the engine does is tested where it lives."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from stalewatch.cli.main import main
from stalewatch.runbook.plan import Plan, Progress, Request, Status
from stalewatch.runbook.propose import sudo_rights

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection
    from pathlib import Path

    from stalewatch.model.expected import ExpectedFile
    from stalewatch.model.inventory import Fleet
    from stalewatch.model.report import Report
    from stalewatch.runbook.rights import Rights


class Seams:
    """What the commands are given in place of the engine. *looks*: the answers of the first, second, … look."""

    def __init__(self) -> None:
        self.looks: list[tuple[Report, ...]] = []
        self.plans: list[Plan] = []
        self.result: dict[tuple[str, str], Status] = {}
        self.progress: list[Progress] = []
        self.fleets: list[Fleet] = []
        self.ran: list[Plan] = []
        self.requests: list[Request] = []
        self.expected: list[tuple[ExpectedFile, ...]] = []
        self.closed = 0
        self.settled: set[tuple[str, str]] = set()
        self.during: Callable[[], None] = lambda: None
        self.opening: Callable[[], None] = lambda: None

    def look(self) -> tuple[Report, ...]:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    @asynccontextmanager
    async def open_fleet(self, fleet: Fleet) -> AsyncIterator[_Session]:
        """As :func:`stalewatch.engine.fleet_session.open_fleet`."""
        self.fleets.append(fleet)
        self.opening()
        try:
            yield _Session(self)
        finally:
            self.closed += 1


class _Session:
    def __init__(self, seams: Seams) -> None:
        self._seams = seams
        self.reports = seams.look()

    async def look(self) -> tuple[Report, ...]:
        self.reports = self._seams.look()
        return self.reports

    async def expect(self, files: tuple[ExpectedFile, ...]) -> tuple[Report, ...]:
        self._seams.expected.append(files)
        return self.reports

    async def settle(self, keys: Collection[tuple[str, str]]) -> tuple[Report, ...]:
        self._seams.settled |= set(keys)
        return self.reports

    def propose(self, request: Request, *, batch: int = 1) -> Plan:
        self._seams.requests.append(request)
        plans = self._seams.plans
        return plans.pop(0) if len(plans) > 1 else plans[0]

    def sudo_rights(self) -> tuple[Rights, ...]:
        return sudo_rights(self.reports, self._seams.fleets[-1])

    async def run(self, plan: Plan, on_progress: Callable[[Progress], None], stopped: Callable[[], str]) -> dict[tuple[str, str], Status]:
        self._seams.ran.append(plan)
        self._seams.during()
        for progress in self._seams.progress:
            on_progress(progress)
        return self._seams.result


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No stalewatch.toml of the checkout, no log in the home of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def seams() -> Seams:
    return Seams()


@pytest.fixture
def stalewatch(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Call the program with arguments; nothing here is a terminal. It asks the test's seams, if the test has any, else the engine."""

    def call(*args: str) -> Result:
        seams = request.getfixturevalue("seams") if "seams" in request.fixturenames else None
        return CliRunner().invoke(main, list(args), obj=seams and seams.open_fleet)

    return call
