"""Counters that all pools of a master share, and who asks a pool: pure."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.model.replace import replace
from stalewatch.model.runtime import FromMemory
from stalewatch.model.snapshot import PoolStatus, PoolWorker, RuntimeFacts, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.runtime.shared_counters import OwnRequests, shared, tellers
from stalewatch.probe.runtime.visits import Visits
from tests.builders.snapshots import runtime

DENIED = Unseen(code="fpm.socket-denied", message=safe("not permitted"))
MASTERS = {"a": "/etc/php/8.2", "b": "/etc/php/8.2", "c": "/etc/php/8.4"}


def requests(found: dict[str, Any]) -> dict[str, int]:
    return {address: facts.own_requests for address, facts in found.items() if isinstance(facts, RuntimeFacts)}


def test_our_requests_in_all_pools_of_a_master_missed_in_its_one_cache() -> None:
    looks = {each: runtime(asked_at=1.0) for each in "abc"}
    assert requests(OwnRequests().summed(looks, MASTERS, {"a": (7, 3), "b": (7, 4), "c": (9, 5)})) == {"a": 7, "b": 7, "c": 5}
    assert requests(OwnRequests().summed(looks, {}, {"a": (7, 3), "b": (7, 4), "c": (9, 5)})) == {"a": 3, "b": 4, "c": 5}
    assert requests(OwnRequests().summed(looks, MASTERS, {"a": (8, 1), "b": (7, 4), "c": (9, 5)})) == {"a": 1, "b": 4, "c": 5}, (
        "a new cache"
    )


def test_an_answer_that_is_used_again_keeps_the_sum_of_its_time() -> None:
    own = OwnRequests()
    first = {"a": runtime(asked_at=1.0), "b": DENIED}
    assert requests(own.summed(first, MASTERS, {"a": (7, 3), "b": (7, 0)})) == {"a": 3}
    later = {"a": first["a"], "b": runtime(asked_at=9.0)}
    assert requests(own.summed(later, MASTERS, {"a": (7, 3), "b": (7, 2)})) == {"a": 3, "b": 5}
    again = {"a": replace(first["a"], asked_at=11.0), "b": later["b"]}
    assert requests(own.summed(again, MASTERS, {"a": (7, 4), "b": (7, 2)})) == {"a": 6, "b": 5}


def test_the_first_app_whose_pool_answers_tells_of_its_master() -> None:
    looks: dict[str, RuntimeFacts | Unseen] = {"a": DENIED, "b": runtime(), "c": runtime(), "d": runtime()}
    apps = [("/srv/one", "a"), ("/srv/two", "b"), ("/srv/three", "b"), ("/srv/four", "c"), ("/srv/five", "d")]
    told = tellers(apps, MASTERS, looks)
    assert told == {"a": "/srv/two", "b": "/srv/two", "c": "/srv/four", "d": "/srv/five"}


def test_what_a_worker_of_any_pool_remembers_is_known_of_its_master() -> None:
    one, other = FromMemory(safe("/srv/one"), 9.0), FromMemory(safe("/srv/other"), 9.0)
    looks = {"a": runtime(remembered=(one,)), "b": runtime(remembered=(one, other)), "c": runtime(), "d": DENIED}
    found = shared(looks, {"a": "/srv/app"}, MASTERS)
    assert {each: facts.remembered for each, facts in found.items() if isinstance(facts, RuntimeFacts)} == {
        "a": (one, other),
        "b": (one, other),
        "c": (),
    }
    assert found["d"] is DENIED


def status(accepted: int, *pids: int, started: float = 1.0) -> PoolStatus:
    workers = tuple(PoolWorker(pid=pid, state=safe("Idle"), started=started) for pid in pids)
    return PoolStatus(pool=safe("www"), started=started, accepted=accepted, workers=workers)


@pytest.mark.parametrize(
    ("later", "sent", "peers", "workers", "ours"),
    [
        (status(11, 5), 2, 0, {5}, True),
        (status(11, 5), 2, 0, {5, 6}, False),
        (status(12, 5), 2, 0, {5}, False),
        (status(12, 5), 2, 1, {5}, True),
        (status(14, 5), 2, 1, {5}, False),
        (status(1, 5, started=9.0), 2, 0, {5}, False),
        (None, 2, 0, {5}, False),
    ],
    ids=["nobody else", "a worker came", "somebody asked", "as another watcher does", "more than that", "reloaded", "not told"],
)
def test_who_asked_a_pool(later: PoolStatus | None, sent: int, peers: int, workers: set[int], ours: bool) -> None:
    visits = Visits()
    visits.take(status(10, 5), 1, 0)
    assert not visits.only_ours({5}), "one answer tells of no time"
    visits.take(later, sent, peers)
    assert visits.only_ours(workers) is ours
