"""A pool's environment against what was cached of it, and .user.ini: pure rules."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.model.replace import replace
from stalewatch.model.report import Layer, Remedy, Verdict
from stalewatch.model.runtime import CachedEnvironment, RunningFile
from stalewatch.model.text import safe
from tests.builders.snapshots import NOW, ROOT, at, caches, file, fpm, host, looked, only, opcache, quiet, runtime, snapshot, status

CACHE = f"{ROOT}/bootstrap/cache/config.php"
POOL = "/etc/php/8.2/fpm/pool.d/www.conf"
BINARY = file("/usr/sbin/php-fpm8.2", -900_000)
OLD, NEWER = file(POOL, -900_000), file(POOL, -900_000, -30)
RELOADED = {"cache": opcache(start_time=int(at(-20))), "status": status(started=at(-20))}


def cached(*differs: str, unlike: tuple[str, ...] = (), path: str = CACHE) -> CachedEnvironment:
    return CachedEnvironment(safe(path), tuple(map(safe, differs)), tuple(map(safe, unlike)))


@pytest.mark.parametrize("pool", [OLD, NEWER])
def test_another_value_than_the_cached_one_is_suspect_whatever_the_times_say(pool: Any) -> None:
    seen = snapshot(host=host(fpm=fpm(config_files=(pool, BINARY))), runtime=runtime(environment=(cached("APP_KEY_OF"),), **RELOADED))
    finding = only(looked(seen), Layer.CONFIG, Verdict.SUSPECT, "config.other-environment")
    assert "APP_KEY_OF" in finding.summary
    assert finding.remedy == (Remedy.REBUILD,), "artisan is given the pool's environment"


@pytest.mark.parametrize(("pool", "verdict"), [(OLD, Verdict.FRESH), (NEWER, Verdict.SUSPECT)])
def test_a_value_that_may_have_been_made_into_another_one_needs_a_newer_pool_file(pool: Any, verdict: Verdict) -> None:
    seen = snapshot(host=host(fpm=fpm(config_files=(pool, BINARY))), runtime=runtime(environment=(cached(unlike=("HOSTS",)),), **RELOADED))
    assert looked(seen).layers[Layer.CONFIG] is verdict


@pytest.mark.parametrize(
    ("variables", "verdict"),
    [(("PATH",), Verdict.SUSPECT), (("APP_ENV",), Verdict.FRESH), (None, Verdict.FRESH)],
    ids=["the pool sets none", "the pool sets it, and PHP compares it", "not told"],
)
def test_a_configuration_that_was_cached_in_another_environment_than_dotenvs(variables: tuple[str, ...] | None, verdict: Verdict) -> None:
    made = tuple(replace(each, environments=(safe("testing"), safe("production"))) if each.name == "config" else each for each in caches())
    told = tuple(map(safe, variables)) if variables is not None else None
    report = looked(snapshot(host=host(caches=made), runtime=runtime(variables=told)))
    assert report.layers[Layer.CONFIG] is verdict
    if verdict is Verdict.SUSPECT:
        found = only(report, Layer.CONFIG, Verdict.SUSPECT, "config.other-environment")
        assert found.summary == "the configuration was cached in the environment testing, and .env says production"


def test_the_same_environment_or_the_cache_of_another_app_says_nothing() -> None:
    for told in ((), (cached(),), (cached("X", path="/srv/blog/bootstrap/cache/config.php"),)):
        quiet(looked(snapshot(runtime=runtime(environment=told))))


def test_a_pool_that_does_not_tell_its_environment_is_said_where_a_configuration_is_cached() -> None:
    untold = runtime(environment=None)
    assert [str(each.what) for each in looked(snapshot(runtime=untold)).not_judged] == ["the environment of PHP-FPM's workers"]
    assert looked(snapshot(runtime=untold)).layers[Layer.CONFIG] is Verdict.FRESH
    without = tuple(each for each in caches() if each.name != "config")
    for quiet_one in (snapshot(), snapshot(host=host(caches=without), runtime=untold), snapshot(host=host(caches=()), runtime=untold)):
        assert not looked(quiet_one).not_judged


def ini(changed: float, ttl: int | None = 300, name: str = f"{ROOT}/public/.user.ini", started: float = -3_600.0, **more: Any) -> Any:
    places = (file(ROOT), file(f"{ROOT}/public/index.php"), file(name, **{"mtime": changed, "ctime": changed, **more}))
    asked = runtime(opcache(start_time=int(at(started))), status=status(started=at(started)), user_ini_ttl=ttl)
    return diagnose(Memory(), snapshot(host=host(places=places), runtime=asked))[1]


def test_a_user_ini_is_pending_until_its_time_is_over() -> None:
    finding = only(ini(-60), Layer.FPM, Verdict.PENDING, "fpm.user-ini-pending")
    assert finding.until == NOW + 240
    only(ini(-60, mtime=-90_000), Layer.FPM, Verdict.PENDING, "fpm.user-ini-pending")
    only(ini(-60, mtime=7_200), Layer.FPM, Verdict.PENDING, "fpm.user-ini-pending")


@pytest.mark.parametrize(
    "report",
    [
        ini(-301),
        ini(-60, ttl=None),
        ini(-60, ttl=30),
        ini(-60, started=-30),
        ini(-60, name=f"{ROOT}/.user.ini"),
    ],
    ids=["over", "PHP reads none", "a short time", "restarted since", "not in the document root"],
)
def test_a_user_ini_that_every_worker_has_read_or_none_reads_says_nothing(report: Any) -> None:
    assert report.layers[Layer.FPM] is Verdict.FRESH
    assert not [finding for finding in report.findings if finding.code == "fpm.user-ini-pending"]


def test_a_pool_file_that_was_settled_does_not_hide_it() -> None:
    settled = runtime(configuration=(RunningFile(safe(POOL), alike=3),), environment=(cached("X"),))
    seen = snapshot(host=host(fpm=fpm(config_files=(NEWER, BINARY))), runtime=settled)
    only(looked(seen), Layer.CONFIG, Verdict.SUSPECT, "config.other-environment")
