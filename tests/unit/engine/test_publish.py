"""What is shown must be alive: an app that is gone, or an engine that ended, is unknown and never the verdict of before."""

from __future__ import annotations

import threading
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.engine.board import Board
from stalewatch.engine.engine import Engine
from stalewatch.engine.poller import Poller
from stalewatch.engine.publisher import Publisher
from stalewatch.engine.same_look import says_the_same
from stalewatch.model.inventory import Fleet, Server
from stalewatch.model.report import Report, Verdict
from stalewatch.model.runtime import PoolWorker
from stalewatch.model.snapshot import HostFacts, Unseen
from stalewatch.model.text import safe
from tests.builders.snapshots import START, at, opcache, runtime, snapshot, status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def looked_again(before: Report, at: float, **more: object) -> Report:
    """The same server, looked at *at* again."""
    assert before.snapshot is not None
    assert isinstance(before.snapshot.host, HostFacts)
    host = msgspec.structs.replace(before.snapshot.host, now=at, slow_at=at)
    seen = msgspec.structs.replace(before.snapshot, observed_at=at, host=host)
    return msgspec.structs.replace(before, snapshot=seen, observed_at=at, **more)


def published(clock: Iterator[float], *reports: Report) -> tuple[Publisher, Board, list[int]]:
    """Who published *reports*, where they are, and a list that grows whenever somebody is told of a change."""
    board, told = Board(), []
    publisher = Publisher(board, FLEET, monotonic=lambda: next(clock))
    publisher.place_holder(WEB1)
    publisher.seen(WEB1, reports)
    publisher.flush()
    board.listen(lambda: told.append(board.snapshot().version))
    board.consume()
    told.clear()
    return publisher, board, told


def test_a_look_that_tells_nothing_new_is_told_to_nobody_and_is_the_newest() -> None:
    first = report()
    publisher, board, told = published(count(100.0), first)
    before = board.snapshot()
    publisher.seen(WEB1, (looked_again(first, 5000.0),))
    publisher.flush()
    after = board.snapshot()
    assert told == []
    assert (after.version, after.again) == (before.version, before.again + 1)
    assert [pane.report.observed_at for pane in after.panes if pane.report is not None] == [5000.0]
    assert publisher.report(first.key) == looked_again(first, 5000.0)
    assert board.looked_at == after.panes[0].received_at != before.panes[0].received_at


@pytest.mark.parametrize(
    "other",
    [
        lambda first: looked_again(first, 5000.0, hit_rate=0.5),
        lambda first: looked_again(first, 5000.0, verdict=Verdict.SUSPECT),
        lambda first: looked_again(msgspec.structs.replace(first, snapshot=snapshot(clock_offset=3.0)), 5000.0),
        lambda first: looked_again(msgspec.structs.replace(first, snapshot=snapshot(runtime=Unseen(code="x", message=safe("x")))), 5000.0),
    ],
)
def test_a_look_that_tells_anything_else_is_told(other: Callable[[Report], Report]) -> None:
    first = report()
    publisher, board, told = published(count(100.0), first)
    publisher.seen(WEB1, (other(first),))
    publisher.flush()
    assert told
    assert board.snapshot().panes[0].report == other(first)


def asked(hits: int = 900, requests: int = 4, script: str = "/tmp/stalewatch-1/runtime.php", **more: Any) -> Report:
    """A server that answered looks of ours."""
    worker = PoolWorker(pid=1, state=safe("Idle"), started=at(START), requests=requests, uri=safe("/x"), script=safe(script))
    counts = opcache(hits=hits, misses=100 + requests)
    seen = runtime(counts, own_requests=requests, status=status(workers=(worker,), accepted=2 * requests, active=requests))
    return diagnose(Memory(), snapshot(runtime=seen, **more))[1]


def test_what_our_own_requests_move_is_nothing_new() -> None:
    assert says_the_same(asked(), asked(requests=5, clock_offset=0.02))


@pytest.mark.parametrize("other", [{"hits": 901}, {"script": "/srv/app/public/index.php"}, {"clock_offset": 3.0}])
def test_what_somebody_else_moves_is(other: dict[str, Any]) -> None:
    assert not says_the_same(asked(), asked(**other))


def test_the_first_look_after_the_link_was_lost_is_told_whatever_it_tells() -> None:
    first = report()
    publisher, board, told = published(count(100.0), first)
    publisher.failed(WEB1.name, Unseen(code="link.closed", message=safe("closed")), None, ())
    publisher.seen(WEB1, (looked_again(first, 5000.0),))
    publisher.flush()
    assert told
    assert board.snapshot().panes[0].error is None


def test_an_app_that_is_gone_is_told_although_its_neighbour_tells_nothing_new() -> None:
    one, other = report("/srv/a"), report("/srv/b")
    publisher, board, told = published(count(100.0), one, other)
    publisher.seen(WEB1, (looked_again(one, 5000.0),))
    publisher.flush()
    assert told
    assert shown(board)["/srv/b"] is Verdict.UNKNOWN


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
