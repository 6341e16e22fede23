"""Which verb a pool is asked next."""

from __future__ import annotations

from stalewatch.probe.runtime.answer import Answer, OpcacheAnswer
from stalewatch.probe.runtime.pool_schedule import PoolSchedule


def test_what_was_seen_is_asked_for_once() -> None:
    schedule = PoolSchedule()
    dear = Answer(stalewatch=1, verb="scripts", sapi="fpm-fcgi", php="8.2", now=1.0, opcache=OpcacheAnswer(), ms=100.0)
    schedule.answered("scripts", dear, 1000.0)
    schedule.answered("compare", dear, 1000.0)
    assert schedule.verb(1001.0, None, full=False) == "status", "a comparison of 0.1 s is not due for 20 s"
    assert not schedule.news
    schedule.saw(moved=True)
    assert schedule.news
    assert schedule.verb(1002.0, None, full=False) == "compare"
    assert schedule.verb(1003.0, None, full=False) == "status"
    schedule.saw(moved=False, replaced=True)
    schedule.saw(moved=False)
    assert (schedule.news, schedule.moved) == (True, False)
    assert schedule.verb(1021.0, None, full=False) == "scripts"
    schedule.saw(moved=True)
    assert schedule.verb(1022.0, None, full=True) == "scripts"
    assert not schedule.news
