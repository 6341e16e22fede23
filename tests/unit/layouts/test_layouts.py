"""Laravel 8 to 13 by their files: which source makes which layer old, as each generation has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.builders.laravel_trees import FRAMEWORKS, HOUR, VIEW, Tree
from tests.builders.tree_probe import Looking

Look = Callable[..., Awaitable[Looking]]
ALL = tuple(FRAMEWORKS)
OLD, RECENT = ALL[:3], ALL[3:]
NOTHING: dict[str, str] = {}
ANY_PROVIDER = dict.fromkeys(("config", "routes", "events"), "suspect")
COMMON = {
    "config/app.php": {"config": "stale"},
    "config/deep/own.php": {"config": "stale"},
    ".env": {"config": "stale"},
    "routes/web.php": {"routes": "stale"},
    "app/Providers/AppServiceProvider.php": ANY_PROVIDER,
    "app/Http/Controllers/Controller.php": NOTHING,
    "app/Models/User.php": NOTHING,
    "vendor/composer/installed.json": NOTHING,
    ".env.testing": NOTHING,
    VIEW: {"views": "pending"},
}
OLD_ONES = {
    "app/Providers/RouteServiceProvider.php": {"routes": "stale"},
    "app/Providers/EventServiceProvider.php": {"events": "stale"},
    "app/Listeners/SendWelcome.php": NOTHING,
    "app/Http/Kernel.php": NOTHING,
    "app/Console/Kernel.php": NOTHING,
    "bootstrap/app.php": ANY_PROVIDER,
}
RECENT_ONES = {
    "bootstrap/providers.php": {"config": "stale"},
    "bootstrap/app.php": ANY_PROVIDER,
    "app/Listeners/SendWelcome.php": {"events": "stale"},
    "app/Listeners/Deep/Tell.php": {"events": "stale"},
}


@pytest.mark.parametrize("generation", ALL)
async def test_each_source_makes_old_what_is_made_from_it_and_nothing_else(looking: Look, tmp_path: Path, generation: int) -> None:
    tree = Tree(tmp_path / "shop", generation)
    seen = await looking(tree)
    host = await seen.host()
    assert (host.layout.kind, host.layout.laravel) == ("laravel", FRAMEWORKS[generation])
    assert await seen.off() == {}
    found = {}
    expected = {**COMMON, **(RECENT_ONES if generation in RECENT else OLD_ONES)}
    for name in expected:
        there = (tree.root / name).exists()
        tree.age(name, 60) if there else tree.write(name, ago=60)
        found[name] = await seen.off()
        tree.age(name, 2 * HOUR) if there else (tree.root / name).unlink()
    assert found == expected
    assert await seen.off() == {}


async def test_a_log_that_grows_costs_no_second_look_at_the_sources(looking: Look, tmp_path: Path) -> None:
    """Of 20,000 sources it takes a quarter of a second, and while an application fails its log grows at every look."""
    tree = Tree(tmp_path / "shop", 13)
    log = tree.write("storage/logs/laravel.log")
    seen = await looking(tree)
    await seen.host()
    before = (await seen.host()).inputs
    with log.open("a") as lines:
        lines.write("[2025-10-24 10:38:02] production.ERROR: no route\n" * 3)
    after = await seen.host()
    assert after.logs[0].tail
    assert after.inputs is before
    tree.age("routes/web.php", 60)
    assert (await seen.verdicts())["routes"] == "stale"


@pytest.mark.parametrize(("generation", "layers"), [(10, {"config", "routes"}), (13, {"config", "routes", "events", "views"})])
async def test_optimize_caches_what_it_does_in_that_generation(looking: Look, tmp_path: Path, generation: int, layers: set[str]) -> None:
    tree = Tree(tmp_path / "shop", generation)
    for cached in ("bootstrap/cache/events.php", tree.compile(VIEW)):
        (tree.root / cached).unlink()
    tree.optimize(everything=False)
    verdicts = await (await looking(tree)).verdicts()
    assert {layer for layer, verdict in verdicts.items() if verdict == "fresh"} == layers
    assert set(verdicts.values()) <= {"fresh", "absent"}


@pytest.mark.parametrize("generation", [8, 13])
async def test_caches_are_where_the_pools_environment_says(looking: Look, tmp_path: Path, generation: int) -> None:
    tree = Tree(tmp_path / "shop", generation)
    for name in ("config", "routes-v7", "events"):
        (tree.root / f"bootstrap/cache/{name}.php").rename(tree.root / f"storage/{name}.php")
        tree.age(f"storage/{name}.php", HOUR)
    environment = {
        "APP_CONFIG_CACHE": f"{tree.root}/storage/config.php",
        "APP_ROUTES_CACHE": "storage/routes-v7.php",
        "APP_EVENTS_CACHE": f"{tree.root}/storage/events.php",
    }
    seen = await looking(tree, environment)
    assert await seen.verdicts() == dict.fromkeys(("config", "routes", "events", "views"), "fresh")
    for name in ("config/app.php", "routes/web.php"):
        tree.age(name, 60)
    assert await seen.off() == {"config": "stale", "routes": "stale"}


async def test_the_pools_own_environment_file_is_the_one_that_counts(looking: Look, tmp_path: Path) -> None:
    tree = Tree(tmp_path / "shop", 12)
    tree.write(".env.staging", "APP_ENV=staging\n")
    seen = await looking(tree, {"APP_ENV": "staging"})
    tree.age(".env", 60)
    assert await seen.off() == {}
    tree.age(".env.staging", 60)
    assert await seen.off() == {"config": "stale"}


@pytest.mark.parametrize(
    ("generation", "bootstrap"),
    [(8, ""), (10, "$app->useConfigPath(__DIR__.'/../settings');\n"), (12, "$app->useConfigPath(base_path('settings'));\n"), (13, "")],
)
async def test_a_moved_configuration_folder_is_found(looking: Look, tmp_path: Path, generation: int, bootstrap: str) -> None:
    tree = Tree(tmp_path / "shop", generation)
    (tree.root / "config").rename(tree.root / "settings")
    tree.write("bootstrap/app.php", (tree.root / "bootstrap/app.php").read_text().removeprefix("<?php\n") + bootstrap)
    seen = await looking(tree)
    assert await seen.off() == {}
    tree.age("settings/services.php", 60)
    assert await seen.off() == {"config": "stale"}


async def test_a_configuration_that_nobody_can_find_is_not_green(looking: Look, tmp_path: Path) -> None:
    tree = Tree(tmp_path / "shop", 9)
    for path in (tree.root / "config").iterdir():
        path.unlink()
    assert await (await looking(tree)).off() == {"config": "unknown"}


async def test_an_application_that_was_upgraded_keeps_its_old_skeleton_and_its_named_listeners(looking: Look, tmp_path: Path) -> None:
    tree = Tree(tmp_path / "shop", 10)
    tree.write("vendor/laravel/framework/src/Illuminate/Foundation/Application.php", "    const VERSION = '12.67.0';\n")
    seen = await looking(tree)
    tree.age("app/Listeners/SendWelcome.php", 60)
    assert await seen.off() == {}
    tree.age("app/Providers/EventServiceProvider.php", 60)
    assert await seen.off() == {"events": "stale"}


async def test_listeners_of_another_folder_that_bootstrap_names(looking: Look, tmp_path: Path) -> None:
    tree = Tree(tmp_path / "shop", 11)
    told = "->withEvents(discover: [\n    __DIR__.'/../app/Domain/*/Listeners',\n])\n"
    tree.write("bootstrap/app.php", (tree.root / "bootstrap/app.php").read_text().removeprefix("<?php\n") + told)
    tree.write("app/Domain/Orders/Listeners/Tell.php")
    seen = await looking(tree)
    tree.age("app/Listeners/SendWelcome.php", 60)
    assert await seen.off() == {}
    tree.age("app/Domain/Orders/Listeners/Tell.php", 60)
    assert await seen.off() == {"events": "stale"}


async def test_the_version_is_told_by_composer_where_the_framework_is_elsewhere(looking: Look, tmp_path: Path) -> None:
    tree = Tree(tmp_path / "shop", 12)
    (tree.root / "vendor/laravel/framework/src/Illuminate/Foundation/Application.php").unlink()
    seen = await looking(tree)
    assert (await seen.host()).layout.laravel == FRAMEWORKS[12]
    updated = (tree.root / "vendor/composer/installed.json").read_text().replace(FRAMEWORKS[12], FRAMEWORKS[13])
    tree.write("vendor/composer/installed.json", updated, ago=60)
    assert (await seen.host()).layout.laravel == FRAMEWORKS[13]


@pytest.mark.parametrize("where", ["cached configuration", "VIEW_COMPILED_PATH", "LARAVEL_STORAGE_PATH"])
async def test_compiled_views_are_where_they_are_told_to_be(looking: Look, tmp_path: Path, where: str) -> None:
    tree = Tree(tmp_path / "shop", 13)
    (tree.root / tree.compile(VIEW)).unlink()
    elsewhere = tmp_path / "storage"
    tree.compile(VIEW, folder=f"{elsewhere}/framework/views")
    environment = {"VIEW_COMPILED_PATH": f"{elsewhere}/framework/views"} if where == "VIEW_COMPILED_PATH" else {}
    if where == "LARAVEL_STORAGE_PATH":
        environment = {where: str(elsewhere)}
    if where == "cached configuration":
        code = f"return array (\n  'view' => \n  array (\n    'compiled' => '{elsewhere}/framework/views',\n  ),\n);"
        tree.write("bootstrap/cache/config.php", code, ago=HOUR)
    seen = await looking(tree, environment)
    assert len((await seen.host()).views.views) == 1
    assert await seen.off() == {}
    tree.age(VIEW, 60)
    assert await seen.off() == {"views": "pending"}


@pytest.mark.parametrize(
    ("generation", "name", "content"),
    [
        (8, "config", "<?php return array (\n  'a' => 'b"),
        (13, "routes-v7", ""),
        (11, "events", "half a file"),
        (13, "packages", "<?php return array (\n  'acme/shop' => \n  array ("),
        (9, "services", "<?php"),
    ],
)
async def test_a_cut_cache_is_named(looking: Look, tmp_path: Path, generation: int, name: str, content: str) -> None:
    tree = Tree(tmp_path / "shop", generation)
    path = tree.root / f"bootstrap/cache/{name}.php"
    path.write_text(content)
    tree.age(f"bootstrap/cache/{name}.php", HOUR)
    layer = {"routes-v7": "routes", "services": "packages"}.get(name, name)
    seen = await looking(tree)
    assert [finding.code for finding in (await seen.report()).findings if finding.layer.value == layer] == [f"{layer}.broken"]
    assert await seen.off() == {layer: "stale"}


@pytest.mark.parametrize("generation", [8, 13])
async def test_a_discovered_set_that_differs(looking: Look, tmp_path: Path, generation: int) -> None:
    tree = Tree(tmp_path / "shop", generation)
    text = (tree.root / "vendor/composer/installed.json").read_text()
    tree.write("vendor/composer/installed.json", text.replace("acme/shop", "acme/other"))
    assert await (await looking(tree)).off() == {"packages": "stale"}
