"""When a health URL is asked beside a pool, and what its answer is worth."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.model.inventory import AppEntry
from stalewatch.model.replace import replace
from stalewatch.model.runtime import HealthCheck, RuntimeFacts
from stalewatch.model.snapshot import HostFacts, Pool, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.health.health_urls import is_guessed, judged_by, with_health
from stalewatch.probe.host.discovery import AppLocation
from tests.builders.snapshots import NOT_PERMITTED, fpm, host, runtime, snapshot, status

WWW = Pool(name=safe("www"), listen=safe("/run/php/www.sock"), user=safe("www-data"))
CHECK = HealthCheck(url=safe("http://web1/health"), hit_rate=0.97)


def told(sapi: str = "fpm-fcgi", **more: Any) -> RuntimeFacts:
    return replace(runtime(**more), via="health_url", sapi=safe(sapi))


@pytest.mark.parametrize(
    ("location", "guessed"),
    [
        (AppLocation(path="/srv/app"), True),
        (AppLocation(path="/srv/app", entry=AppEntry(socket="/run/a.sock")), False),
        (AppLocation(path="/srv/app", passes_to="/run/a.sock"), False),
        (AppLocation(path="/srv/app", cached_by="/run/a.sock"), False),
        (AppLocation(path="/srv/app", runs_php=True), False),
    ],
)
def test_a_pool_is_guessed_where_nothing_but_its_being_there_speaks_for_it(location: AppLocation, guessed: bool) -> None:
    assert is_guessed(location) is guessed


@pytest.mark.parametrize(
    ("answer", "pool", "said"),
    [
        (told(), WWW, ""),
        (told("apache2handler"), None, ""),
        (told(status=NOT_PERMITTED), WWW, ""),
        (told("apache2handler"), WWW, "PHP as apache2handler answered"),
        (told(status=status(pool=safe("blog"))), WWW, "pool blog answered"),
        (told(user=safe("blog"), status=NOT_PERMITTED), WWW, "a pool of blog answered"),
    ],
)
def test_another_runtime_than_the_pool_that_serves_the_app_counts_for_nothing(answer: RuntimeFacts, pool: Pool | None, said: str) -> None:
    judged = judged_by(answer, pool)
    if not said:
        assert judged is answer
        return
    assert isinstance(judged, Unseen)
    assert judged.code == "health-url.other-host"
    assert said in judged.message


def test_where_no_socket_tells_the_url_does() -> None:
    silent = snapshot(runtime=NOT_PERMITTED)
    assert with_health(silent, None) is silent
    seen = with_health(silent, told())
    assert seen.seen_runtime is not None
    assert seen.seen_runtime.via == "health_url"
    assert seen.seen_fpm == fpm()


def test_php_that_is_no_pool_takes_the_place_of_a_pool_that_was_guessed() -> None:
    for before in (snapshot(), snapshot(runtime=NOT_PERMITTED)):
        seen = with_health(before, told("litespeed"))
        assert isinstance(seen.host, HostFacts)
        assert isinstance(seen.host.fpm, Unseen)
        assert seen.host.fpm.code == "fpm.not-used"
        assert seen.seen_runtime is not None
        assert seen.seen_runtime.sapi == "litespeed"


def test_what_a_socket_told_stays() -> None:
    before = snapshot(host=host())
    assert with_health(before, told()) is before
    assert with_health(before, CHECK).problems == before.problems
    failed = with_health(before, NOT_PERMITTED)
    assert failed.runtime is before.runtime
    assert NOT_PERMITTED in failed.problems


def test_a_health_check_alone_is_not_enough_and_says_so() -> None:
    seen = with_health(snapshot(runtime=NOT_PERMITTED), CHECK)
    assert seen.runtime is NOT_PERMITTED
    assert seen.health_check is CHECK
    assert [problem.code for problem in seen.problems] == ["health-url.least"]
