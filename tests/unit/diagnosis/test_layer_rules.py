"""The layers that Laravel caches, the release, FPM, workers and health: a healthy server with one thing changed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stalewatch.diagnosis.memory import asked_by_us
from stalewatch.diagnosis.smoke import parameters
from stalewatch.model.layers import FILE_CACHED
from stalewatch.model.replace import replace
from stalewatch.model.report import Finding, Layer, Remedy, Severity, Verdict
from stalewatch.model.runtime import IniFile, RunningFile
from stalewatch.model.smoke import Smoke
from stalewatch.model.snapshot import (
    AppLayout,
    CacheFile,
    ConfigTest,
    CronLine,
    Deploy,
    DeployUnderWay,
    Inputs,
    PackageFacts,
    PoolWorker,
    Process,
    ReleaseFacts,
    Snapshot,
    SymfonyFacts,
    Unseen,
    ViewFacts,
)
from stalewatch.model.text import SafeText, safe
from tests.builders.snapshots import (
    CACHED,
    NOT_PERMITTED,
    ROOT,
    START,
    WRITTEN,
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
    remembered,
    runtime,
    script,
    snapshot,
    sources,
    status,
    uncached,
    view,
    vt0,
    with_host,
    with_opcache,
    worker,
)

STALE, SUSPECT, PENDING, UNKNOWN, ABSENT, FRESH = (
    Verdict.STALE,
    Verdict.SUSPECT,
    Verdict.PENDING,
    Verdict.UNKNOWN,
    Verdict.ABSENT,
    Verdict.FRESH,
)
CACHED_LAYERS = [Layer.CONFIG, Layer.ROUTES, Layer.EVENTS]


def test_a_healthy_server_is_quiet() -> None:
    quiet(looked(snapshot()))
    quiet(looked(snapshot(-4), snapshot(-2), snapshot()))


# ------------------------------------------------------------------------------------------------- config, routes, events


@pytest.mark.parametrize("layer", CACHED_LAYERS)
def test_a_newer_source_proves_the_cache_old(layer: Layer) -> None:
    changed = file("routes/api.php", -60)
    finding = only(looked(with_host(inputs=sources(**{layer.value: (changed,)}))), layer, STALE, f"{layer}.stale")
    assert finding.subject == "routes/api.php"
    assert finding.since == at(-60)
    assert finding.remedy == (Remedy.REBUILD,)
    assert {each.label: each.value for each in finding.evidence if each.kind == "time"} == {
        "source modified": at(-60),
        "source changed": at(-60),
        "cache written": at(CACHED),
    }
    assert any(each.kind == "command" and "/srv/app/routes/api.php" in str(each.value) for each in finding.evidence)


@pytest.mark.parametrize("layer", CACHED_LAYERS)
def test_no_cache_file_is_absent(layer: Layer) -> None:
    report = looked(with_host(caches=caches(**{layer.value: uncached(layer.value)}), inputs=sources(**{layer.value: (file("x", -60),)})))
    assert report.layers[layer] is ABSENT
    quiet(report)


@pytest.mark.parametrize("layer", CACHED_LAYERS)
def test_a_newer_ctime_alone_suspects_until_content_settles_it(layer: Layer) -> None:
    def services(later: float = 0.0, *times: float, content: str = "") -> Snapshot:
        return with_host(later, inputs=sources(**{layer.value: (file("config/services.php", *times, sum=safe(content)),)}))

    only(looked(services(0, -7_200, -60)), layer, SUSPECT, f"{layer}.suspect")
    before, touched = services(-90, content="4711"), (0, -7_200, -60)
    quiet(looked(before, services(*touched, content="4711")))
    only(looked(before, services(*touched, content="4712")), layer, STALE, f"{layer}.stale")
    only(looked(before, services(0, -7_300, -60)), layer, STALE, f"{layer}.stale")
    quiet(looked(before, services(0, -7_300, -60, content="4711")))


def test_chmod_of_the_whole_tree_at_once_is_quiet() -> None:
    """It moves the ctime of sources and caches together."""
    config = file("bootstrap/cache/config.php", CACHED, -60.0)
    changed = caches(config=CacheFile(name="config", path=config.path, stat=config, complete=True, named=()))
    quiet(looked(with_host(caches=changed, inputs=sources(config=(file("config/app.php", -7_200, -59.5),)))))


def test_a_source_that_went_away_lives_on_in_the_cache() -> None:
    before = with_host(-60, inputs=sources(config=(file("config/old.php"),)))
    only(looked(before, with_host()), Layer.CONFIG, STALE, "config.stale")


def test_a_rebuilt_cache_starts_anew() -> None:
    before = with_host(-60, inputs=sources(config=(file("config/old.php"),)))
    config = file("bootstrap/cache/config.php", -30)
    quiet(looked(before, with_host(caches=caches(config=CacheFile(name="config", path=config.path, stat=config, complete=True, named=())))))


def test_another_provider_suspects_at_most() -> None:
    inputs = sources()
    inputs["config"] = msgspec.structs.replace(inputs["config"], indirect=(file("app/Providers/AppServiceProvider.php", -60),))
    only(looked(with_host(inputs=inputs)), Layer.CONFIG, SUSPECT, "config.provider-newer")


@pytest.mark.parametrize(
    ("copied", "came", "verdict"),
    [(None, -3000, SUSPECT), (-3400, -3350, FRESH), (-3400, -2000, SUSPECT)],
    ids=["the cache was made here", "the release was copied here with its caches", "upgraded long after the copy"],
)
def test_what_a_package_brings_counts_by_when_it_came(copied: float | None, came: float, verdict: Verdict) -> None:
    """A large release takes its time to be copied, and what is copied later is not newer."""
    config = file("bootstrap/cache/config.php", -3600, copied)
    inputs = sources()
    brought = file("vendor/acme/greeter/config/greeter.php", -90 * 86400, came)
    inputs["config"] = msgspec.structs.replace(inputs["config"], indirect=(brought,))
    cache = CacheFile(name="config", path=config.path, stat=config, complete=True, named=())
    assert looked(with_host(inputs=inputs, caches=caches(config=cache))).layers[Layer.CONFIG] is verdict


def test_a_truncated_cache_file_is_stale_but_for_the_moment_of_writing() -> None:
    def broken(mtime: float) -> tuple[CacheFile, ...]:
        stat = file("bootstrap/cache/config.php", mtime)
        return caches(config=CacheFile(name="config", path=stat.path, stat=stat, complete=False, named=()))

    only(looked(with_host(caches=broken(-60))), Layer.CONFIG, STALE, "config.broken")
    quiet(looked(with_host(caches=broken(-0.5))))


def test_a_broken_cache_is_left_to_the_person_because_artisan_cannot_start_with_it() -> None:
    stat = file("bootstrap/cache/config.php", -60)
    broken = caches(config=CacheFile(name="config", path=stat.path, stat=stat, complete=False, named=()))
    newer = sources(config=(file("config/app.php", -30),))
    assert only(looked(with_host(caches=broken, inputs=newer)), Layer.CONFIG, STALE, "config.broken").remedy == (Remedy.REBUILD,)


@pytest.mark.parametrize("there", [True, False])
def test_a_cache_that_the_applications_code_keeps_elsewhere_is_unknown_whatever_lies_here(there: bool) -> None:
    stat = file("bootstrap/cache/config.php")
    moved = CacheFile(name="config", path=stat.path, stat=stat if there else None, complete=there or None, elsewhere=True)
    finding = only(looked(with_host(caches=caches(config=moved))), Layer.CONFIG, UNKNOWN, "config.sources-unseen")
    assert "env[APP_CONFIG_CACHE]" in finding.summary


def test_a_cache_that_the_pools_user_may_not_read_is_broken_and_says_whose_it_is() -> None:
    stat = file("bootstrap/cache/config.php", -60, owner=safe("root"))
    closed = caches(config=CacheFile(name="config", path=stat.path, stat=stat, closed=True))
    finding = only(looked(with_host(caches=closed)), Layer.CONFIG, STALE, "config.broken")
    assert finding.summary == "the configuration cache belongs to root, and www-data may not read it"
    stat = file("bootstrap/cache/services.php", -60, owner=safe("root"))
    manifest = caches(services=CacheFile(name="services", path=stat.path, stat=stat, closed=True))
    only(looked(with_host(caches=manifest)), Layer.PACKAGES, STALE, "packages.broken")


@pytest.mark.parametrize("layer", ["packages", "services"])
def test_a_broken_manifest_is_stale_whatever_names_it_still_shows(layer: Any) -> None:
    stat = file(f"bootstrap/cache/{layer}.php", -60)
    manifest = CacheFile(name=layer, path=stat.path, stat=stat, complete=False, named=())
    facts = PackageFacts(cached=names("a"), installed=names("a", "b"))
    finding = only(looked(with_host(caches=caches(**{layer: manifest}), packages=facts)), Layer.PACKAGES, STALE, "packages.broken")
    assert (finding.subject, finding.remedy) == (stat.path, (Remedy.DISCOVER,))
    writing = msgspec.structs.replace(manifest, stat=file(f"bootstrap/cache/{layer}.php", -0.5))
    quiet(looked(with_host(caches=caches(**{layer: writing}))))


def test_a_manifest_that_cannot_be_read_is_not_absent() -> None:
    stat = file("bootstrap/cache/packages.php")
    manifest = CacheFile(name="packages", path=stat.path, stat=stat)
    hidden = with_host(caches=caches(packages=manifest), packages=PackageFacts(cached=None, installed=names("a")))
    only(looked(hidden), Layer.PACKAGES, UNKNOWN, "packages.unseen")


def test_a_root_owned_cache_is_mentioned() -> None:
    stat = file("bootstrap/cache/config.php", CACHED, owner=safe("root"))
    report = looked(with_host(caches=caches(config=CacheFile(name="config", path=stat.path, stat=stat, complete=True, named=()))))
    quiet(report)
    assert "config.foreign-owner" in codes(report)


@pytest.mark.parametrize("layer", FILE_CACHED)
def test_a_cache_that_may_not_be_read_is_not_green(layer: Layer) -> None:
    stat = file(f"bootstrap/cache/{layer}.php", CACHED)
    cached = CacheFile(name=layer.value, path=stat.path, stat=stat)
    report = looked(with_host(caches=caches(**{layer.value: cached})))
    only(report, layer, UNKNOWN, f"{layer}.sources-unseen")


def test_without_sources_a_cache_is_not_green() -> None:
    inputs = sources()
    del inputs["config"]
    only(looked(with_host(inputs=inputs)), Layer.CONFIG, UNKNOWN, "config.sources-unseen")


@pytest.mark.parametrize("layer", FILE_CACHED)
def test_a_list_of_sources_that_was_cut_is_not_green_and_proves_what_is_in_it(layer: Layer) -> None:
    inputs = sources()
    inputs[layer] = msgspec.structs.replace(inputs[layer], truncated=True, cut=True)
    finding = only(looked(with_host(inputs=inputs)), layer, UNKNOWN, f"{layer}.sources-unseen")
    assert "more files than stalewatch lists" in finding.summary
    newer = sources(**{layer.value: (file("config/new.php", -60),)})
    newer[layer] = msgspec.structs.replace(newer[layer], truncated=True, cut=True)
    assert looked(with_host(inputs=newer)).layers[layer] is STALE


# ------------------------------------------------------------------------------------------------------- packages, views


def names(*given: str) -> tuple[SafeText, ...]:
    return tuple(safe(name) for name in given)


PACKAGES: list[tuple[PackageFacts, Verdict]] = [
    (PackageFacts(cached=names("a", "b"), installed=names("b", "a"), changed=()), FRESH),
    (PackageFacts(cached=names("a"), installed=names("a", "b"), changed=()), STALE),
    (PackageFacts(cached=names("a", "b"), installed=names("a"), changed=()), STALE),
    (PackageFacts(cached=names("a"), installed=names("a"), changed=names("a (providers)")), STALE),
    (PackageFacts(cached=names("a"), installed=names("a")), UNKNOWN),
    (PackageFacts(cached=None, installed=names("a")), ABSENT),
    (PackageFacts(cached=names("a"), installed=None), UNKNOWN),
]


@pytest.mark.parametrize(("facts", "verdict"), PACKAGES)
def test_package_sets_are_compared_not_times(facts: PackageFacts, verdict: Verdict) -> None:
    composer = sources(packages=(file("vendor/composer/installed.json", -10),))
    there = caches() if facts.cached is not None else caches(packages=None)
    report = looked(with_host(packages=facts, inputs=composer, caches=there))
    assert report.layers[Layer.PACKAGES] is verdict
    if verdict is STALE:
        assert only(report, Layer.PACKAGES, STALE, "packages.differ").remedy == (Remedy.DISCOVER,)


def test_a_package_with_other_entries_is_named_with_what_differs() -> None:
    facts = PackageFacts(cached=names("a", "b"), installed=names("a", "b"), changed=names("b (aliases, providers)"))
    finding = only(looked(with_host(packages=facts)), Layer.PACKAGES, STALE, "packages.differ")
    assert finding.summary == "b (aliases, providers) discovered with other entries"
    assert {each.label: each.value for each in finding.evidence}["changed"] == "b (aliases, providers)"


def test_a_newer_view_source_is_compiled_again_at_its_next_render() -> None:
    facts = ViewFacts(views=(view(-60),), check_timestamps=True, writable=True)
    only(looked(with_host(views=facts)), Layer.VIEWS, PENDING, "views.source-newer")


@pytest.mark.parametrize("more", [{"check_timestamps": False}, {"writable": False}])
def test_a_newer_view_source_that_blade_will_not_heal_is_stale(more: dict[str, Any]) -> None:
    layout = AppLayout(kind="laravel", laravel=safe("12.11.0"))
    only(looked(with_host(layout=layout, views=ViewFacts(views=(view(-60),), **more))), Layer.VIEWS, STALE, "views.stale")


@pytest.mark.parametrize(
    ("version", "file_writable", "folder_writable", "verdict"),
    [
        ("8.83.26", False, True, STALE),
        ("8.83.26", True, False, PENDING),
        ("12.51.0", False, True, STALE),
        ("12.52.0", False, True, PENDING),
        ("12.52.0", True, False, STALE),
        ("13.2.0", None, True, PENDING),
        ("8.83.26", None, False, STALE),
        ("", False, True, PENDING),
    ],
)
def test_a_compiled_view_is_written_in_place_before_laravel_12_52_and_renamed_over_since(
    version: str, file_writable: bool | None, folder_writable: bool, verdict: Verdict
) -> None:
    one = msgspec.structs.replace(view(-60), writable=file_writable)
    facts = ViewFacts(views=(one,), writable=folder_writable)
    report = looked(with_host(layout=AppLayout(kind="laravel", laravel=safe(version)), views=facts))
    assert report.layers[Layer.VIEWS] is verdict


@pytest.mark.parametrize(("version", "verdict"), [("12.10.2", PENDING), ("12.11.0", STALE), ("", STALE)])
def test_the_setting_that_ends_blades_checks_is_known_from_laravel_12_11(version: str, verdict: Verdict) -> None:
    facts = ViewFacts(views=(view(-60),), check_timestamps=False)
    report = looked(with_host(layout=AppLayout(kind="laravel", laravel=safe(version)), views=facts))
    assert report.layers[Layer.VIEWS] is verdict


@pytest.mark.parametrize("cache", [opcache, vt0])
def test_a_touched_view_that_compiles_to_the_same_is_fresh_once_it_was_rendered(cache: Any) -> None:
    """Laravel 12.10 to 13.14 does not write it again, so its source stays newer for ever."""

    def facts(version: str, used: float, *, listed: bool = True, source: float = -300) -> Any:
        compiled = script(f"{ROOT}/storage/framework/views/home.php", compiled=None, used=used)
        seen = cache(scripts=(compiled,), scripts_at=at(0)) if listed else cache()
        layout = AppLayout(kind="laravel", laravel=safe(version))
        return snapshot(host=host(layout=layout, views=ViewFacts(views=(view(source),))), runtime=runtime(seen))

    newer = PENDING if cache is opcache else STALE
    quiet(looked(facts("12.10.0", -5)))
    quiet(looked(facts("13.14.9", -5), facts("13.14.9", 0, listed=False)))
    assert looked(facts("13.14.9", -5), facts("13.14.9", 0, listed=False, source=-10)).layers[Layer.VIEWS] is newer
    assert looked(facts("12.9.0", -5)).layers[Layer.VIEWS] is newer
    assert looked(facts("13.15.0", -5)).layers[Layer.VIEWS] is newer
    assert looked(facts("12.10.0", -290)).layers[Layer.VIEWS] is newer, "a request that began before may have used it"


def test_what_comes_within_the_second_that_laravel_13_15_gives_a_compiled_view_is_never_seen() -> None:
    compiled = file("storage/framework/views/home.php", -59.0, -59.8)
    late = msgspec.structs.replace(view(-59.5, source_ctime=-59.5), compiled=compiled)
    only(looked(with_host(views=ViewFacts(views=(late,)))), Layer.VIEWS, STALE, "views.older-source")
    before = msgspec.structs.replace(view(-60.0, source_ctime=-60.0), compiled=compiled)
    quiet(looked(with_host(views=ViewFacts(views=(before,)))))
    clock_ahead = msgspec.structs.replace(view(-59.5, source_ctime=-60.0), compiled=compiled)
    quiet(looked(with_host(views=ViewFacts(views=(clock_ahead,)))))


@pytest.mark.parametrize(
    ("provider", "source", "verdict"),
    [(-60, -300, SUSPECT), (-250, -300, FRESH), (-60, -50, PENDING)],
    ids=["newer than the compiled view", "older", "the view is compiled again anyway"],
)
def test_what_tells_blade_how_to_compile_may_make_a_view_old(provider: float, source: float, verdict: Verdict) -> None:
    compiled = file("storage/framework/views/home.php", -200)
    tells = Inputs(direct=(), indirect=(file("app/Providers/AppServiceProvider.php", provider),))
    seen = msgspec.structs.replace(view(source), compiled=compiled)
    report = looked(with_host(views=ViewFacts(views=(seen,)), inputs={"views": tells}))
    assert report.layers[Layer.VIEWS] is verdict
    if verdict is SUSPECT:
        assert [found.subject for found in report.findings if found.code == "views.directive-newer"] == [
            "app/Providers/AppServiceProvider.php"
        ]


def test_a_compiled_view_that_opcache_holds_for_ever() -> None:
    held = script(f"{ROOT}/storage/framework/views/home.php", compiled=None)
    facts = ViewFacts(views=(view(-60),))
    cache = vt0(scripts=(held,), scripts_at=at(0))
    report = looked(snapshot(host=host(views=facts), runtime=runtime(cache)))
    only(report, Layer.VIEWS, STALE, "views.held-by-opcache")
    elsewhere = vt0(scripts=(script(compiled=None),), scripts_at=at(0))
    report = looked(snapshot(host=host(views=facts), runtime=runtime(elsewhere)))
    only(report, Layer.VIEWS, PENDING, "views.source-newer")


def test_without_opcaches_word_a_newer_view_is_not_called_pending() -> None:
    report = looked(snapshot(host=host(views=ViewFacts(views=(view(-60),))), runtime=NOT_PERMITTED))
    assert report.layers[Layer.VIEWS] is UNKNOWN
    assert "views.unproven" in codes(report)


def test_a_view_source_that_went_back_in_time() -> None:
    back = ViewFacts(views=(view(-8_000, source_ctime=-60, size=120),))
    only(looked(with_host(views=back)), Layer.VIEWS, SUSPECT, "views.suspect")
    only(looked(with_host(-90), with_host(views=back)), Layer.VIEWS, STALE, "views.older-source")
    seen = with_host(-90, views=ViewFacts(views=(view(sum=safe("1")),)))
    chmod = ViewFacts(views=(view(source_ctime=-60, sum=safe("1")),))
    quiet(looked(seen, with_host(views=chmod)))


def test_views_compiled_into_the_future_and_views_without_source_are_quiet() -> None:
    """Laravel 13.15 gives the compiled view its source's mtime and a second."""
    new = view(-1, 0.5)
    orphan = msgspec.structs.replace(view(name="gone"), source=None)
    quiet(looked(with_host(views=ViewFacts(views=(new, orphan)))))


