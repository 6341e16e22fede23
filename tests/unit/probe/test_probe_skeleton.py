"""Where an application says that its sources are: Laravel's own skeletons, and what people do with them."""

from __future__ import annotations

import pytest

from stalewatch.probe.host.parsers.cache_inputs import group
from stalewatch.probe.host.parsers.laravel_skeleton import Skeleton, config_folder, listeners, skeleton
from stalewatch.probe.host.parsers.records import FileRecord

ROOT = "/srv/app"
BUILT = "return Application::configure(basePath: dirname(__DIR__))\n"
OLD = "$app = new Illuminate\\Foundation\\Application(\n"
EXPLICIT = "class EventServiceProvider {\n    public function shouldDiscoverEvents(): bool\n    {\n        return false;\n    }\n}"
WITHIN = """
    protected function discoverEventsWithin()
    {
        return [
            $this->app->path('Listeners'), app_path("Billing/Listeners"),
            $this->app->basePath('modules/*/Listeners'), __DIR__.'/../Handlers',
        ];
    }
"""
DISCOVERS = EXPLICIT.replace("return false", "return true")


@pytest.mark.parametrize(
    ("version", "bootstrap", "provider", "expected"),
    [
        ("8.83.26", OLD, "", ()),
        ("10.48.0", OLD, EXPLICIT, ()),
        ("10.48.0", OLD, DISCOVERS, ("app/Listeners",)),
        ("9.1.0", OLD, EXPLICIT.replace("return false", "return app()->isLocal()"), ("app/Listeners",)),
        ("9.1.0", OLD, DISCOVERS + WITHIN, ("app/Listeners", "app/Billing/Listeners", "modules/*/Listeners", "app/Handlers")),
        ("11.0.0", BUILT, "", ("app/Listeners",)),
        ("13.2.0", BUILT, EXPLICIT, ("app/Listeners",)),
        ("12.0.0", BUILT + "    ->withEvents(discover: false)", "", ()),
        ("12.0.0", BUILT + "    ->withEvents(false)", "", ()),
        ("12.0.0", BUILT + "    ->withEvents()", "", ("app/Listeners",)),
        ("12.0.0", BUILT + "->withEvents(discover: [\n__DIR__.'/../app/Orders/Listeners',\n])", "", ("app/Orders/Listeners",)),
        ("12.0.0", OLD, EXPLICIT, ()),
        ("12.0.0", OLD, DISCOVERS, ("app/Listeners",)),
        ("12.0.0", "", EXPLICIT, ("app/Listeners",)),
        ("", "", "", ("app/Listeners",)),
        ("", BUILT, "", ("app/Listeners",)),
    ],
)
def test_where_events_are_discovered(version: str, bootstrap: str, provider: str, expected: tuple[str, ...]) -> None:
    assert listeners(version, bootstrap, provider) == expected


USUAL = ("config/app.php", "config/database.php", "app/Models/User.php", "lang/en/auth.php", "bootstrap/app.php")
MOVED = ("settings/app.php", "settings/queue.php", "settings/deep/x.php", "tests/config/app.php", "tests/config/queue.php")


@pytest.mark.parametrize(
    ("version", "bootstrap", "paths", "expected"),
    [
        ("8.83.26", OLD, USUAL, "config"),
        ("8.83.26", OLD, MOVED, "settings"),
        ("8.83.26", OLD, ("settings/app.php",), ""),
        ("8.83.26", OLD, ("lang/en/auth.php", "lang/en/view.php"), ""),
        ("10.48.0", OLD + "$app->useConfigPath(__DIR__.'/../etc/settings');", USUAL, "etc/settings"),
        ("11.48.0", BUILT + "$app->useConfigPath($app->basePath('settings'))", USUAL, "settings"),
        ("11.48.0", BUILT + "$app->useConfigPath($where);", USUAL, ""),
        ("11.48.0", BUILT + "public function configPath($path = '')", ("app/Models/User.php",), ""),
        ("11.48.0", BUILT, ("app/Models/User.php",), "config"),
        ("", "", ("app/Models/User.php",), ""),
    ],
)
def test_where_the_configuration_is(version: str, bootstrap: str, paths: tuple[str, ...], expected: str) -> None:
    assert config_folder(version, bootstrap, paths) == expected


def test_routes_that_bootstrap_names_outside_their_folder() -> None:
    told = "->withRouting(\nweb: __DIR__.'/../routes/web.php',\napi: __DIR__.'/../src/Http/api.php',\n)\n"
    told += "require __DIR__.'/../vendor/autoload.php';"
    assert skeleton("12.0.0", BUILT + told, "", USUAL).routes == ("src/Http/api.php",)


def record(path: str) -> FileRecord:
    return FileRecord(f"{ROOT}/{path}", 1.0, 1.0, 1, 1, 0o100644, "deploy", "deploy")


def direct(layer: str, skeleton: Skeleton, *paths: str) -> set[str]:
    return {str(stat.path) for stat in group([record(path) for path in paths], ROOT, skeleton=skeleton)[layer].direct}


def test_what_the_skeleton_says_is_what_is_compared() -> None:
    own = Skeleton(config="settings", listeners=("modules/*/Listeners",), routes=("src/api.php",))
    paths = ("config/app.php", "settings/app.php", ".env", "modules/Shop/Listeners/Deep/Tell.php", "app/Listeners/Old.php", "src/api.php")
    assert direct("config", own, *paths) == {"settings/app.php", ".env"}
    assert direct("events", own, *paths) == {"modules/Shop/Listeners/Deep/Tell.php"}
    assert direct("routes", own, *paths) == {"src/api.php"}
    assert direct("events", Skeleton(listeners=()), "app/Listeners/Tell.php") == set()
    assert direct("code", Skeleton(listeners=()), "app/Listeners/Tell.php") == {"app/Listeners/Tell.php"}


def test_a_configuration_that_cannot_be_told_is_compared_with_nothing() -> None:
    found = group([record(path) for path in (".env", "bootstrap/app.php")], ROOT, skeleton=Skeleton(config=""))
    assert (found["config"].direct, found["config"].indirect) == ((), ())
