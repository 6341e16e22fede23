"""Requests in flight where a reload would kill them: counted in every pool of the master, waited for, or refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from stalewatch.model.fixing import InFlight
from stalewatch.model.processes import EndedPool, Unstartable
from stalewatch.model.report import Layer, Report
from stalewatch.model.snapshot import MasterPool, Unseen
from stalewatch.model.text import SafeText, safe
from stalewatch.runbook import idle
from stalewatch.runbook.plan import Choice, Outcome, Phase, Request, ServerPlan, Status, Step
from stalewatch.runbook.preflight import in_flight
from tests.builders.runbook import APP, bytecode, finding, fpm, host, plan, report, runtime, vt0

DENIED = Unseen(code="fpm.socket-denied", message=safe("the socket is not permitted"))


def busy(own: int | None, *others: tuple[str, str, int | None], timeout: float | None = 0.0, **more: Any) -> Report:
    """A reload is needed. *own*: requests of the app's pool (None: it can't be asked); *others*: pool, app, requests."""
    pools = (MasterPool(safe("www"), (safe(APP),), own), *(MasterPool(safe(n), (safe(app),) if app else (), c) for n, app, c in others))
    facts = host(fpm=fpm(process_control_timeout=timeout, pools=pools))
    asked = runtime(opcache=vt0(), running=own) if own is not None else DENIED
    return report(finding(Layer.FPM), *more.get("findings", ()), host_facts=facts, runtime_facts=asked)


def planned(seen: Report, **request: Any) -> ServerPlan:
    return plan([seen], Request(choice=Choice.FIX, **request)).servers[0]


def reload_of(server: ServerPlan) -> Step:
    (step,) = [step for step in server.steps if step.phase is Phase.RELOAD]
    return step


@pytest.mark.parametrize(
    ("seen", "count"),
    [
        (busy(1, ("api", "/srv/api", 3)), 4),
        (busy(0, ("api", "/srv/api", 2), ("batch", "", None)), 2),
        (busy(0, ("api", "/srv/api", 0)), 0),
        (busy(0, ("batch", "", None)), None),
        (busy(None, ("api", "/srv/api", 0)), None),
        (busy(None, ("api", "/srv/api", 1)), 1),
        (busy(5, ("api", "/srv/api", 5), timeout=10.0), 0),
        (busy(1, ("api", "/srv/api", 1), timeout=None), 2),
    ],
)
def test_requests_of_all_pools_of_the_master_are_counted(seen: Report, count: int | None) -> None:
    assert in_flight(seen) == count
    assert planned(seen).in_flight == count


def test_a_pool_that_cannot_be_asked_is_counted_by_the_kernel() -> None:
    facts = host(fpm=fpm(pools=(MasterPool(safe("www"), (safe(APP),), 2),)))
    assert in_flight(report(host_facts=facts, runtime_facts=DENIED)) == 2


def test_the_reload_names_every_pool_and_app_that_it_reaches() -> None:
    warnings = planned(busy(1, ("api", "/srv/gateway", 3), ("batch", "", 0), ("odd", "", None))).warnings
    assert (
        "the reload reaches all pools of this FPM master: pool www (app): 1 request in flight, pool api (gateway): 3 requests in flight, "
        "pool batch: idle and pool odd" in warnings
    )
    assert not any("all pools" in line for line in planned(busy(1)).warnings), "one pool is what everybody expects"


def test_a_reload_that_fpm_does_not_come_back_from_is_not_planned() -> None:
    lacks = (
        Unstartable(safe("/run/x/new.sock"), safe("new")),
        Unstartable(safe("127.0.0.1:9000"), safe("api"), taken=True),
        Unstartable(safe("/run/x/fpm.pid")),
    )
    said = planned(report(finding(Layer.FPM), host_facts=host(fpm=fpm(process_control_timeout=10.0, unstartable=lacks)))).blocked
    assert [line.partition("for all sites: ")[2].partition(" (")[0] for line in said] == [
        "pool new listens on /run/x/new.sock, and the folder /run/x is not there",
        "pool api listens on 127.0.0.1:9000, and another program listens there",
        "its pid file is /run/x/fpm.pid, and the folder /run/x is not there",
    ]


def test_a_reload_that_would_end_a_pool_is_not_planned() -> None:
    ended = (EndedPool(safe("blog")), EndedPool(safe("shop"), safe("/run/php/new.sock")))
    facts = host(fpm=fpm(process_control_timeout=10.0, ended=ended))
    removed, moved = planned(report(finding(Layer.FPM), host_facts=facts)).blocked
    assert removed.startswith("a reload would end pool blog, which runs and is in PHP-FPM's configuration no more: put that right, or")
    assert moved.startswith("a reload would move pool shop to /run/php/new.sock, where nothing listens now: ")


def test_where_it_would_kill_it_waits_and_that_is_said() -> None:
    server = planned(busy(2, findings=(bytecode(),)))
    assert reload_of(server).idle == 30.0
    assert any(
        "it is waited up to 30 s for 2 requests in flight, then the reload is refused; invalidate" in line for line in server.warnings
    )
    assert reload_of(planned(busy(2), in_flight_wait=3.0)).idle == 3.0
    unknown = planned(busy(2, timeout=None))
    assert reload_of(unknown).idle == 30.0
    assert any("not known (default 0): it is waited" in line for line in unknown.warnings)


def test_it_does_not_wait_where_fpm_does_or_where_the_person_says_kill() -> None:
    assert reload_of(planned(busy(2, timeout=10.0))).idle is None
    server = planned(busy(2), in_flight=InFlight.KILL)
    assert reload_of(server).idle is None
    assert any("a reload kills 2 requests in flight" in line for line in server.warnings)


def test_invalidate_instead_is_no_reload_and_where_only_a_reload_helps_it_waits() -> None:
    many = bytecode(*(f"{APP}/app/{n}.php" for n in range(80)))
    seen = report(many, runtime_facts=runtime(opcache=vt0(), running=2))
    assert [step.kind for step in planned(seen, in_flight=InFlight.INVALIDATE).acting] == ["invalidate"]
    assert [step.kind for step in planned(seen).acting] == ["reload"]
    assert reload_of(planned(busy(2), in_flight=InFlight.INVALIDATE)).idle == 30.0


class Session:
    """What each look sees, the last one for ever."""

    def __init__(self, *reports: Report) -> None:
        self._due = list(reports)
        self.report = self._due.pop(0)
        self.looks = 0

    async def look(self) -> Report:
        self.looks += 1
        self.report = self._due.pop(0) if self._due else self.report
        return self.report


def wait(session: Session, limit: float, stopped: Callable[[], str] = lambda: "") -> tuple[object, list[dict[str, SafeText]]]:
    told: list[dict[str, SafeText]] = []
    step = msgspec.structs.replace(reload_of(planned(busy(0))), idle=limit)
    return asyncio.run(idle.until_idle(session, step, 0.0, told.append, stopped)), told  # type: ignore[arg-type]


def test_it_goes_on_as_soon_as_nothing_is_in_flight() -> None:
    both, one, none = busy(1, ("api", "/srv/api", 1)), busy(0, ("api", "/srv/api", 1)), busy(0, ("api", "/srv/api", 0))
    session = Session(both, both, one, none, busy(9))
    refused, told = wait(session, 60.0)
    assert refused is None
    assert session.looks == 3
    assert told == [
        {"waits for": "2 requests in flight (pool www (app) 1 and pool api (api) 1)"},
        {"waits for": "1 request in flight (pool api (api) 1)"},
    ]


def test_what_came_since_the_last_look_is_waited_for_too() -> None:
    refused, told = wait(Session(busy(0), busy(1), busy(0)), 60.0)
    assert refused is None
    assert told == [{"waits for": "1 request in flight (pool www (app) 1)"}]


@pytest.mark.parametrize("seen", [busy(0), busy(None)])
def test_it_does_not_wait_for_what_is_not_there_or_cannot_be_counted(seen: Report) -> None:
    assert wait(Session(seen), 60.0) == (None, [])


def test_who_stops_the_run_ends_the_wait_and_nothing_is_begun() -> None:
    session = Session(busy(3))
    answer, told = wait(session, 3600.0, lambda: "stopped by SIGTERM" if session.looks > 2 else "")
    assert answer == Outcome(status=Status.WAITING, evidence={"why": safe("stopped by SIGTERM")})
    assert len(told) == 2
    assert wait(Session(busy(0)), 60.0, lambda: "stopped by SIGTERM") == (None, []), "what need not wait is asked before each step"


def test_where_they_do_not_end_in_time_it_is_refused_and_says_what_helps() -> None:
    session = Session(busy(3))
    refused, _ = wait(session, 0.0)
    assert session.looks == 1
    assert getattr(refused, "status", None) is Status.FAILED
    words = getattr(refused, "evidence", {})
    assert words["why"] == "3 requests in flight after 0 s (pool www (app) 3): a reload would kill what runs"
    assert "--in-flight invalidate" in words["grant"]
    assert "process_control_timeout" in words["grant"]