# ------------------------------------------------------------------------------------------------------------- release

OLD, NEW = f"{ROOT}/releases/1", f"{ROOT}/releases/2"


def switched(**more: Any) -> ReleaseFacts:
    return ReleaseFacts(root=safe(NEW), link=safe(f"{ROOT}/current"), **{"switched_at": at(-300), **more})


def in_use(**more: Any) -> Any:
    """A look at the release that *more* has, which is requested."""
    entries = (script(f"{more['release'].root}/public/index.php"),)
    return msgspec.structs.replace(with_host(**more), runtime=runtime(opcache(entry_points=entries)))


def flipped(old_used: float, *, passed: str, new_used: float | None = None, **cache: Any) -> Any:
    entries = [script(f"{OLD}/public/index.php", used=old_used)]
    if new_used is not None:
        entries.append(script(f"{NEW}/public/index.php", used=new_used))
    workers = (PoolWorker(pid=1, state=safe("Idle"), started=at(START), script=safe(f"{passed}/public/index.php")),)
    facts = runtime(opcache(entry_points=tuple(entries), **cache), status=status(workers=workers))
    return snapshot(app=safe(f"{ROOT}/current"), host=host(release=switched()), runtime=facts)


def test_a_link_that_was_switched_but_never_asked_again() -> None:
    finding = only(looked(flipped(-5, passed=f"{ROOT}/current")), Layer.RELEASE, STALE, "release.old-served")
    assert "revalidate_path" in finding.summary
    assert finding.paths == (f"{OLD}/public/index.php",)
    assert Remedy.CONFIGURE in finding.remedy
    assert finding.since == at(-300)


