"""Caches that no rule knows are named, whatever the application is."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.model.other_caches import cache_at, patterns_of
from stalewatch.model.snapshot import AppLayout, SymfonyFacts
from stalewatch.model.text import safe
from tests.builders.snapshots import caches, host, looked, quiet, snapshot, uncached

MANY = tuple(f"bootstrap/cache/{name}.php" for name in "abcde")
DROP_IN = "wp-content/object-cache.php"


def said(kind: Any, *paths: str) -> list[str]:
    more: dict[str, Any] = {} if kind == "laravel" else {"caches": (), "symfony": SymfonyFacts() if kind == "symfony" else None}
    report = looked(snapshot(host=host(layout=AppLayout(kind=kind), other_caches=tuple(map(safe, paths)), **more)))
    quiet(report)
    return [str(one.what) for one in report.not_judged]


@pytest.mark.parametrize(
    ("kind", "paths", "what"),
    [
        ("laravel", (), []),
        ("laravel", ("bootstrap/cache/config.php", "bootstrap/cache/routes.php", "bootstrap/cache/services.php"), []),
        ("laravel", ("bootstrap/cache/blade-icons.php",), ["bootstrap/cache/blade-icons.php"]),
        ("laravel", MANY, ["bootstrap/cache/a.php, bootstrap/cache/b.php, bootstrap/cache/c.php and 2 more"]),
        ("laravel", ("bootstrap/cache/filament/panels/admin.php",), ["bootstrap/cache/filament/panels/admin.php"]),
        ("symfony", ("var/cache/prod/twig", ".env.local.php"), ["compiled templates in var/cache/prod/twig", ".env.local.php"]),
        ("wordpress", (DROP_IN, "wp-content/cache/page"), [DROP_IN, "files in wp-content/cache/page"]),
        ("php", ("sites/default/files/php/twig",), ["files in sites/default/files/php/twig"]),
        ("php", ("bootstrap/cache/a.php",), []),
    ],
)
def test_what_no_rule_knows_is_named_beside_the_verdict(kind: Any, paths: tuple[str, ...], what: list[str]) -> None:
    assert said(kind, *paths) == what


def test_without_a_look_nothing_is_said() -> None:
    assert looked(snapshot(host=host(other_caches=None))).not_judged == ()


def test_more_than_are_named_are_counted() -> None:
    report = looked(snapshot(host=host(other_caches=(safe(MANY[0]),), more_caches=7)))
    assert [str(one.what) for one in report.not_judged] == [MANY[0], "7 other caches of these kinds"]


def test_what_the_configuration_asked_is_named_while_it_is_cached() -> None:
    asks = (safe("config/app.php: shell_exec"),)
    report = looked(snapshot(host=host(asks=asks)))
    quiet(report)
    assert [str(one.what) for one in report.not_judged] == ["what the configuration asked when it was cached: config/app.php: shell_exec"]
    assert looked(snapshot(host=host(asks=asks, caches=caches(config=uncached("config"))))).not_judged == ()


def test_what_the_routes_asked_is_named_while_they_are_cached() -> None:
    asks = (safe("routes/web.php: glob"),)
    report = looked(snapshot(host=host(route_asks=asks, caches=caches())))
    quiet(report)
    assert [str(one.what) for one in report.not_judged] == ["what the routes asked when they were cached: routes/web.php: glob"]
    assert looked(snapshot(host=host(route_asks=asks, caches=caches(routes=uncached("routes"))))).not_judged == ()


def test_a_path_is_matched_name_by_name() -> None:
    assert cache_at("var/cache/prod/twig/ab/x.php", "symfony") is None
    assert cache_at("bootstrap/cache/config.php", "laravel") is None
    assert all(
        cache_at(pattern.replace("*", "x"), kind) is not None for kind in ("laravel", "symfony", "php") for pattern in patterns_of(kind)
    )


def test_code_of_others_in_the_same_cache_is_named_and_not_dropped_without_a_word() -> None:
    seen = host(other_apps=(safe("/opt/a"),), unwatched=tuple(safe(f"/opt/{name}") for name in "abcde"))
    report = looked(snapshot(host=seen))
    quiet(report)
    (told,) = report.not_judged
    assert told.what == "code in the same server's OPcache that is no part of what is watched: /opt/a, /opt/b, /opt/c and 2 more"
    assert looked(snapshot(host=host(unwatched=()))).not_judged == ()
