"""Links below the root that were switched: what is said of the scripts behind them, by OPcache's keys and by their use."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stalewatch.model.replace import replace
from stalewatch.model.report import Layer, Remedy, Verdict
from stalewatch.model.runtime import CodeLink, ThroughLink
from stalewatch.model.snapshot import PoolWorker
from stalewatch.model.text import safe
from tests.builders.snapshots import NOW, ROOT, START, at, host, looked, only, opcache, runtime, script, snapshot, status, vt0

CODE, OTHER = "opcache.link-switched", "/srv/shop/current"
NOTHING = (Verdict.FRESH, 0)
OLD, PENDING, MAYBE = (Verdict.STALE, 1), (Verdict.PENDING, 1), (Verdict.SUSPECT, 1)


def switched(
    *scripts: tuple[str, float],
    ago: float = 300,
    keyed: bool = False,
    link: str = f"{ROOT}/app",
    passed: str = "",
    cached: bool = True,
    old: str = "/srv/code/v1",
    ttl: int = 120,
    **cache: Any,
) -> Any:
    """A link was switched to /srv/code/v2 *ago* seconds ago; *scripts* of the old target were used last then."""
    links = (CodeLink(safe(link), safe("/srv/code/v2"), at(-ago)),)
    through = tuple(
        ThroughLink(safe(link), safe(old), script(f"{old}/{name}", used=used, cached=cached, hits=hits), keyed=keyed)
        for hits, (name, used) in enumerate(scripts, 1)
    )
    workers = (PoolWorker(pid=1, state=safe("Idle"), started=at(START), script=safe(passed)),)
    facts = runtime(opcache(links=links, through=through, **cache), status=status(workers=workers), realpath_cache_ttl=ttl)
    return snapshot(runtime=facts)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (switched(("A.php", -900), keyed=True, validate_timestamps=False), OLD),
        (switched(("A.php", -5), ago=20, keyed=True, validate_timestamps=False), OLD),
        (switched(("A.php", -900), ("B.php", -5), keyed=True, validate_timestamps=False), OLD),
        (switched(("A.php", -5), ago=20, validate_timestamps=False), PENDING),
        (switched(("A.php", -5), ago=20), PENDING),
        (switched(("A.php", -25), ago=20), NOTHING),
        (switched(("A.php", -100)), MAYBE),
        (switched(("A.php", -179)), NOTHING),
        (switched(("A.php", -5)), MAYBE),
        (switched(("A.php", -5), validate_timestamps=False), MAYBE),
        (switched(("index.php", -5), link=f"{ROOT}/public", passed=f"{ROOT}/public/index.php"), OLD),
        (switched(("index.php", -5), link=f"{ROOT}/public", passed=f"{ROOT}/public/other.php"), MAYBE),
        (switched(("A.php", -5), ago=20, ttl=0, revalidate_freq=2), MAYBE),
        (switched(("A.php", -5), keyed=True, cached=False, validate_timestamps=False), NOTHING),
        (switched(("A.php", -5), keyed=True, link=f"{OTHER}/app", validate_timestamps=False), NOTHING),
        (switched(("A.php", -5), keyed=True, link="/srv/code/current", validate_timestamps=False), OLD),
        (switched(("A.php", -5), link="/srv/code/current"), MAYBE),
        (switched(("A.php", -5), keyed=True, link="/srv/code/current", old=f"{ROOT}/lib", validate_timestamps=False), NOTHING),
        (switched(("A.php", -5), keyed=True, link="/srv/code/current", old=f"{OTHER}/lib", validate_timestamps=False), NOTHING),
        (switched(keyed=True), NOTHING),
    ],
)
def test_what_is_said_of_a_link_that_was_switched(seen: Any, expected: tuple[Verdict, int]) -> None:
    report = looked(msgspec.structs.replace(seen, host=host(other_apps=(safe(OTHER),))))
    found = [each for each in report.findings if each.code == CODE]
    assert (report.layers[Layer.OPCACHE], len(found)) == expected


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (switched(("index.php", -5), link=f"{ROOT}/public", keyed=True, validate_timestamps=False), Verdict.STALE),
        (switched(("index.php", -5), link=f"{ROOT}/public", passed=f"{ROOT}/public/index.php"), Verdict.STALE),
        (switched(("index.php", -5), link=f"{ROOT}/public"), Verdict.FRESH),
    ],
)
def test_what_the_link_led_to_may_have_been_found_as_an_application(seen: Any, verdict: Verdict) -> None:
    found = msgspec.structs.replace(seen, host=host(other_apps=(safe("/srv/code/v1"),)))
    assert looked(found).layers[Layer.OPCACHE] is verdict


def test_a_finding_names_the_link_both_targets_and_the_most_used_scripts() -> None:
    used = [(f"{name}.php", -5.0) for name in "ABCDE"]
    (found,) = (each for each in looked(switched(*used, keyed=True, validate_timestamps=False)).findings if each.code == CODE)
    assert (
        found.summary
        == "the link app leads to /srv/code/v2 now, and PHP still runs 5 scripts of /srv/code/v1, where it led before: most used app/D.php"
    )
    told = {each.label: each.value for each in found.evidence}
    assert told["led to"] == "/srv/code/v1"
    assert told["leads to"] == "/srv/code/v2"
    assert told["most used"] == "app/D.php (4 hits), app/E.php (5 hits), app/B.php (2 hits)"
    assert found.since == at(-300)
    assert found.remedy == (Remedy.RELOAD,)


def test_a_pending_one_ends_when_the_realpath_cache_does() -> None:
    (found,) = (each for each in looked(switched(("A.php", -5), ago=20)).findings if each.code == CODE)
    assert found.until == NOW - 20 + 120 + 2 + 1


def test_one_finding_for_each_link() -> None:
    one, other = switched(("A.php", -5), keyed=True), switched(("B.php", -5), keyed=True, link=f"{ROOT}/vendor", old="/srv/lib/v1")
    caches = one.runtime.opcache, other.runtime.opcache
    both = opcache(
        links=sum((each.links for each in caches), ()), through=sum((each.through for each in caches), ()), validate_timestamps=False
    )
    assert [each.subject for each in looked(snapshot(runtime=runtime(both))).findings if each.code == CODE] == [
        f"{ROOT}/app",
        f"{ROOT}/vendor",
    ]


@pytest.mark.parametrize("path", [f"{ROOT}/app", ROOT])
def test_a_folder_in_the_place_of_a_link_is_called_one(path: str) -> None:
    old = script("/srv/code/v1/Home.php", compiled=None)
    cache = vt0(links=(CodeLink(safe(path), safe(path), at(-60)),), through=(ThroughLink(safe(path), safe("/srv/code/v1"), old, True),))
    report = looked(snapshot(runtime=runtime(cache)))
    found = only(report, Layer.OPCACHE, Verdict.STALE, "opcache.link-switched")
    assert ("is a folder now" in found.summary, "/srv/code/v1" in found.summary) == (True, True)


@pytest.mark.parametrize(
    ("ago", "started", "verdict"),
    [(60, -3_600, Verdict.PENDING), (200, -3_600, Verdict.ABSENT), (60, -30, Verdict.ABSENT)],
    ids=["within the ttl", "the ttl is over", "reloaded since"],
)
def test_without_opcache_the_realpath_cache_keeps_where_the_apps_link_led(ago: float, started: float, verdict: Verdict) -> None:
    release = replace(host().release, link=safe("/srv/shop/current"), switched_at=at(-ago))
    facts = runtime(opcache(enabled=False), status=status(started=at(started)), realpath_cache_ttl=120)
    assert looked(snapshot(host=host(release=release), runtime=facts)).layers[Layer.OPCACHE] is verdict
