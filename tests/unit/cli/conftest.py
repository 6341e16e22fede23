"""The seams of the command line, faked: no server is asked here. What the engine does is tested where it lives."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from stalewatch.cli.main import main
from stalewatch.runbook.plan import Plan, Progress, Status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from stalewatch.model.inventory import Fleet
    from stalewatch.model.report import Report


class Seams:
    """What the commands find in place of ``stalewatch.engine`` and the planner. *looks*: the answers of the first, second, … look."""

    def __init__(self) -> None:
        self.looks: list[tuple[Report, ...]] = []
        self.plans: list[Plan] = []
        self.result: dict[tuple[str, str], Status] = {}
        self.progress: list[Progress] = []
        self.fleets: list[Fleet] = []
        self.ran: list[Plan] = []
        self.requests: list[object] = []
        self.during: Callable[[], None] = lambda: None

    def look(self) -> tuple[Report, ...]:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    async def look_once(self, fleet: Fleet) -> tuple[Report, ...]:
        self.fleets.append(fleet)
        return self.look()

    @asynccontextmanager
    async def open_sites(self, fleet: Fleet) -> AsyncIterator[_Sites]:
        self.fleets.append(fleet)
        yield _Sites(self)

    def plan(self, reports: object, request: object, **_: object) -> Plan:
        self.requests.append(request)
        return self.plans.pop(0) if len(self.plans) > 1 else self.plans[0]


class _Sites:
    def __init__(self, seams: Seams) -> None:
        self._seams = seams
        self.reports = seams.look()

    async def look(self) -> tuple[Report, ...]:
        self.reports = self._seams.look()
        return self.reports

    async def run(self, plan: Plan, on_progress: Callable[[Progress], None]) -> dict[tuple[str, str], Status]:
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
def seams(monkeypatch: pytest.MonkeyPatch) -> Seams:
    fakes = Seams()
    watch = ModuleType("stalewatch.engine.session_pool")
    watch.look_once = fakes.look_once  # type: ignore[attr-defined]
    watch.open_sites = fakes.open_sites  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "stalewatch.engine.session_pool", watch)
    from stalewatch.runbook import planner

    monkeypatch.setattr(planner, "plan", fakes.plan)
    return fakes


@pytest.fixture
def stalewatch() -> Callable[..., Result]:
    """Call the program with arguments; nothing here is a terminal."""

    def call(*args: str) -> Result:
        return CliRunner().invoke(main, list(args))

    return call