@pytest.mark.parametrize(("used", "ttl", "remedy"), [(-5, 120, Remedy.INVALIDATE), (-5, 600, Remedy.RELOAD), (-400, 600, Remedy.RELOAD)])
def test_while_workers_remember_where_the_link_led_only_a_reload_ends_it(used: float, ttl: int, remedy: Remedy) -> None:
    """An invalidated script is compiled again from where the worker's own realpath cache says."""
    seen = flipped(used, passed=f"{ROOT}/current")
    seen = msgspec.structs.replace(seen, runtime=msgspec.structs.replace(seen.runtime, realpath_cache_ttl=ttl))
    (finding,) = [finding for finding in looked(seen).findings if finding.layer is Layer.RELEASE]
    assert {Remedy.INVALIDATE, Remedy.RELOAD} & set(finding.remedy) == {remedy}


def test_a_switched_link_that_ends_by_itself_or_is_over() -> None:
    ending = flipped(-5, passed=OLD, revalidate_path=True)
    young = msgspec.structs.replace(ending, host=host(release=switched(switched_at=at(-30))))
    only(looked(young), Layer.RELEASE, PENDING, "release.old-served")
    quiet(looked(flipped(-400, passed=NEW, new_used=-5)))
    quiet(looked(flipped(-400, passed=NEW)))


