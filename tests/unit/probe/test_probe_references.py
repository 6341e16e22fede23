"""Which files the configuration and the routes depend on, wherever they lie: by what their sources say."""

from __future__ import annotations

import pytest

from stalewatch.probe.host.parsers.autoload import AutoloadRules
from stalewatch.probe.host.parsers.cache_inputs import group
from stalewatch.probe.host.parsers.laravel_skeleton import Skeleton
from stalewatch.probe.host.parsers.records import FileRecord
from stalewatch.probe.host.parsers.references import is_asked, references

ROOT = "/srv/app"
RULES = AutoloadRules({"App\\": ("app",), "Domain\\Shop\\": ("domain/shop", "more")})


def named(source: str, text: str, layer: str, **others: str) -> set[str]:
    texts = {source: text} | {path.replace("__", "/") + ".php": said for path, said in others.items()}
    return set(references(texts, "config", RULES).named.get(layer, ()))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("file_get_contents(base_path('VERSION'", "VERSION"),
        ("require __DIR__.'/../settings/agent.php'", "settings/agent.php"),
        ("require_once(dirname(__DIR__, 2) . '/shared/a.php'", "../shared/a.php"),
        ("include dirname(__DIR__).'/etc/b.php'", "etc/b.php"),
        ("parse_ini_file(app_path('limits.ini'", "app/limits.ini"),
        ("require __DIR__.'/.env.php'", ""),
        ("require __DIR__.'/*.php'", ""),
        ("require storage_path('x.php'", ""),
        ("file_get_contents(base_path('", ""),
    ],
)
def test_what_a_configuration_file_reads_is_a_source_of_the_configuration(text: str, path: str) -> None:
    assert named("config/services.php", text, "config") == ({path} if path else set())


@pytest.mark.parametrize(
    ("source", "text", "layer", "path"),
    [
        ("app/Providers/RouteServiceProvider.php", "group(base_path('Blog/http.php'", "routes", "Blog/http.php"),
        ("Blog/BlogServiceProvider.php", "loadRoutesFrom(__DIR__.'/http.php'", "routes", "Blog/http.php"),
        ("Blog/BlogServiceProvider.php", "mergeConfigFrom(__DIR__.'/../Blog/blog.php'", "config", "Blog/blog.php"),
        ("routes/web.php", "require base_path('admin/web.php'", "routes", "admin/web.php"),
    ],
)
def test_what_a_provider_or_the_routes_load(source: str, text: str, layer: str, path: str) -> None:
    assert named(source, text, layer) == {path}
    assert references({source: text}, "config", RULES).named.keys() == {layer}


def test_a_file_that_is_loaded_loads_others() -> None:
    more = {"Blog__http": "require __DIR__.'/deep/admin.php'", "Other__http": "require __DIR__.'/not.php'"}
    assert named("routes/web.php", "require base_path('Blog/http.php'", "routes", **more) == {"Blog/http.php", "Blog/deep/admin.php"}


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("App\\Version::NUMBER", {"app/Version.php"}),
        ("\\App\\Enums\\Locale::cases", {"app/Enums/Locale.php"}),
        ("use App\\Support\\Version;\nVersion::NUMBER", {"app/Support/Version.php"}),
        ("use App\\Support\\Version as V;\nnew V", {"app/Support/Version.php"}),
        ("use Domain\\Shop\\Tax;\nTax::rate", {"domain/shop/Tax.php", "more/Tax.php"}),
        ("use App\\Models\\User;\nUser::class", set()),
        ("Illuminate\\Support\\Str::slug", set()),
    ],
)
def test_a_class_that_is_used_for_more_than_its_name_may_be_a_source(text: str, paths: set[str]) -> None:
    assert references({"config/a.php": text}, "config", RULES).used["config"] == paths


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("config('services.prefix", {"config/services.php", ".env"}),
        ('Config::get( "app.domain', {"config/app.php", ".env"}),
        ("env('API_DOMAIN", {".env"}),
        ("config([", set()),
    ],
)
def test_a_setting_that_the_routes_ask_for_may_be_a_source_of_theirs(text: str, paths: set[str]) -> None:
    used = references({"routes/api.php": text, "routes/console.php": text, "config/a.php": text}, "config", RULES).used
    assert (used["routes"], used["config"]) == (paths, set())


