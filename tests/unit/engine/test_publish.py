"""What is shown must be alive: an app that is gone, or an engine that ended, is unknown and never the verdict of before."""

from __future__ import annotations

import threading

import msgspec
import pytest

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.engine.board import Board
from stalewatch.engine.engine import Engine
from stalewatch.engine.poller import Poller
from stalewatch.engine.publisher import Publisher
from stalewatch.model.inventory import Fleet, Server
from stalewatch.model.report import Report, Verdict
from tests.builders.snapshots import snapshot

WEB1 = Server(target="web1", name="web1")
FLEET = Fleet(servers=(WEB1,))


def report(app: str = "/srv/app") -> Report:
    seen = diagnose(Memory(), snapshot())[1]
    return msgspec.structs.replace(seen, server="web1", app=app)  # type: ignore[arg-type]


def shown(board: Board) -> dict[str, Verdict]:
    return {pane.app: pane.report.verdict for pane in board.consume().panes if pane.report is not None}


def test_an_app_that_is_gone_is_unknown_and_its_neighbour_is_not() -> None:
    board = Board()
    publisher = Publisher(board, FLEET)
    publisher.place_holder(WEB1)
    publisher.seen(WEB1, (report("/srv/a"), report("/srv/b")))
    publisher.flush()
    before = shown(board)
    assert Verdict.UNKNOWN not in before.values()
    publisher.seen(WEB1, (report("/srv/a"),))
    publisher.flush()
    assert shown(board) == {"/srv/a": before["/srv/a"], "/srv/b": Verdict.UNKNOWN}


def test_an_engine_that_ended_by_a_bug_leaves_no_pane_that_looks_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look_once_and_wait(poller: Poller) -> None:
        poller._audience.seen(WEB1, (report(),))

    def flush(publisher: Publisher) -> None:
        raise ValueError("a bug")

    told = threading.Event()
    monkeypatch.setattr(Poller, "run", look_once_and_wait)
    monkeypatch.setattr(Publisher, "flush", flush)
    engine = Engine(FLEET)

    def on_change() -> None:
        if any(pane.error for pane in engine.board.consume().panes):
            told.set()

    engine.board.listen(on_change)
    engine.start()
    assert told.wait(10)
    (pane,) = engine.board.consume().panes
    assert pane.report is not None
    assert pane.report.verdict is Verdict.UNKNOWN
    assert pane.error is not None
    assert "a bug" in pane.error.message
    engine.stop()