@pytest.mark.parametrize(("hits", "verdict"), [(0, STALE), (1, STALE), (2, FRESH)])
def test_our_own_request_does_not_show_what_visitors_are_served(hits: int, verdict: Verdict) -> None:
    """The web server passes the old release's real path; two smoke requests went to the new one."""
    before = flipped(-30, passed=OLD)
    seen = flipped(-30, passed=OLD, new_used=-2)
    old, new = seen.runtime.opcache.entry_points
    cache = msgspec.structs.replace(seen.runtime.opcache, entry_points=(old, msgspec.structs.replace(new, hits=hits)))
    seen = msgspec.structs.replace(seen, runtime=msgspec.structs.replace(seen.runtime, opcache=cache))
    known = asked_by_us(asked_by_us(remembered(before), at(-9)), at(-2))
    assert looked(seen, memory=known).layers[Layer.RELEASE] is verdict


def test_the_smoke_request_asks_what_visitors_are_answered_from() -> None:
    """A reload does not help where the web server itself passes the old release: then it must show that it did not."""
    passed = parameters(looked(flipped(-5, passed=OLD)), Smoke())
    assert passed is not None
    assert passed["SCRIPT_FILENAME"] == f"{OLD}/public/index.php"


def test_nothing_requested_since_the_switch_but_the_link_is_passed() -> None:
    only(looked(flipped(-400, passed=f"{ROOT}/current")), Layer.RELEASE, SUSPECT, "release.link-passed")


@pytest.mark.parametrize("passed", [f"{ROOT}/current", OLD])
def test_an_old_release_ran_last_and_nobody_knows_when_the_link_was_switched(passed: str) -> None:
    undated = host(release=switched(switched_at=None))
    seen = msgspec.structs.replace(flipped(-400, passed=passed, revalidate_path=True), host=undated)
    only(looked(seen), Layer.RELEASE, UNKNOWN, "release.link-passed")


def test_a_deploy_under_way_is_told_as_such_and_a_left_lock_too() -> None:
    def deploying(since: float) -> Any:
        sign = DeployUnderWay(sign=safe(".git/index.lock"), since=at(since), who=safe("mara"))
        return with_host(release=ReleaseFacts(root=safe(ROOT), under_way=sign))

    finding = only(looked(deploying(-20)), Layer.RELEASE, PENDING, "release.deploy-under-way")
    assert "mara" in finding.summary
    left = looked(deploying(-9_000))
    assert left.verdict is FRESH
    assert "release.deploy-lock-left" in codes(left)


def test_edited_on_the_server_is_information() -> None:
    report = looked(with_host(release=ReleaseFacts(root=safe(ROOT), commit=safe("4f2a9c1"), dirty=2)))
    quiet(report)
    assert "release.dirty" in codes(report)


# ----------------------------------------------------------------------------------------------------------------- fpm


def test_a_configuration_newer_than_the_pool_is_stale_whatever_the_master_says() -> None:
    ini = file("/etc/php/8.2/fpm/pool.d/www.conf", -60)
    finding = only(looked(with_host(fpm=fpm(config_files=(ini,)))), Layer.FPM, STALE, "fpm.config-newer")
    assert finding.remedy == (Remedy.RELOAD,)
    binary = file("/usr/sbin/php-fpm8.2", -60)
    for seen in ("/usr/sbin/php-fpm8.2", "php-fpm8.2"):
        only(looked(with_host(fpm=fpm(config_files=(binary,), binary=safe(seen)))), Layer.FPM, STALE, "fpm.binary-newer")


def test_a_binary_or_an_extension_that_only_the_pool_still_has_is_stale() -> None:
    binary, extension = "/usr/sbin/php-fpm8.2", "/usr/lib/php/20220829/ctype.so"
    finding = only(looked(snapshot(runtime=runtime(replaced=(safe(binary),)))), Layer.FPM, STALE, "fpm.binary-replaced")
    assert finding.remedy == (Remedy.RELOAD,)
    only(looked(snapshot(runtime=runtime(replaced=(safe(extension),)))), Layer.FPM, STALE, "fpm.extension-replaced")
    both = looked(snapshot(runtime=runtime(replaced=(safe(binary), safe(extension)))))
    assert {"fpm.binary-replaced", "fpm.extension-replaced"} <= codes(both)
    quiet(looked(snapshot(runtime=runtime(replaced=()))))
    untold = looked(snapshot(runtime=runtime(replaced=None)))
    assert untold.layers[Layer.FPM] is UNKNOWN
    assert [error.code for error in untold.errors] == ["chain.php-unseen"]


