"""The incident as three real hosts told it (:mod:`tests.ui.record`), played through the real engine: reports, history, plans are real.

Only the clock is set, and nothing is asked of any server: an engine that is not started answers from its board.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
import pytest

from tests.unit.incidents.play import playing
from tui.board import Pane, State
from tui.engine import Engine
from tui.inventory import Fleet, LogWatch, Server
from tui.snapshot import Snapshot

FILE = Path(__file__).with_suffix(".json")
NAMES = ("web1", "web2", "web3")
FLEET = Fleet(
    servers=tuple(Server(target=name, name=name, group="api", production=True) for name in NAMES),
    logs=(LogWatch(path="storage/logs/laravel.log", alarm=("Call context not found",), reassure=("Function routing",)),),
)
TITLE = "api · prod"
MONOTONIC = 100.0
"""When every pane was heard from."""


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


def engine() -> Engine:
    """An engine that looked until 12:50, when all three ran old code."""
    made = Engine(FLEET)
    for name in NAMES:
        made.board.put(msgspec.structs.replace(_pane(_played()[0], name)), replaces=(name, ""))
    made.board.add(_played()[0].events)
    return made


def go_on(engine: Engine, **groups: str) -> None:
    """The last look, at 13:02, when two of them had been put right. *groups*: of servers, instead of their own."""
    for name in NAMES:
        pane = _pane(_played()[1], name)
        engine.board.put(msgspec.structs.replace(pane, group=groups.get(name, pane.group)))
    engine.board.add(_played()[1].events)


def _pane(state: State, name: str) -> Pane:
    return next(msgspec.structs.replace(pane, received_at=MONOTONIC) for pane in state.panes if pane.server == name)
