"""What is told of a fleet that is watched: once per cause, when it stands, and when it is over. Time is a number here."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stalewatch.diagnosis.unreachable import as_unreachable
from stalewatch.engine import incident_store
from stalewatch.engine.incidents import About, Incidents, Notice, NoticeKind, Patience
from stalewatch.engine.seen_server import SeenServer
from stalewatch.engine.standing import CALM, FLAPS, Standing
from stalewatch.model import reasons
from stalewatch.model.inventory import Fleet, Server
from stalewatch.model.report import Finding, Layer, Report, Verdict
from tests.builders import incident as build
from tests.builders import values

if TYPE_CHECKING:
    from pathlib import Path

SETTLE, GATHER, REMIND = 30.0, 15.0, 3600.0
PATIENCE = Patience(settle=SETTLE, gather=GATHER, remind=REMIND)
BEGIN = 1_800_000_000.0
LOST = reasons.LINK_SILENT.unseen("no answer for 10 s")
ROOT = "/srv/shop"


def report(server: str, *findings: Finding, **more: object) -> Report:
    return values.report(server, ROOT, *findings, **more)


def fresh(server: str) -> Report:
    return report(server)


def stale(server: str, layer: Layer = Layer.OPCACHE, verdict: Verdict = Verdict.STALE, code: str = "") -> Report:
    return report(server, values.finding(layer, verdict, code=code))


def lost(server: str) -> SeenServer:
    return SeenServer(server=server, took=0.1, error=LOST, reports=(as_unreachable(stale(server), LOST),))


class Clock:
    """Looks each second at the same fleet, until something else is shown."""

    def __init__(self, incidents: Incidents | None = None) -> None:
        self.incidents = incidents or Incidents(PATIENCE)
        self.now = 0.0
        self.told: list[tuple[float, Notice]] = []

    def look(self, seconds: float, *reports: Report | SeenServer) -> list[Notice]:
        servers = [
            one if isinstance(one, SeenServer) else SeenServer(server=one.server, took=0.1, reports=(one,) if one.app else ())
            for one in reports
        ]
        told: list[Notice] = []
        until = self.now + seconds
        while self.now < until:
            self.now += 1.0
            new = self.incidents.look(servers, BEGIN + self.now)
            self.told += [(self.now, notice) for notice in new]
            told += new
        return told


def names(notice: Notice) -> list[str]:
    return [one.server for one in notice.affected]


def test_a_verdict_that_stands_is_told_once_and_its_end_once() -> None:
    clock = Clock()
    assert clock.look(60, fresh("web1")) == []
    assert clock.look(SETTLE, stale("web1")) == []
    (began,) = clock.look(600, stale("web1"))
    assert (began.kind, began.about, names(began)) == (NoticeKind.BEGAN, About.CODE, ["web1"])
    (over,) = clock.look(600, fresh("web1"))
    assert (over.kind, names(over)) == (NoticeKind.OVER, ["web1"])
    assert over.lasted == SETTLE + 600
    assert clock.incidents.opened == ()


def test_a_first_look_that_finds_old_code_is_told() -> None:
    (began,) = Clock().look(SETTLE + GATHER + 1, stale("web1"))
    assert began.kind is NoticeKind.BEGAN


def test_servers_are_named_in_the_order_of_the_inventory_whichever_was_seen_first() -> None:
    clock = Clock()
    clock.look(1, SeenServer(server="web1"), stale("web2"))
    (began,) = clock.look(SETTLE + GATHER + 1, stale("web1"), stale("web2"))
    assert names(began) == ["web1", "web2"]


def test_what_does_not_stand_is_not_told_and_neither_is_a_fresh_moment() -> None:
    clock = Clock()
    assert clock.look(SETTLE, stale("web1")) == []
    assert clock.look(SETTLE * 20, fresh("web1")) == []
    clock.look(100, stale("web1"))
    assert clock.look(SETTLE - 1, fresh("web1")) == []
    assert clock.look(SETTLE * 20, stale("web1")) == []


def test_a_deploy_that_reaches_twelve_servers_within_a_look_is_one_message() -> None:
    fleet = [f"web{number}" for number in range(12)]
    clock = Clock()
    for reached in range(12):
        assert clock.look(1, *(stale(name) if at <= reached else fresh(name) for at, name in enumerate(fleet))) == []
    (began,) = clock.look(120, *map(stale, fleet))
    assert sorted(names(began)) == sorted(fleet)
    assert clock.look(120, fresh("web0"), *map(stale, fleet[1:])) == [], "it is not over"
    (over,) = clock.look(120, *map(fresh, fleet))
    assert sorted(names(over)) == sorted(fleet)


def test_different_findings_of_one_moment_are_one_message() -> None:
    (began,) = Clock().look(90, stale("web1"), stale("queue1", Layer.WORKERS, Verdict.SUSPECT))
    assert names(began) == ["web1", "queue1"]


def test_a_server_that_becomes_stale_later_is_told_by_itself() -> None:
    clock = Clock()
    clock.look(300, stale("web1"), fresh("web2"))
    (began,) = clock.look(300, stale("web1"), stale("web2"))
    assert names(began) == ["web2"]


def test_a_reminder_comes_at_most_as_often_as_asked_for_and_names_who_is_left() -> None:
    clock = Clock()
    clock.look(100, stale("web1"), stale("web2"))
    told = clock.look(3 * REMIND, stale("web1"), fresh("web2"))
    assert [(notice.kind, names(notice)) for notice in told] == [(NoticeKind.STILL, ["web1"])] * len(told)
    assert len(told) in (2, 3)


def test_what_was_suspected_and_is_proven_is_news_and_the_other_way_round_is_none() -> None:
    clock = Clock()
    clock.look(100, stale("web1", verdict=Verdict.SUSPECT, code="opcache.maybe"))
    (proven,) = clock.look(100, stale("web1", code="opcache.proven"))
    assert proven.kind is NoticeKind.BEGAN
    assert clock.look(100, stale("web1", verdict=Verdict.SUSPECT, code="opcache.maybe")) == []
    assert [notice.kind for notice in clock.look(100, fresh("web1"))] == [NoticeKind.OVER]


def test_another_cause_on_the_same_server_is_news_and_a_known_one_is_not() -> None:
    clock = Clock()
    both = report("web1", values.finding(Layer.OPCACHE, code="opcache.old"), values.finding(Layer.CONFIG, code="config.old"))
    clock.look(100, both)
    assert clock.look(100, stale("web1", Layer.CONFIG, code="config.old")) == []
    (news,) = clock.look(100, stale("web1", Layer.WORKERS, code="workers.old"))
    assert news.kind is NoticeKind.BEGAN


def test_pending_and_unseen_leave_what_was_told_as_it_is() -> None:
    clock = Clock()
    clock.look(100, stale("web1"))
    assert clock.look(200, report("web1", values.finding(Layer.OPCACHE, Verdict.PENDING))) == []
    (away,) = clock.look(200, lost("web1"))
    assert (away.kind, away.about) == (NoticeKind.BEGAN, About.SIGHT)
    (back,) = clock.look(200, stale("web1"))
    assert (back.kind, back.about) == (NoticeKind.OVER, About.SIGHT)
    assert [notice.about for notice in clock.look(200, fresh("web1"))] == [About.CODE]


def test_pending_alone_is_not_told() -> None:
    assert Clock().look(600, report("web1", values.finding(Layer.OPCACHE, Verdict.PENDING))) == []


@pytest.mark.parametrize("period", [5, 10, 29, 40, 55])
def test_a_server_that_flaps_is_told_once_as_flapping_until_it_stays(period: int) -> None:
    clock = Clock()
    for _ in range(3600 // period):
        clock.look(period, stale("web1"))
        clock.look(period, fresh("web1"))
    flaps = [notice for _, notice in clock.told if notice.kind is NoticeKind.FLAPS]
    assert len(flaps) == 1
    assert clock.told[-1][1] is flaps[0], "and nothing after it"
    assert len(clock.told) <= FLAPS
    (end,) = clock.look(SETTLE * CALM * 2, stale("web1"))
    assert end.kind is NoticeKind.BEGAN


def test_a_server_that_flapped_and_stays_fresh_is_told_so() -> None:
    clock = Clock()
    for _ in range(10):
        clock.look(10, stale("web1"))
        clock.look(10, fresh("web1"))
    (end,) = clock.look(SETTLE * CALM * 2, fresh("web1"))
    assert end.kind is NoticeKind.OVER
    assert clock.incidents.opened == ()


def test_a_server_that_flaps_hides_no_other() -> None:
    clock = Clock()
    for _ in range(60):
        clock.look(10, stale("web1"), stale("web2"))
        clock.look(10, fresh("web1"), stale("web2"))
    assert [names(notice) for _, notice in clock.told if notice.kind is NoticeKind.BEGAN] == [["web2"]]


def test_an_app_that_is_gone_is_over() -> None:
    clock = Clock()
    clock.look(100, stale("web1"))
    (over,) = clock.look(100, SeenServer(server="web1", took=0.1))
    assert over.kind is NoticeKind.OVER


def test_a_server_that_nobody_has_reached_yet_is_not_told() -> None:
    assert Clock().look(600, SeenServer(server="web1")) == []


def test_a_restart_does_not_tell_the_same_again_and_tells_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    fleet = Fleet(servers=(Server(target="web1", name="web1"),))
    clock = Clock()
    clock.look(100, stale("web1"))
    incident_store.save(fleet, clock.incidents.opened)
    (file,) = (tmp_path / "stalewatch" / "watch").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    again = Clock(Incidents(PATIENCE, incident_store.load(fleet)))
    again.now = 200.0
    assert again.look(50, SeenServer(server="web1")) == []
    assert again.look(600, stale("web1")) == []
    assert [notice.kind for notice in again.look(100, fresh("web1"))] == [NoticeKind.OVER]
    assert incident_store.load(Fleet(servers=(Server(target="web2", name="web2"),))) == ()
    file.write_bytes(b"[" * 100_000)
    assert incident_store.load(fleet) == ()


def test_it_counts_from_the_change_that_does_not_run() -> None:
    seen = report("web1", values.finding(Layer.OPCACHE), stale_since=build.NOW - 1440, observed_at=build.NOW)
    (began,) = Clock().look(SETTLE + GATHER + 1, seen)
    assert began.lasted == 1440


@settings(max_examples=30)
@example([(True, 1), (False, 1), (True, 46), (False, 1), (True, 1)])
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 200)), max_size=40))
def test_whatever_comes_is_told_in_pairs_and_never_too_often(spans: list[tuple[bool, int]]) -> None:
    clock = Clock()
    for bad, seconds in spans:
        clock.look(seconds, stale("web1") if bad else fresh("web1"))
    clock.look(CALM * SETTLE + SETTLE + GATHER + 1, fresh("web1"))
    kinds = [notice.kind for _, notice in clock.told if notice.kind is not NoticeKind.STILL]
    assert clock.incidents.opened == ()
    assert (kinds[-1:] or [NoticeKind.OVER]) == [NoticeKind.OVER]
    assert all(one is not two for one, two in itertools.pairwise(kinds))
    times = [at for at, _ in clock.told]
    assert all(later - sooner >= GATHER for sooner, later in itertools.pairwise(times))


def test_standing_forgets_changes_that_are_long_ago() -> None:
    standing, now = Standing(), 0.0
    for number in range(40):
        now += 10 * SETTLE
        standing = standing.seen(number % 2 == 0, now, SETTLE)
        assert not standing.flapping