def test_an_ini_file_that_only_php_still_names_is_stale() -> None:
    path, known = "/etc/php/8.2/fpm/conf.d/98-x.ini", file("/etc/php/8.2/fpm/php.ini", -7200)
    gone, moved = IniFile(safe(path)), IniFile(safe("/srv/ini/a.ini"), *(file("", -60).mtime,) * 2)
    finding = only(
        looked(snapshot(host=host(fpm=fpm(config_files=(known,))), runtime=runtime(ini=(gone,)))), Layer.FPM, STALE, "fpm.ini-gone"
    )
    assert finding.remedy == (Remedy.RELOAD,)
    both = host(fpm=fpm(config_files=(known, replace(known, path=safe(path)))))
    quiet(looked(snapshot(host=both, runtime=runtime(ini=(gone,)))))  # this login sees it: the pool may only not look
    only(looked(snapshot(runtime=runtime(ini=(moved,)))), Layer.FPM, STALE, "fpm.config-newer")
    linked = IniFile(safe(str(known.path)), *(file("", -60).mtime,) * 2)
    only(looked(snapshot(host=host(fpm=fpm(config_files=(known,))), runtime=runtime(ini=(linked,)))), Layer.FPM, STALE, "fpm.config-newer")
    kept = replace(moved, mtime=file("", -7200).mtime)
    only(looked(snapshot(runtime=runtime(ini=(kept,)))), Layer.FPM, SUSPECT, "fpm.config-suspect")


def test_a_binary_with_a_newer_time_is_told_once() -> None:
    newer = fpm(config_files=(file("/usr/sbin/php-fpm8.2", -60),))
    report = looked(snapshot(host=host(fpm=newer), runtime=runtime(replaced=(safe("/usr/sbin/php-fpm8.2"),))))
    assert [each.code for each in report.findings if each.layer is Layer.FPM] == ["fpm.binary-newer"]


def test_a_reload_took_the_configuration_in_although_the_masters_start_did_not_move() -> None:
    ini = file("/etc/php/8.2/fpm/php.ini", -60)
    changed = host(fpm=fpm(config_files=(ini,)))
    quiet(looked(snapshot(host=changed, runtime=runtime(opcache(start_time=int(at(-30))), status=status(started=at(-30))))))
    chmod = file("/etc/php/8.2/fpm/php.ini", -90_000, -60)
    settled = (RunningFile(chmod.path, alike=80),)
    quiet(looked(snapshot(host=host(fpm=fpm(config_files=(chmod,))), runtime=runtime(configuration=settled))))


INI = "/etc/php/8.2/fpm/php.ini"


@pytest.mark.parametrize(
    ("told", "born", "verdict", "code"),
    [
        (None, None, SUSPECT, "fpm.config-suspect"),
        (None, -60.0, SUSPECT, "fpm.config-suspect"),
        (RunningFile(safe("/etc/php/8.2/fpm/conf.d/x.ini"), alike=2), None, SUSPECT, "fpm.config-suspect"),
        (RunningFile(safe(INI), alike=2, differs=(safe("memory_limit"),)), None, STALE, "fpm.config-differs"),
        (RunningFile(safe(INI), alike=2, untold=(safe("pm.max_children"),)), -60.0, SUSPECT, "fpm.config-suspect"),
        (RunningFile(safe(INI), alike=2, untold=(safe("pm.max_children"),)), -90_000.0, FRESH, "fpm.config-touched"),
        (RunningFile(safe(INI), alike=2, untold=(safe("pm.max_children"),)), 0.5, FRESH, "fpm.config-touched"),
        (RunningFile(safe(INI), alike=2, untold=(safe("pm.max_children"),)), None, SUSPECT, "fpm.config-suspect"),
        (RunningFile(safe(INI), alike=2), -60.0, FRESH, ""),
        (RunningFile(safe(INI)), -60.0, SUSPECT, "fpm.config-suspect"),
        (RunningFile(safe(INI)), 0.5, FRESH, ""),
    ],
)
def test_a_newer_ctime_of_the_configuration_is_settled_by_the_pool(
    told: RunningFile | None, born: float | None, verdict: Verdict, code: str
) -> None:
    births = None if born is None else {} if born == 0.5 else {INI: at(born)}  # not asked; no file system tells it
    moved = fpm(config_files=(file(INI, -90_000, -60),), born=births)
    report = looked(snapshot(host=host(fpm=moved), runtime=runtime(configuration=(told,) if told is not None else None)))
    assert report.layers[Layer.FPM] is report.verdict is verdict
    found = [finding for finding in report.findings if finding.layer is Layer.FPM]
    assert [finding.code for finding in found] == [code] * bool(code)
    assert all(str(name) in finding.summary for finding in found for name in (told.differs or told.untold if told is not None else ()))
    reloaded = runtime(
        opcache(start_time=int(at(-30))), status=status(started=at(-30)), configuration=(told,) if told is not None else None
    )
    quiet(looked(snapshot(host=host(fpm=moved), runtime=reloaded)))


def test_files_of_the_configuration_that_changed_are_one_cause() -> None:
    files = tuple(file(f"/etc/php/8.2/fpm/conf.d/{each}.ini", -90_000, -60) for each in range(3))
    told = tuple(RunningFile(each.path, differs=(safe("precision"),)) for each in files[:2])
    finding = only(
        looked(snapshot(host=host(fpm=fpm(config_files=files)), runtime=runtime(configuration=told))),
        Layer.FPM,
        STALE,
        "fpm.config-differs",
    )
    assert finding.summary.count("precision") == 1
    newer = (*files, file(INI, -60))
    only(
        looked(snapshot(host=host(fpm=fpm(config_files=newer)), runtime=runtime(configuration=told))), Layer.FPM, STALE, "fpm.config-newer"
    )


def test_a_broken_configuration_that_waits_for_the_next_reload_is_never_answered_by_one() -> None:
    ini = file("/etc/php/8.2/fpm/pool.d/www.conf", -60)
    broken = ConfigTest(valid=False, said=safe("unknown entry 'pm.max_childrn'"))
    finding = only(looked(with_host(fpm=fpm(config_files=(ini,), config_test=broken))), Layer.FPM, STALE, "fpm.config-invalid")
    assert Remedy.RELOAD not in finding.remedy
    assert "pm.max_childrn" in finding.summary
    assert finding.severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("tested", "told"),
    [
        (ConfigTest(valid=True), "the configuration is valid"),
        (Unseen(code="fpm.test-denied", message=safe("no right"), grant=safe("in sudoers: …")), "not known: no right (in sudoers: …)"),
    ],
)
def test_a_newer_configuration_tells_whether_a_reload_would_take_it(tested: ConfigTest | Unseen, told: str) -> None:
    ini = file("/etc/php/8.2/fpm/pool.d/www.conf", -60)
    finding = only(looked(with_host(fpm=fpm(config_files=(ini,), config_test=tested))), Layer.FPM, STALE, "fpm.config-newer")
    assert [each.value for each in finding.evidence if each.label == "php-fpm -t"] == [told]


