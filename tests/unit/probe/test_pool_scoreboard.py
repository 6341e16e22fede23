"""Which way a pool's scoreboard is asked for, and what is told while it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from stalewatch.model import reasons
from stalewatch.model.snapshot import Pool, PoolStatus, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.runtime.answer import Answer, OpcacheAnswer
from stalewatch.probe.runtime.pool_scoreboard import AGAIN, KEPT, PAGE_AGAIN, SELDOM, PoolScoreboard

if TYPE_CHECKING:
    from stalewatch.probe.runtime.pool_connection import PoolConnection

NO_PAGE = reasons.FPM_STATUS_UNREADABLE.unseen("File not found.")
BUSY = reasons.FPM_STATUS_HANGS.unseen("the status page answered 503")


def page(accepted: int = 1) -> PoolStatus:
    return PoolStatus(pool=safe("www"), started=50.0, accepted=accepted)


def answer(accepted: int | None = None, why: str = "asked", start: int = 50, now: float = 1000.0) -> Answer:
    status = None if accepted is None else {"pool": "www", "start-time": 50, "accepted-conn": accepted, "procs": []}
    cache = OpcacheAnswer(start_time=start)
    told = "" if status else why
    return Answer(stalewatch=1, verb="status", sapi="fpm-fcgi", php="8.2.32", now=now, opcache=cache, status=status, unasked=told)


class Connection:
    """A pool that answers what it is given."""

    def __init__(self, *pages: PoolStatus | Unseen, path: str = "", slots: int | None = 5) -> None:
        self.pages = list(pages)
        self.pool = Pool(name=safe("www"), listen=safe("/s"), status_path=safe(path), max_children=slots)
        self.sent = 0

    async def status_page(self, address: str, ahead: tuple[str, bytes] | None = None) -> PoolStatus | Unseen:
        self.sent += 1
        return self.pages.pop(0)


def board(connection: Connection) -> PoolScoreboard:
    return PoolScoreboard(cast("PoolConnection", connection), "/s")


async def test_a_pool_with_a_status_page_is_asked_there_and_php_is_told_not_to() -> None:
    asked = board(Connection(page(3), path="/status"))
    await asked.look_at_page(0.0)
    assert asked.asked(0.0, full=True, needed=False) == {"status": False, "slots": 5, "noted": []}
    assert asked.asked(0.0, full=True, needed=True) == {"status": True, "slots": 5, "noted": []}
    assert asked.told(answer(), 0.0) == page(3)


async def test_a_page_that_is_not_there_is_asked_for_again_a_minute_later_and_php_tells_until_then() -> None:
    connection = Connection(NO_PAGE, page(9), path="/status")
    asked = board(connection)
    for now in (0.0, 2.0):
        await asked.look_at_page(now)
        assert asked.asked(now, full=False, needed=False)["status"] is True
        assert isinstance(asked.told(answer(7), now), PoolStatus)
    assert connection.sent == 1
    await asked.look_at_page(PAGE_AGAIN + 1)
    assert asked.asked(PAGE_AGAIN + 1, full=True, needed=False)["status"] is False
    assert asked.told(answer(), PAGE_AGAIN + 1) == page(9)


async def test_a_page_that_cannot_be_had_now_leaves_what_was_seen_with_its_time() -> None:
    asked = board(Connection(page(3), BUSY, BUSY, BUSY, path="/status"))
    await asked.look_at_page(0.0)
    asked.told(answer(now=900.0), 0.0)
    await asked.look_at_page(2.0)
    kept = asked.told(answer(), 2.0)
    assert isinstance(kept, PoolStatus)
    assert (kept.accepted, kept.seen_at, kept.requests("/status")) == (3, 900.0, None)
    assert asked.told(answer(start=51), 4.0) == BUSY, "the pool was started again: it is another one"
    assert asked.told(answer(), KEPT + 1) == BUSY, "too long ago"


async def test_a_pool_that_others_visit_has_php_asked_once_a_minute() -> None:
    asked = board(Connection())
    assert asked.asked(0.0, full=False, needed=False)["status"] is True
    asked.told(answer(10), 0.0)
    assert asked.asked(2.0, full=False, needed=False)["status"] is True, "nothing is known of its visitors yet"
    asked.told(answer(30), 2.0)
    assert asked.asked(4.0, full=False, needed=False)["status"] is False
    assert asked.asked(4.0, full=True, needed=False)["status"] is True, "somebody asks for all of it"
    kept = asked.told(answer(), 4.0)
    assert isinstance(kept, PoolStatus)
    assert (kept.accepted, kept.seen_at) == (30, 1000.0)
    assert asked.asked(2.0 + SELDOM, full=False, needed=False)["status"] is True


async def test_our_own_requests_are_no_visits() -> None:
    connection = Connection()
    asked = board(connection)
    for number in range(4):
        connection.sent += 1
        asked.told(answer(10 + number), 2.0 * number)
        assert asked.asked(2.0 * number + 2.0, full=False, needed=False)["status"] is True


@pytest.mark.parametrize(
    ("why", "words", "wait"),
    [
        ("starting", "a worker of its master was starting", AGAIN),
        ("busy", "its other workers were at work", AGAIN),
        ("hidden", "/proc", 0.0),
        ("many", "too many workers", 0.0),
    ],
)
async def test_where_php_did_not_ask_it_is_said_why_and_what_to_grant(why: str, words: str, wait: float) -> None:
    asked = board(Connection())
    told = asked.told(answer(why=why), 0.0)
    assert isinstance(told, Unseen)
    assert (told.code, told.grant) == ("fpm.status-unasked", "set pm.status_path")
    assert words in told.message
    assert asked.asked(1.0, full=False, needed=False)["status"] is (wait == 0.0)
    assert asked.asked(wait, full=False, needed=False)["status"] is True
    assert asked.told(answer(), 1.0) == told, "what is not asked again stands as it was"


async def test_a_disabled_function_is_no_danger_but_a_lack() -> None:
    told = board(Connection(slots=None)).told(answer(why="disabled"), 0.0)
    assert isinstance(told, Unseen)
    assert told.code == "fpm.no-status"
