"""Each way in which a host can be worse after a fix is found, and what a fix may do is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.lab.harm.seen import Answer, File, Page, Pool, Process, Seen, Unit
from tests.lab.harm.table import Row, table
from tests.lab.harm.worse import worse

HOME, CONFIG = Page(), Page("/config")
SOURCE, CACHE = "/srv/app/app/Home.php", "/srv/app/bootstrap/cache/config.php"
GOOD = Seen(
    {HOME: Answer(200, "home v2"), CONFIG: Answer(200, "v1 agent-v3")},
    frozenset({File(SOURCE, "1 1 1 deploy:deploy 644"), File(CACHE, "")}),
    frozenset({Process(70, "php"), Process(80, "sleep")}),
    frozenset({Unit("php8.2-fpm.service", 60, "1"), Unit("laravel-worker.service", 70, "2")}),
    frozenset({Pool("www", "fpm", "100"), Pool("side", "fpm", "100"), Pool("shop", "shop", "90")}),
)
RELOADED = GOOD.pools - {Pool("www", "fpm", "100"), Pool("side", "fpm", "100")} | {Pool("www", "fpm", "200"), Pool("side", "fpm", "200")}


def found(said: str = "", **changed: Any) -> tuple[int, int, int]:
    """How many violations there are of answers, of what is left, and of others."""
    answers, left, others = worse(GOOD, replace(GOOD, **changed), said)
    return len(answers), len(left), len(others)


@pytest.mark.parametrize(
    ("home", "violations"),
    [
        (Answer(200, "home v2"), 0),
        (Answer(200, "home v3"), 0),
        (Answer(302, ""), 0),
        (Answer(404, "not found"), 1),
        (Answer(500, "Server Error"), 1),
        (Answer(0, ""), 1),
        (Answer(200, "home v1"), 1),
    ],
)
def test_an_answer_gets_worse(home: Answer, violations: int) -> None:
    assert found(answers={**GOOD.answers, HOME: home}) == (violations, 0, 0)


def test_what_did_not_answer_before_cannot_get_worse() -> None:
    broken = replace(GOOD, answers={HOME: Answer(500, "")})
    assert worse(broken, replace(GOOD, answers={HOME: Answer(0, "")}), "") == ([], [], [])


@pytest.mark.parametrize(
    ("files", "violations"),
    [
        (GOOD.files | {File("/tmp/stalewatch-run.1", "0")}, 1),
        (GOOD.files | {File("/srv/app/bootstrap/cache/.stalewatch", "0")}, 1),
        (GOOD.files | {File("/srv/app/bootstrap/cache/routes-v7.php", "")}, 0),
        (GOOD.files - {File(CACHE, "")}, 1),
        (GOOD.files - {File(SOURCE, "1 1 1 deploy:deploy 644")}, 1),
        (GOOD.files - {File(SOURCE, "1 1 1 deploy:deploy 644")} | {File(SOURCE, "1 1 1 root:root 644")}, 1),
    ],
)
def test_files_are_left_taken_away_or_changed(files: frozenset[File], violations: int) -> None:
    assert found(files=files) == (0, violations, 0)


def test_something_of_ours_or_a_program_runs_on() -> None:
    assert found(ours=("stalewatch-lock",)) == (0, 1, 0)
    assert found(processes=GOOD.processes | {Process(90, "php")}) == (0, 1, 0)


def test_somebody_elses_program_ends() -> None:
    assert found(processes=GOOD.processes - {Process(80, "sleep")}) == (0, 0, 1)
    assert found("queue:restart", processes=GOOD.processes - {Process(80, "sleep")}) == (0, 0, 1)


def test_only_a_fix_that_restarts_workers_restarts_workers() -> None:
    restarted: dict[str, Any] = {
        "processes": GOOD.processes - {Process(70, "php")} | {Process(71, "php")},
        "units": GOOD.units - {Unit("laravel-worker.service", 70, "2")} | {Unit("laravel-worker.service", 71, "3")},
    }
    assert found("queue:restart", **restarted) == (0, 0, 0)
    assert found(**restarted) == (0, 1, 2)
    assert found("queue:restart", units=GOOD.units - {Unit("php8.2-fpm.service", 60, "1")}) == (0, 0, 1)


@pytest.mark.parametrize("said", ["✓ web1 /srv/app  reload  done  pool: new", '{"step": "reload", "status": "done"}'])
def test_only_a_fix_that_reloads_reloads_and_only_its_own_master(said: str) -> None:
    assert found(said, pools=RELOADED) == (0, 0, 0)
    assert found("6. reload  opcache_invalidate(…)", pools=RELOADED) == (0, 0, 2), "the name of a phase"
    assert found(said, pools=GOOD.pools - {Pool("shop", "shop", "90")} | {Pool("shop", "shop", "200")}) == (0, 0, 1)


def test_the_table_ends_with_the_counts() -> None:
    fine = Row("half a cache file", "200 home v1", "200 home v1", "1", "", "", excused=False, violation=False)
    told = replace(fine, after="500", excused=True)
    lines = table([fine, told, replace(fine, left="new: /tmp/x", violation=True)])
    assert lines[1:] == [
        "✗ half a cache file | 200 home v1 | 1 | new: /tmp/x | untouched",
        "✓ half a cache file | 200 home v1 | 1 | nothing | untouched",
        "! half a cache file | 200 home v1 → 500 | 1 | nothing | untouched",
        "3 fixes, 1 violations; 1 made an application answer worse and said so",
    ]