def test_who_waits_is_told_by_the_kernel_while_nobody_is_free_to_tell() -> None:
    jammed = snapshot(host=host(fpm=fpm(backlog=3)), runtime=Unseen(code="fpm.status-hangs", message=safe("no answer")))
    finding = next(one for one in looked(jammed).findings if one.code == "fpm.listen-queue")
    assert "2 requests wait" in finding.summary  # one is our own
    alone = snapshot(host=host(fpm=fpm(backlog=1)), runtime=Unseen(code="fpm.status-hangs", message=safe("no answer")))
    assert "fpm.listen-queue" not in codes(looked(alone))


def test_without_the_pools_start_a_newer_configuration_is_unknown() -> None:
    ini = file("/etc/php/8.2/fpm/php.ini", -60)
    report = looked(snapshot(host=host(fpm=fpm(config_files=(ini,))), runtime=NOT_PERMITTED))
    assert report.layers[Layer.FPM] is UNKNOWN
    assert "fpm.start-unknown" in codes(report)


DOWN = [
    (fpm(running=False, master=None, workers=()), "fpm.not-running", "fpm.not-running"),
    (fpm(), "fpm.socket-dead", "fpm.not-answering"),
    (fpm(), "fpm.port-refused", "fpm.not-answering"),
    (fpm(), "fpm.socket-missing", "fpm.not-answering"),
]


@pytest.mark.parametrize(("facts", "reason", "code"), DOWN)
def test_a_dead_fpm_is_unknown_and_critical(facts: Any, reason: str, code: str) -> None:
    report = looked(snapshot(host=host(fpm=facts), runtime=Unseen(code=reason, message=safe("nobody listens"))))
    assert report.layers[Layer.FPM] is report.layers[Layer.OPCACHE] is report.verdict is UNKNOWN
    (finding,) = [each for each in report.findings if each.layer is Layer.FPM]
    assert (finding.code, finding.severity) == (code, Severity.CRITICAL)


HIDDEN = Unseen(code="host.processes-hidden", message=safe("/proc hides them"), grant=safe("sudo usermod -aG adm deploy"))
UNSEEN_FPM = fpm(running=None, master=None, workers=(), unit=safe(""))


def test_where_processes_are_hidden_no_worker_is_absent_and_the_pool_still_speaks_for_itself() -> None:
    report = looked(with_host(hidden=HIDDEN, fpm=UNSEEN_FPM))
    assert report.layers[Layer.WORKERS] is report.verdict is UNKNOWN
    assert report.layers[Layer.FPM] is report.layers[Layer.OPCACHE] is FRESH
    assert report.errors == (HIDDEN,)
    assert not report.findings


def test_where_processes_are_hidden_a_silent_fpm_is_unknown_and_not_down() -> None:
    report = looked(snapshot(host=host(hidden=HIDDEN, fpm=UNSEEN_FPM), runtime=NOT_PERMITTED))
    assert report.layers[Layer.FPM] is UNKNOWN
    assert codes(report) == set()
    assert HIDDEN in report.errors


@pytest.mark.parametrize(("started", "verdict"), [(START, UNKNOWN), (WRITTEN - 9_000, STALE)])
def test_where_processes_are_hidden_a_worker_that_is_seen_is_judged(started: float, verdict: Verdict) -> None:
    report = looked(with_host(hidden=HIDDEN, queue_workers=(worker(started=started),)))
    assert report.layers[Layer.WORKERS] is verdict


def test_a_socket_that_is_not_permitted_leaves_the_other_layers() -> None:
    report = looked(snapshot(runtime=NOT_PERMITTED))
    assert report.layers[Layer.OPCACHE] is report.verdict is UNKNOWN
    assert report.layers[Layer.CONFIG] is report.layers[Layer.VIEWS] is FRESH
    assert report.layers[Layer.FPM] is UNKNOWN, "only the pool knows which extensions it runs"
    assert [error.code for error in report.errors] == ["fpm.socket-denied"]
    assert report.errors[0].grant


def warned(report: Any, code: str) -> Finding:
    assert report.verdict is FRESH, report.findings
    (finding,) = [each for each in report.findings if each.code == code]
    assert finding.verdict is FRESH
    return finding  # type: ignore[no-any-return]


def test_saturation_is_a_warning_also_where_the_status_page_hangs() -> None:
    warned(looked(snapshot(runtime=runtime(status=status(listen_queue=4, idle=0, active=5, total=5)))), "fpm.listen-queue")
    workers = tuple(PoolWorker(pid=pid, state=safe("Running"), started=at(START)) for pid in range(5))
    warned(looked(snapshot(runtime=runtime(status=status(idle=0, active=5, total=5, workers=workers)))), "fpm.all-busy")
    quiet(looked(snapshot(runtime=runtime(status=status(idle=0, active=5, total=5)))))  # counted, and each of them rests
    hangs = Unseen(code="fpm.status-hangs", message=safe("no worker answered"))
    text = safe("Processes active: 5, idle: 0, Requests: 812, slow: 0, Traffic: 3req/sec")
    warned(looked(snapshot(host=host(fpm=fpm(status_text=text)), runtime=runtime(status=hangs))), "fpm.all-busy")
    more = snapshot(runtime=runtime(status=status(max_children_reached=3)))
    quiet(looked(more))
    warned(looked(snapshot(-2, runtime=runtime(status=status(max_children_reached=2))), more), "fpm.max-children")


def test_requests_that_a_reload_would_kill_are_named() -> None:
    busy = PoolWorker(
        pid=1,
        state=safe("Running"),
        started=at(START),
        duration=8.2,
        method=safe("POST"),
        uri=safe("/calls"),
        script=safe(f"{ROOT}/public/index.php"),
    )
    report = looked(snapshot(host=host(fpm=fpm(process_control_timeout=0.0)), runtime=runtime(status=status(workers=(busy,)))))
    assert warned(report, "fpm.reload-kills").severity is Severity.INFO
    quiet(looked(with_host(fpm=fpm(process_control_timeout=0.0))))


# -------------------------------------------------------------------------------------------------------------- workers


def code(*newer: Any) -> Any:
    return sources(code=newer)


@pytest.mark.parametrize(
    ("started", "code", "own", "verdict"),
    [
        (START, (), None, FRESH),
        (START, (file("app/Jobs/Sync.php", -60),), None, SUSPECT),
        (START, (file("app/Jobs/Sync.php", WRITTEN, -60),), None, SUSPECT),
        (START, (), file("server.php", -60), SUSPECT),
        (START, (), file("server.php", WRITTEN), FRESH),
        (-30.0, (file("app/Jobs/Sync.php", -60),), file("server.php", -60), FRESH),
    ],
)
def test_php_of_another_name_is_suspected_by_its_start(started: float, code: Any, own: Any, verdict: Verdict) -> None:
    other = replace(worker("other", started=started, holds="unknown"), script=own)
    report = looked(with_host(queue_workers=(other,), inputs=sources(code=code)))
    assert report.layers[Layer.WORKERS] is report.verdict is verdict
    assert ("workers.other-older" in codes(report)) is (verdict is SUSPECT)


