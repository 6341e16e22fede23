"""Symfony's compiled container and routes: a healthy Symfony application with one thing changed."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.model.report import Layer, Remedy, Report, Verdict
from stalewatch.model.snapshot import AppLayout, Compiled, FileStat, Pool, SymfonyFacts
from stalewatch.model.text import safe
from tests.builders.snapshots import (
    CACHED,
    NOT_PERMITTED,
    ROOT,
    WRITTEN,
    at,
    file,
    fpm,
    host,
    looked,
    only,
    opcache,
    quiet,
    runtime,
    script,
    snapshot,
)

STALE, SUSPECT, UNKNOWN, ABSENT, FRESH = Verdict.STALE, Verdict.SUSPECT, Verdict.UNKNOWN, Verdict.ABSENT, Verdict.FRESH
_FILES: dict[Any, str] = {"config": "App_KernelContainer.php", "routes": "url_matching_routes.php"}
BOTH = [Layer.CONFIG, Layer.ROUTES]


def compiled(layer: Any, *sources: FileStat, env: str = "prod", made: float = CACHED, **more: Any) -> Compiled:
    stat = file(f"var/cache/{env}/{_FILES[layer]}", made)
    named = (*sources, file(f"config/{layer}.yaml"))
    return Compiled(**{"layer": layer, "environment": safe(env), "file": stat, "sources": named, **more})


def symfony(*found: Compiled, runs: Any = None, pool: Pool | None = None, **more: Any) -> Report:
    facts = SymfonyFacts(compiled=(*found, *(compiled(layer) for layer in _FILES if layer not in {each.layer for each in found})), **more)
    seen = host(layout=AppLayout(kind="symfony"), caches=(), symfony=facts, **({"fpm": fpm(pool=pool)} if pool is not None else {}))
    return looked(snapshot(host=seen, runtime=runs or runtime()))


def test_what_was_compiled_after_its_sources_is_fresh() -> None:
    report = symfony()
    quiet(report)
    assert {layer: report.layers[layer] for layer in BOTH} == dict.fromkeys(BOTH, FRESH)
    assert report.layers[Layer.EVENTS] is report.layers[Layer.VIEWS] is ABSENT


@pytest.mark.parametrize("layer", BOTH)
def test_a_newer_source_proves_it_old(layer: Layer) -> None:
    finding = only(symfony(compiled(layer.value, file("config/services.yaml", -60))), layer, STALE, f"{layer}.compiled-stale")
    assert finding.subject == "config/services.yaml"
    assert finding.since == at(-60)
    assert finding.remedy == (Remedy.REBUILD,)
    assert "made for prod" in finding.summary


@pytest.mark.parametrize("layer", BOTH)
def test_a_source_that_is_gone_proves_it_old(layer: Layer) -> None:
    finding = only(symfony(compiled(layer.value, gone=(safe("config/old.yaml"),))), layer, STALE, f"{layer}.compiled-stale")
    assert finding.summary.startswith("config/old.yaml was removed after")


@pytest.mark.parametrize(("layer", "code"), [(Layer.CONFIG, "config.compiled-suspect"), (Layer.ROUTES, "routes.compiled-suspect")])
def test_a_newer_ctime_alone_suspects(layer: Layer, code: str) -> None:
    only(symfony(compiled(layer.value, file("config/a.yaml", WRITTEN, -60))), layer, SUSPECT, code)


@pytest.mark.parametrize(("layer", "code"), [(Layer.CONFIG, "config.compiled-unseen"), (Layer.ROUTES, "routes.compiled-unseen")])
def test_without_its_list_of_sources_it_is_unknown(layer: Layer, code: str) -> None:
    only(symfony(compiled(layer.value, sources=None)), layer, UNKNOWN, code)


@pytest.mark.parametrize("layer", BOTH)
def test_sources_that_were_not_looked_at_are_counted_and_make_it_unknown(layer: Layer) -> None:
    finding = only(symfony(compiled(layer.value, unread=3)), layer, UNKNOWN, f"{layer}.compiled-unseen")
    assert "3 files that Symfony's" in finding.summary
    assert symfony(compiled(layer.value, file("config/services.yaml", -60), unread=3)).layers[layer] is STALE


def test_nothing_compiled_is_absent_and_not_looked_at_unknown() -> None:
    bare = host(layout=AppLayout(kind="symfony"), caches=(), symfony=SymfonyFacts())
    assert looked(snapshot(host=bare)).layers[Layer.CONFIG] is ABSENT
    unclear = host(layout=AppLayout(kind="symfony"), caches=(), symfony=SymfonyFacts(found=False))
    assert looked(snapshot(host=unclear)).layers[Layer.CONFIG] is UNKNOWN
    blind = host(layout=AppLayout(kind="symfony"), caches=(), symfony=None)
    report = looked(snapshot(host=blind))
    assert report.layers[Layer.CONFIG] is UNKNOWN
    assert "could not be looked for" in str(report.findings)


OLD = compiled("config", file("config/services.yaml", -60), env="staging")
GOOD = compiled("config")
HELD = f"{ROOT}/var/cache/staging/{_FILES['config']}"


@pytest.mark.parametrize(
    ("found", "named", "held", "verdict"),
    [
        ((OLD, GOOD), "staging", "", STALE),
        ((OLD, GOOD), "prod", "", FRESH),
        ((OLD, GOOD), "", "staging", STALE),
        ((OLD, GOOD), "", "", FRESH),
        ((OLD,), "", "", STALE),
        ((GOOD,), "other", "", ABSENT),
    ],
)
def test_the_environment_that_is_served_counts(found: tuple[Compiled, ...], named: str, held: str, verdict: Verdict) -> None:
    """By the pool's own environment, by what it has cached, else prod, else the only one."""
    settings = {"env[APP_ENV]": safe(named)} if named else {}
    pool = Pool(name=safe("www"), listen=safe("/run/php/www.sock"), user=safe("www-data"), settings=settings)
    scripts = (script(f"{ROOT}/var/cache/{held}/{_FILES['config']}" if held else f"{ROOT}/public/index.php"),)
    facts = SymfonyFacts(compiled=found)
    seen = host(layout=AppLayout(kind="symfony"), caches=(), symfony=facts, fpm=fpm(pool=pool))
    report = looked(snapshot(host=seen, runtime=runtime(opcache(scripts=scripts))))
    assert report.layers[Layer.CONFIG] is verdict


@pytest.mark.parametrize(("found", "verdict"), [((OLD, GOOD), UNKNOWN), ((GOOD,), FRESH), ((OLD,), STALE)])
def test_which_of_several_environments_is_served_is_told_by_the_cache_or_not_known(found: tuple[Compiled, ...], verdict: Verdict) -> None:
    seen = host(layout=AppLayout(kind="symfony"), caches=(), symfony=SymfonyFacts(compiled=found))
    for blind in (runtime(opcache(scripts=())), runtime(NOT_PERMITTED)):
        report = looked(snapshot(host=seen, runtime=blind))
        assert report.layers[Layer.CONFIG] is verdict
    listed = snapshot(-10, host=seen, runtime=runtime(opcache(scripts=(script(HELD),), scripts_at=at(-10))))
    assert looked(listed, snapshot(host=seen)).layers[Layer.CONFIG] is (FRESH if found == (GOOD,) else STALE), "an earlier list holds"


def test_no_word_of_artisan_is_said() -> None:
    report = symfony(compiled("config", file("config/services.yaml", -60)), compiled("routes", gone=(safe("config/routes.yaml"),)))
    assert report.findings
    assert not any("artisan" in f"{finding}" or "Laravel" in f"{finding}" for finding in report.findings)