@pytest.mark.parametrize(
    ("path", "text", "tells"),
    [
        ("app/Providers/AppServiceProvider.php", "Blade::directive", True),
        ("app/Providers/BladeServiceProvider.php", "Blade::component", True),
        ("app/Providers/AppServiceProvider.php", "Blade::render", False),
        ("routes/web.php", "Blade::directive", False),
    ],
)
def test_a_provider_tells_blade_how_to_compile(path: str, text: str, tells: bool) -> None:
    assert references({path: text}, "config", RULES).used.get("views") == ({path} if tells else None)


@pytest.mark.parametrize(
    ("text", "calls", "git"),
    [
        ("shell_exec(", ("shell_exec",), False),
        ("exec('git ", ("exec",), True),
        ("glob(\nfile_get_contents(", ("file_get_contents", "glob"), False),
        ("file_get_contents(base_path('VERSION'", (), False),
        ("file_get_contents(base_path(scandir(base_path('versions'", ("scandir",), False),
        ("new Date\nCarbon::now", (), False),
    ],
)
def test_what_no_file_tells_of_is_named_and_git_has_a_diary(text: str, calls: tuple[str, ...], git: bool) -> None:
    found = references({"config/a.php": text, "routes/web.php": text}, "config", RULES)
    assert found.calls == ({"config/a.php": calls} if calls else {})
    assert (".git/logs/HEAD" in found.used["config"]) is git
    assert found.route_calls == ({"routes/web.php": calls} if calls else {})


def test_what_handlers_ask_at_every_request_and_what_route_cache_leaves_out_is_not_named() -> None:
    found = references({"routes/web.php": "now(\ndate(\nglob(\nexec('git ", "routes/console.php": "exec("}, "config", RULES)
    assert found.route_calls == {"routes/web.php": ("exec", "glob")}
    assert ".git/logs/HEAD" not in found.used["routes"]


@pytest.mark.parametrize(
    ("path", "text", "moved"),
    [
        ("public/index.php", "APP_CONFIG_CACHE", {"config"}),
        ("bootstrap/app.php", "useBootstrapPath", {"config", "routes", "events", "packages", "services"}),
        ("app/Foundation/Application.php", "getCachedRoutesPath", {"routes"}),
        ("config/app.php", "APP_CONFIG_CACHE", set()),
    ],
)
def test_a_cache_that_the_code_keeps_at_a_place_of_its_own(path: str, text: str, moved: set[str]) -> None:
    assert is_asked(path, "config")
    assert references({path: text}, "config", RULES).moved == moved


def record(path: str) -> FileRecord:
    return FileRecord(f"{ROOT}/{path}", 1.0, 1.0, 1, 1, 0o100644, "deploy", "deploy")


def test_they_are_compared_with_the_caches() -> None:
    skeleton = Skeleton(named={"config": frozenset({"VERSION"})}, used={"routes": frozenset({"app/Tax.php"})}, code=("domain/",))
    paths = ("VERSION", "app/Tax.php", "domain/Cart.php", "Modules/Blog/Routes/web.php", "src/Blog/config/blog.php", "tests/routes/x.php")
    found = group([record(path) for path in paths], ROOT, skeleton=skeleton)
    assert [stat.path for stat in found["config"].direct] == ["VERSION"]
    assert [stat.path for stat in found["config"].indirect] == ["src/Blog/config/blog.php"]
    assert {str(stat.path) for stat in found["routes"].indirect} == {"app/Tax.php", "Modules/Blog/Routes/web.php"}
    assert "domain/Cart.php" in {stat.path for stat in found["code"].direct}


def test_what_a_package_brings_may_add_to_the_configuration_and_the_routes() -> None:
    paths = ("vendor/acme/a/config/a.php", "vendor/acme/a/src/routes.php", "vendor/acme/a/routes/web.php", "vendor/acme/a/src/A.php")
    found = group([record(path) for path in paths], ROOT)
    assert [stat.path for stat in found["config"].indirect] == [paths[0]]
    assert [stat.path for stat in found["routes"].indirect] == [paths[1], paths[2]]
    assert [stat.path for stat in found["code"].direct] == [paths[3]], "a package that is a link"