@pytest.mark.parametrize(
    ("replaced", "came", "holds", "verdict"),
    [
        (True, WRITTEN, "start", STALE),
        (True, -60.0, "unsure", STALE),
        (None, -60.0, "start", SUSPECT),
        (None, -60.0, "unknown", SUSPECT),
        (False, -60.0, "start", FRESH),
        (None, WRITTEN, "start", FRESH),
        (True, -60.0, "none", FRESH),
        (None, None, "start", UNKNOWN),
        (False, None, "start", FRESH),
    ],
)
def test_a_worker_runs_the_php_of_its_start(replaced: bool | None, came: float | None, holds: Any, verdict: Verdict) -> None:
    binary = file("/usr/bin/php8.2", WRITTEN, came) if came is not None else None
    of = replace(worker(holds=holds), replaced=replaced, binary=binary)
    report = looked(with_host(queue_workers=(of,)))
    assert report.layers[Layer.WORKERS] is report.verdict is verdict
    said = {STALE: {"workers.old-binary"}, SUSPECT: {"workers.binary-suspect"}, UNKNOWN: {"workers.binary-unseen"}, FRESH: set()}
    assert codes(report) == said[verdict]


@pytest.mark.parametrize(("release", "verdict"), [("/srv/shop/releases/1", STALE), (ROOT, ABSENT)])
def test_a_line_of_cron_that_names_an_old_release(release: str, verdict: Verdict) -> None:
    line = CronLine(line=safe("/etc/cron.d/shop:3"), release=safe(release))
    report = looked(with_host(cron=(line,)))
    assert report.layers[Layer.WORKERS] is verdict
    assert ("workers.cron-old-release" in codes(report)) is (verdict is STALE)


def test_lines_of_cron_that_were_not_looked_at_are_not_known() -> None:
    only(looked(with_host(cron=None)), Layer.WORKERS, UNKNOWN, "workers.cron-unseen")


@pytest.mark.parametrize("kind", ["symfony", "wordpress", "php"])
def test_workers_of_other_applications_than_laravel_are_judged(kind: Any) -> None:
    newer = sources(code=(file("src/Kernel.php", -60),))
    report = looked(with_host(layout=AppLayout(kind=kind), queue_workers=(worker("other"),), inputs=newer))
    assert report.layers[Layer.WORKERS] is STALE


def test_workers_older_than_the_code_are_stale_and_none_is_absent() -> None:
    assert looked(snapshot()).layers[Layer.WORKERS] is ABSENT
    finding = only(
        looked(with_host(queue_workers=(worker(),), inputs=code(file("app/Jobs/Call.php", -60)))),
        Layer.WORKERS,
        STALE,
        "workers.older-than-code",
    )
    assert finding.remedy == (Remedy.RESTART_WORKERS,)
    assert "app/Jobs/Call.php" in finding.summary
    quiet(looked(with_host(queue_workers=(worker(started=-30),), inputs=code(file("app/Jobs/Call.php", -60)))))


@pytest.mark.parametrize(
    ("kind", "remedy"), [("other", Remedy.CONFIGURE), ("reverb", Remedy.RESTART_WORKERS), ("horizon", Remedy.RESTART_WORKERS)]
)
def test_what_no_artisan_command_restarts_is_left_to_the_person(kind: str, remedy: Remedy) -> None:
    report = looked(with_host(queue_workers=(worker(kind),), inputs=code(file("app/Jobs/Call.php", -60))))
    assert only(report, Layer.WORKERS, STALE, "workers.older-than-code").remedy == (remedy,)


@pytest.mark.parametrize("kind", ["queue", "schedule", "octane"])
def test_what_starts_a_new_php_for_the_work_is_never_too_old_but_may_be_in_an_old_release(kind: str) -> None:
    """queue:listen, schedule:work and Octane's servers: what they started is what runs code."""
    edited = code(file("app/Jobs/Call.php", -60))
    quiet(looked(with_host(queue_workers=(worker(kind, holds="none"),), inputs=edited)))
    quiet(looked(with_host(queue_workers=(worker(kind, holds="none"),), inputs=code(file("app/Jobs/Call.php", -7_200, -60)))))
    release = ReleaseFacts(root=safe(NEW), link=safe(f"{ROOT}/current"), switched_at=at(-300))
    young = in_use(release=release, queue_workers=(worker(kind, started=-5, release=OLD, holds="none"),))
    assert only(looked(young), Layer.WORKERS, STALE, "workers.old-release").remedy == (Remedy.CONFIGURE,)


def test_octane_that_may_have_been_reloaded_inside_is_suspect_until_it_restarts() -> None:
    edited = code(file("app/Jobs/Call.php", -60))
    only(
        looked(with_host(queue_workers=(worker("octane", holds="unsure"),), inputs=edited)), Layer.WORKERS, SUSPECT, "workers.reload-unseen"
    )
    quiet(looked(with_host(queue_workers=(worker("octane", started=-30, holds="unsure"),), inputs=edited)))
    old = with_host(queue_workers=(worker("octane"), worker("octane", holds="none")), inputs=edited)
    assert only(looked(old), Layer.WORKERS, STALE, "workers.older-than-code").remedy == (Remedy.RESTART_WORKERS,)


def test_a_worker_that_may_be_another_apps_is_unknown_unless_it_is_young() -> None:
    edited = code(file("app/Jobs/Call.php", -60))
    only(looked(with_host(queue_workers=(worker(release="", placed=False),), inputs=edited)), Layer.WORKERS, UNKNOWN, "workers.app-unseen")
    young = looked(with_host(queue_workers=(worker(started=-30, release="", placed=False),), inputs=edited))
    quiet(young)
    assert young.layers[Layer.WORKERS] is ABSENT


def test_chmod_never_makes_workers_stale() -> None:
    touched = with_host(queue_workers=(worker(),), inputs=code(file("app/Jobs/Call.php", -7_200, -60)))
    only(looked(touched), Layer.WORKERS, SUSPECT, "workers.suspect")
    before = with_host(-90, queue_workers=(worker(),), inputs=code(file("app/Jobs/Call.php", sum=safe("1"))))
    quiet(looked(before, with_host(queue_workers=(worker(),), inputs=code(file("app/Jobs/Call.php", -7_200, -60, sum=safe("1"))))))
    other = with_host(queue_workers=(worker(),), inputs=code(file("app/Jobs/Call.php", -7_300, -60)))
    only(looked(before, other), Layer.WORKERS, STALE, "workers.older-than-code")


def test_young_workers_in_an_old_or_deleted_release() -> None:
    release = ReleaseFacts(root=safe(NEW), link=safe(f"{ROOT}/current"))
    young = with_host(release=release, queue_workers=(worker(started=-5, release=OLD),))
    finding = only(looked(young), Layer.WORKERS, STALE, "workers.old-release")
    assert Remedy.CONFIGURE in finding.remedy
    lost = with_host(release=release, queue_workers=(worker(started=-5, release=NEW, cwd_deleted=True),))
    only(looked(lost), Layer.WORKERS, STALE, "workers.deleted-directory")


