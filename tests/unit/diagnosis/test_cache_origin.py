"""For which directory and release a cached file was made: a healthy server, with what its caches name changed."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.model.report import Layer, Verdict
from stalewatch.model.snapshot import CacheFile, NamedRoot, Pool, ReleaseFacts, RuntimeFacts, Snapshot, Unseen
from stalewatch.model.text import safe
from tests.builders.snapshots import (
    CACHED,
    NOT_PERMITTED,
    ROOT,
    at,
    caches,
    codes,
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
    sources,
    with_host,
)

LINK = "/srv/shop/current"
RUNS = runtime()


def named(path: str, *folders: str, state: Any = "other") -> NamedRoot:
    return NamedRoot(safe(path), tuple(map(safe, folders or ("resources", "storage"))), state)


def config(*roots: NamedRoot, **more: Any) -> CacheFile:
    stat = file("bootstrap/cache/config.php", CACHED)
    return CacheFile(**{"name": "config", "path": stat.path, "stat": stat, "complete": True, "named": roots, "shared": False, **more})


def having(*roots: NamedRoot, runtime: RuntimeFacts = RUNS, **more: Any) -> Snapshot:
    return snapshot(host=host(caches=caches(config=config(*roots)), **more), runtime=runtime)


OWN = named(ROOT, state="own")


@pytest.mark.parametrize(
    "roots",
    [
        (named("/srv/shop/releases/2"),),
        (named("/build/app", state="missing"),),
        (named("/srv/shop/releases/2", "resources"), named("/mnt/uploads", "storage")),
        (named("/srv/shop/releases/2", "resources"), named(LINK, "storage", state="own")),
        (named("/srv/shop/releases/2", "public", "storage"),),
    ],
)
def test_a_cache_that_names_another_root_is_stale(roots: tuple[NamedRoot, ...]) -> None:
    finding = only(looked(having(*roots)), Layer.CONFIG, Verdict.STALE, "config.made-elsewhere")
    assert finding.summary == f"the configuration cache names {roots[0].path} as the application's directory, not {ROOT}"


@pytest.mark.parametrize(
    "roots",
    [
        (),
        (OWN,),
        (OWN, named("/srv/themes", "resources")),
        (OWN, named("/srv/shared", "storage")),
        (named(LINK, state="own"), named("/srv/other", "resources", "storage", "public")),
        (named("/mnt/uploads", "storage"),),
        (named("/var/log/shop", "storage", state="missing"),),
    ],
)
def test_a_cache_that_names_our_root_or_other_places_is_quiet(roots: tuple[NamedRoot, ...]) -> None:
    quiet(looked(having(*roots)))


def test_what_was_not_looked_at_is_not_green() -> None:
    only(looked(with_host(caches=caches(config=config(named=None, shared=None)))), Layer.CONFIG, Verdict.UNKNOWN, "config.sources-unseen")


def test_sources_newer_than_a_cache_of_another_directory_are_no_second_finding() -> None:
    changed = having(named("/srv/shop/releases/2"), inputs=sources(config=(file("config/app.php", -60),)))
    only(looked(changed), Layer.CONFIG, Verdict.STALE, "config.made-elsewhere")


def test_the_root_as_the_pool_sees_it_is_our_own() -> None:
    inside = named("/var/www/html", state="missing")
    quiet(looked(having(inside, runtime=runtime(opcache(entry_points=(script("/var/www/html/public/index.php"),))))))
    jail = Pool(name=safe("www"), listen=safe("/run/php/www.sock"), user=safe("www-data"), settings={"chroot": safe("/srv")})
    quiet(looked(having(named("/app", state="missing"), fpm=fpm(pool=jail))))


def test_where_php_could_not_be_asked_a_root_that_is_not_there_only_suspects() -> None:
    there = runtime(NOT_PERMITTED)
    assert isinstance(there.opcache, Unseen)
    report = looked(having(named("/build/app", state="missing"), runtime=there))
    assert report.layers[Layer.CONFIG] is Verdict.SUSPECT
    assert looked(having(named("/srv/shop/releases/2"), runtime=there)).layers[Layer.CONFIG] is Verdict.STALE


def releases(*came: float, switched: float | None = -300.0) -> ReleaseFacts:
    """Releases in our folder, that came then; ours is the first."""
    roots = (ROOT, *(f"/srv/{number}" for number in range(2, 9)))
    beside = tuple(file(f"{root}/artisan", -90_000, each) for root, each in zip(roots, came, strict=False))
    return ReleaseFacts(root=safe(ROOT), link=safe(LINK), switched_at=at(switched) if switched is not None else None, beside=beside)


@pytest.mark.parametrize("layer", [Layer.CONFIG, Layer.ROUTES, Layer.EVENTS])
def test_a_shared_cache_from_before_the_link_was_set_back_suspects(layer: Layer) -> None:
    stat = file(f"bootstrap/cache/{layer}.php", CACHED)
    shared = CacheFile(name=layer.value, path=stat.path, stat=stat, complete=True, named=(), shared=True)
    report = looked(with_host(caches=caches(**{layer.value: shared}), release=releases(CACHED - 900, CACHED - 60)))
    finding = only(report, layer, Verdict.SUSPECT, f"{layer}.made-elsewhere")
    assert "after 2 came" in finding.summary


@pytest.mark.parametrize(
    ("release", "shared"),
    [
        (releases(CACHED - 900, CACHED - 60), False),
        (releases(CACHED - 60, CACHED - 900), True),
        (releases(CACHED - 61, CACHED - 60), True),
        (releases(CACHED - 900, CACHED + 60), True),
        (releases(CACHED - 900, CACHED - 60, switched=CACHED - 1), True),
        (ReleaseFacts(root=safe(ROOT)), True),
    ],
    ids=[
        "own folder",
        "ours is the newest",
        "all touched at once",
        "newer came later",
        "written after the switch",
        "no link",
    ],
)
def test_a_shared_cache_is_quiet_unless_a_newer_release_could_have_made_it(release: ReleaseFacts, shared: bool) -> None:
    quiet(looked(with_host(caches=caches(config=config(shared=shared)), release=release)))


@pytest.mark.parametrize(
    ("release", "shared"),
    [
        (releases(CACHED - 900, CACHED - 60, switched=None), True),
        (ReleaseFacts(root=safe(ROOT), link=safe(LINK), switched_at=at(-300)), True),
        (releases(CACHED - 900), None),
    ],
    ids=["when the link was switched is not told", "releases not listed", "whether they share it is not told"],
)
def test_a_cache_that_another_release_may_have_made_is_not_green(release: ReleaseFacts, shared: bool | None) -> None:
    report = looked(with_host(caches=caches(config=config(shared=shared)), release=release))
    assert report.layers[Layer.CONFIG] is Verdict.UNKNOWN
    assert "config.sources-unseen" in codes(report)
    own = looked(with_host(caches=caches(config=config(named=(named(ROOT, state="own"),), shared=shared)), release=release))
    assert own.layers[Layer.CONFIG] is Verdict.FRESH, "it names our root"
