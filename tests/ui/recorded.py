"""The incident as three real hosts told it (:mod:`tests.ui.record`), played through the real engine: reports, history, plans are real.

Only the clock is set, and nothing is asked of any server: an engine that is not started answers from its board.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from stalewatch.dashboard.app import StalewatchApp
from stalewatch.engine.board import Pane, State
from stalewatch.engine.engine import Engine
from stalewatch.model.inventory import Fleet, LogWatch, Server
from stalewatch.model.snapshot import Snapshot
from stalewatch.model.text import SafeText
from stalewatch.runbook.plan import Progress, Status
from tests.ui.hands import HandClock
from tests.unit.incidents.play import playing

if TYPE_CHECKING:
    from stalewatch.runbook.plan import ServerPlan

FILE = Path(__file__).with_suffix(".json")
NAMES = ("web1", "web2", "web3")
FLEET = Fleet(
    servers=tuple(Server(target=name, name=name, group="api", production=True) for name in NAMES),
    logs=(LogWatch(path="storage/logs/laravel.log", alarm=("Call context not found",), reassure=("Function routing",)),),
)
HEARD = 100.0
"""When every pane was heard from, by the screens' clock that does not tell the time of day."""


@cache
def looks() -> tuple[Snapshot, ...]:
    return msgspec.json.decode(FILE.read_bytes(), type=tuple[Snapshot, ...])


def now() -> float:
    """A second after the last look."""
    return max(look.observed_at for look in looks()) + 1


@cache
def _played() -> tuple[State, State]:
    """The board while all three were stale, and at the end."""
    with pytest.MonkeyPatch.context() as patched, playing(FLEET, patched) as player:
        states = [player.look(look).state for look in looks()]
    return states[2 * len(NAMES) - 1], states[-1]


def connecting() -> Engine:
    """An engine that has not heard from anybody."""
    return Engine(FLEET)


def engine() -> Engine:
    """An engine that looked until 12:50, when all three ran old code."""
    made = Engine(FLEET)
    for pane in _panes(_played()[0]):
        made.board.put(pane, replaces=(pane.server, ""))
    made.board.add(_played()[0].events)
    return made


def go_on(engine: Engine, copies: int = 0) -> None:
    """The last look, at 13:02, when two of them had been put right. *copies*: so many more of the last one, in another group."""
    panes = _panes(_played()[1])
    for number in range(copies):
        name = f"jobs{number + 1}"
        assert panes[-1].report is not None
        report = msgspec.structs.replace(panes[-1].report, server=name)
        panes.append(msgspec.structs.replace(panes[-1], server=name, group="jobs", production=False, report=report))
        told = [event for event in _played()[1].events if event.server == NAMES[-1]]
        engine.board.add(msgspec.structs.replace(event, server=name, key=f"{name} {event.key}") for event in told)
    for pane in panes:
        engine.board.put(pane)
    engine.board.add(_played()[1].events)


def _panes(state: State) -> list[Pane]:
    return [msgspec.structs.replace(pane, received_at=HEARD) for pane in state.panes if pane.report is not None]


def run(engine: Engine, plan: ServerPlan, status: Status, *, until: int = 0) -> None:
    """The steps of *plan* as its driver would tell: the one numbered *until* (0: the last) is in *status*, those before it are done."""
    pane = next(pane for pane in engine.board.snapshot().panes if pane.key == (plan.server, plan.app))
    steps = plan.steps[: until or None]
    said = [Progress(server=plan.server, app=plan.app, step=step.id, status=Status.DONE, at=now()) for step in steps[:-1]]
    why = {"why": SafeText("bootstrap/cache/config.php is as old as before")} if status is Status.FAILED else {}
    said.append(Progress(server=plan.server, app=plan.app, step=steps[-1].id, status=status, evidence=why, at=now()))
    engine.board.put(msgspec.structs.replace(pane, progress=tuple(said)))


def app(engine: Engine, theme: str = "") -> StalewatchApp:
    """The dashboard at 13:02 that day."""
    made = StalewatchApp(engine, title="api · prod", theme=theme, now=now, monotonic=lambda: HEARD)
    made.key_clock = HandClock()
    return made