def test_workers_in_a_release_that_may_not_be_seen_are_not_green() -> None:
    switched = ReleaseFacts(root=safe(NEW), link=safe(f"{ROOT}/current"), switched_at=at(-60))
    before = in_use(release=switched, queue_workers=(worker(started=-90, release=""),))
    only(looked(before), Layer.WORKERS, STALE, "workers.old-release")
    after = in_use(release=switched, queue_workers=(worker(started=-5, release=""),))
    only(looked(after), Layer.WORKERS, UNKNOWN, "workers.release-unseen")
    another_name = ReleaseFacts(root=safe(ROOT), link=safe("/var/www/html"), switched_at=at(-60))
    quiet(looked(in_use(release=another_name, queue_workers=(worker(started=-5, release=""),))))
    quiet(looked(with_host(queue_workers=(worker(started=-5, release=""),))))


def test_workers_without_their_code_seen_are_not_green() -> None:
    inputs = sources()
    del inputs["code"]
    only(looked(with_host(queue_workers=(worker(),), inputs=inputs)), Layer.WORKERS, UNKNOWN, "workers.code-unseen")


def test_workers_of_which_not_all_code_was_listed_are_not_green() -> None:
    inputs = sources()
    inputs["code"] = msgspec.structs.replace(inputs["code"], truncated=True, cut=True)
    quiet(looked(with_host(inputs=inputs)))
    finding = only(looked(with_host(queue_workers=(worker(),), inputs=inputs)), Layer.WORKERS, UNKNOWN, "workers.code-unseen")
    assert "more files than stalewatch lists" in finding.summary


# --------------------------------------------------------------------------------------------------------------- health


def counted(later: float, hits: int, misses: int, **more: Any) -> Any:
    own = more.pop("own", 0)
    return snapshot(later, runtime=runtime(opcache(hits=hits, misses=misses, **more), own_requests=own))


def test_a_low_hit_rate_is_a_warning_beside_the_verdict() -> None:
    report = looked(counted(-30, 1_000, 400), counted(0, 1_700, 700))
    assert report.hit_rate == pytest.approx(0.7)
    assert list(report.hit_rates) == pytest.approx([0.7])
    warned(report, "health.hit-rate")


def test_counters_that_apps_of_a_master_share_are_told_by_one_of_them() -> None:
    shown = []
    for teller in (ROOT, "/srv/blog"):
        seen = [replace(each, runtime=replace(each.runtime, told_by=safe(teller))) for each in (counted(-30, 1, 4), counted(0, 701, 304))]
        report = looked(*seen)
        assert report.hit_rate == pytest.approx(0.7)
        shown.append("health.hit-rate" in codes(report))
    assert shown == [True, False]


def test_the_hit_rate_is_not_said_when_idle_alone_or_just_restarted() -> None:
    first = counted(-30, 1_000, 400)
    assert looked(first).hit_rate is None
    idle = looked(first, counted(0, 1_003, 415, own=15))
    assert idle.hit_rate is None
    own = looked(counted(-30, 1_000, 400, own=0), counted(0, 1_100, 430, own=30))
    assert own.hit_rate == 1.0
    young = looked(counted(-20, 10, 40, start_time=int(at(-40))), counted(0, 100, 400, start_time=int(at(-40))))
    assert young.hit_rate is not None
    quiet(young)
    reset = looked(first, counted(0, 70, 300, last_restart_time=int(at(-10))))
    assert reset.hit_rate is None


HEALTH = [
    (with_opcache(opcache(cache_full=True)), "health.opcache-memory"),
    (with_opcache(opcache(free_memory=1_000_000)), "health.opcache-memory"),
    (with_opcache(opcache(cached_keys=16_000)), "health.opcache-keys"),
    (with_opcache(opcache(cached_keys=16_229, cache_full=True)), "health.opcache-keys"),
    (with_opcache(opcache(wasted_memory=60_000_000)), "health.opcache-wasted"),
    (with_host(disk_free=50_000_000), "health.disk"),
    (snapshot(clock_offset=-90.0), "health.clock-skew"),
    (with_host(layout=AppLayout(kind="laravel", maintenance=True)), "health.maintenance"),
]


@pytest.mark.parametrize(("seen", "code"), HEALTH)
def test_health_is_a_warning_and_no_verdict(seen: Any, code: str) -> None:
    assert warned(looked(seen), code).severity is Severity.WARNING


def test_a_cache_that_restarted_by_itself_is_told_once_seen() -> None:
    quiet(looked(with_opcache(opcache(oom_restarts=2))))
    report = looked(with_opcache(opcache(oom_restarts=2), -2), with_opcache(opcache(oom_restarts=3, last_restart_time=int(at(-1)))))
    warned(report, "health.opcache-restarts")


# ------------------------------------------------------------------------------------------------------ other roots, nothing


@pytest.mark.parametrize("kind", ["symfony", "wordpress", "php"])
def test_another_php_root_is_judged_by_what_it_has(kind: Any) -> None:
    seen = SymfonyFacts() if kind == "symfony" else None
    bare = host(layout=AppLayout(kind=kind), caches=(), inputs={}, views=ViewFacts(), packages=PackageFacts(), symfony=seen)
    report = looked(snapshot(host=bare))
    assert {layer for layer, verdict in report.layers.items() if verdict is not ABSENT} == {Layer.OPCACHE, Layer.FPM}
    quiet(report)
    stale = looked(snapshot(host=bare, runtime=runtime(vt0(script(compiled=None, mtime=-60, used=-90)))))
    assert stale.layers[Layer.OPCACHE] is STALE


def test_a_path_that_is_not_there_is_unknown_in_every_layer() -> None:
    missing = with_host(layout=AppLayout(kind="php", exists=False))
    for seen in (missing, snapshot(app=safe(""))):
        report = looked(seen)
        assert set(report.layers.values()) == {UNKNOWN}
        assert report.errors
        assert report.errors[0].code.startswith("app.")


def test_an_unseen_host_leaves_opcache_judged_but_not_fresh() -> None:
    """Whether what the pool compared is the release that the link leads to, only the host tells."""
    lost = Unseen(code="host.timeout", message=safe("the shell did not answer"))
    report = looked(snapshot(host=lost))
    assert report.layers[Layer.OPCACHE] is report.verdict is UNKNOWN
    assert report.errors == (lost,)
    old = looked(snapshot(host=lost, runtime=runtime(vt0(script(compiled=None, mtime=-60, used=-90)))))
    assert old.layers[Layer.OPCACHE] is STALE


def test_workers_of_fpm_never_decide() -> None:
    """Killing all workers gives new ones with the same old bytecode; old ones run the new code."""
    reborn = fpm(workers=tuple(Process(pid=900 + each, started=at(-5), title=safe("php-fpm: pool www")) for each in range(3)))
    stale = looked(snapshot(host=host(fpm=reborn), runtime=runtime(vt0(script(compiled=None, mtime=-60, used=-90)))))
    assert stale.verdict is STALE
    deployed = ReleaseFacts(root=safe(ROOT), deploys=(Deploy(at=at(-60), source="git"),))
    quiet(looked(snapshot(host=host(release=deployed), runtime=runtime(opcache(script(compiled=-60, mtime=-60))))))
