"""Sources outside of Laravel's own folders: what the configuration and the routes read, load or use, and code that composer.json names."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.state import Ask, healthy, stale, unsettled

_AGENT = Ask(uri="/config", old="v1 agent-v1", new="v1 agent-v2")
_PONG = Ask(uri="/api/pong", old="<!DOCTYPE html>", new="pong v1")
_CONFIG = {Layer.CONFIG: ("stale", "config.stale")}
_ROUTES = {Layer.ROUTES: ("stale", "routes.stale")}
_MORE_ROUTES = "echo \"Route::get('/pong', [\\\\App\\\\Http\\\\Controllers\\\\LayerController::class, 'ping']);\" >>{}"


def _made(*changes: do.Change) -> do.Change:
    """The sources are so, cached, and served by a pool that started later."""
    return do.then(*changes, do.cache(), do.pause(2.1), lambda host: host.restart(), do.get("/config"), do.get("/api/pong"))


def _reads(code: str, *files: tuple[str, str]) -> do.Change:
    """The configuration's agent is what *code* says, with *files* (name, text) beside it."""
    write = (do.shell(f"mkdir -p $(dirname {name}); printf '%s' '{text}' >{name}", user="deploy") for name, text in files)
    return _made(*write, do.change_text("config/services.php", "'agent-v1'", code))


def _module(provider: str, code: str, path: str) -> do.Change:
    """The routes of the API are those at *path*, of a module."""
    move = do.shell(f"mkdir -p $(dirname {path}); cp routes/api.php {path}", user="deploy")
    return _made(move, do.change_text(provider, "base_path('routes/api.php')", code))


_VERSION = ("VERSION", "agent-v1")
_AS_DEPLOY = "git -c user.name=deploy -c user.email=deploy@lab"
_COMMIT = "trim((string) shell_exec('git -c safe.directory=* -C /srv/app log -1 --format=%s')) === 'agent-v2' ? 'agent-v2' : 'agent-v1'"
_SETTINGS = ("settings/agent.php", '<?php return "agent-v1";')
_CLASS = ("app/Version.php", '<?php namespace App; class Version { const V = "agent-v1"; }')
_LISTED = "modules/pong.php"
_ROUTE_PROVIDER = "app/Providers/RouteServiceProvider.php"


def _agent(path: str) -> do.Change:
    return do.then(do.pause(1.1), do.change_text(path, "agent-v1", "agent-v2"), do.get("/config"))


def _pong(path: str) -> do.Change:
    return do.then(do.pause(1.1), do.shell(_MORE_ROUTES.format(path), user="deploy"), do.get("/api/pong"))


_PREFIX = do.change_text(_ROUTE_PROVIDER, "Route::prefix('api')", "Route::prefix(config('services.retell.agent'))")
_BY_SETTING = Ask(uri="/agent-v2/ping", old="<!DOCTYPE html>", new="pong v1")
_APP_PROVIDER = "app/Providers/AppServiceProvider.php"
_BLADE = "\\Illuminate\\Support\\Facades\\Blade::directive('ver', fn () => 'view v1');"
_DIRECTIVE = do.then(
    do.change_text(_APP_PROVIDER, "public function register()", f"public function boot() {{ {_BLADE} }}\n    public function register()"),
    do.change_text("resources/views/home.blade.php", "view v1", "@ver"),
)
_DIRECTIVE_EDITED = do.then(do.pause(1.1), do.change_text(_APP_PROVIDER, "view v1", "view v2"), do.pause(1.1))


def _page(host: Host) -> str:
    """Which code made the page."""
    body = host.get("/view")
    return next((word for word, text in (("old", "view v1"), ("new", "view v2")) if text in body), "broken")


STATES = (
    stale(
        name="routes: a setting that they are made of is another, only the configuration cached again",
        expect={Layer.ROUTES: ("suspect", "routes.provider-newer")},
        arrange=_made(_PREFIX),
        act=do.then(do.pause(1.1), do.AGENT, do.pause(1.1), do.cache("config"), do.pause(2.1), lambda host: host.reload(), do.get()),
        ask=_BY_SETTING,
    ),
    stale(
        name="views: a Blade directive edited, everything else cached again",
        expect={Layer.VIEWS: ("suspect", "views.directive-newer")},
        arrange=do.then(do.shell("rm -f storage/framework/views/*.php"), _made(_DIRECTIVE), do.get("/view")),
        act=do.then(_DIRECTIVE_EDITED, do.cache("config", "route", "event"), lambda host: host.reload(), do.get("/view")),
        ask=_page,
    ),
    healthy(
        name="routes: a setting that they are made of is another, both cached again",
        arrange=_made(_PREFIX),
        act=do.then(do.pause(1.1), do.AGENT, do.pause(1.1), do.cache("config", "route"), lambda host: host.reload(), do.get()),
        ask=_BY_SETTING,
    ),
    healthy(
        name="views: a Blade directive edited, views cached again",
        arrange=do.then(do.shell("rm -f storage/framework/views/*.php"), _made(_DIRECTIVE), do.get("/view")),
        act=do.then(_DIRECTIVE_EDITED, do.cache(), lambda host: host.reload(), do.get("/view")),
        ask=_page,
    ),
    stale(
        name="config: a file that it reads is another",
        expect=_CONFIG,
        arrange=_reads("trim(file_get_contents(base_path('VERSION')))", _VERSION),
        act=_agent("VERSION"),
        ask=_AGENT,
    ),
    stale(
        name="config: a file that it requires is edited",
        expect=_CONFIG,
        arrange=_reads("require __DIR__.'/../settings/agent.php'", _SETTINGS),
        act=_agent("settings/agent.php"),
        ask=_AGENT,
    ),
    stale(
        name="config: a class that it uses is edited",
        expect={Layer.CONFIG: ("suspect", "config.provider-newer")},
        arrange=_reads("\\App\\Version::V", _CLASS),
        act=_agent("app/Version.php"),
        ask=_AGENT,
    ),
    stale(
        name="routes: those of a module, loaded by the provider",
        expect=_ROUTES,
        arrange=_module(_ROUTE_PROVIDER, "base_path('Blog/http.php')", "Blog/http.php"),
        act=_pong("Blog/http.php"),
        ask=_PONG,
    ),
    stale(
        name="routes: those of a module, by a path that is made up",
        expect={Layer.ROUTES: ("suspect", "routes.provider-newer")},
        arrange=_module(
            _ROUTE_PROVIDER, "base_path(implode('/', ['Modules', 'Blog', 'Routes', 'api.php']))", "Modules/Blog/Routes/api.php"
        ),
        act=_pong("Modules/Blog/Routes/api.php"),
        ask=_PONG,
    ),
    stale(
        name="config: it asked git for the commit, and another one is checked out",
        expect={Layer.CONFIG: ("suspect", "config.provider-newer")},
        arrange=_reads(_COMMIT),
        act=do.then(do.pause(1.1), do.shell(f"{_AS_DEPLOY} commit -q --allow-empty -m agent-v2", user="deploy"), do.get("/config")),
        ask=_AGENT,
    ),
    unsettled(
        name="config: it asked a command, which answers otherwise now",
        arrange=_reads("trim((string) shell_exec('cat /srv/app/VERSION'))", _VERSION),
        act=_agent("VERSION"),
        ask=_AGENT,
        really="old",
    ),
    unsettled(
        name="routes: they asked a listing, which has one more now",
        arrange=_made(
            do.change_text("routes/api.php", "<?php", "<?php foreach (glob(base_path('modules/*.php')) as $file) {\n    require $file;\n}")
        ),
        act=do.then(
            do.pause(1.1), do.shell(f"mkdir modules; echo '<?php' >{_LISTED}; {_MORE_ROUTES.format(_LISTED)}"), do.get("/api/pong")
        ),
        ask=_PONG,
        really="old",
    ),
    healthy(
        name="config: it asked git for the commit, and was cached after the deploy",
        arrange=_reads(_COMMIT),
        act=do.then(
            do.pause(1.1),
            do.shell(f"{_AS_DEPLOY} commit -q --allow-empty -m agent-v2", user="deploy"),
            do.cache("config"),
            do.pause(4.1),
            do.get("/config"),
        ),
        ask=_AGENT,
    ),
    unsettled(
        name="config: cached where the entry point says, and a source edited",
        expect={Layer.CONFIG: ("unknown", "config.sources-unseen")},
        arrange=do.then(
            do.shell("install -d -o www-data /srv/var; mv bootstrap/cache/config.php /srv/var"),
            do.change_text("public/index.php", "<?php", "<?php\n$_SERVER['APP_CONFIG_CACHE'] = '/srv/var/config.php';\n"),
            do.pause(2.1),
            lambda host: host.restart(),
            do.get("/config"),
        ),
        act=do.then(do.pause(1.1), do.AGENT, do.pause(4.1), do.get("/config")),
        ask=_AGENT,
        really="old",
    ),
    healthy(
        name="config: what it reads and uses is as it was, the log that it names grows",
        arrange=_reads("trim(file_get_contents(base_path('VERSION')))", _VERSION),
        act=do.then(
            do.pause(1.1),
            do.shell("echo line >>storage/logs/laravel.log", user="www-data"),
            do.edit,
            do.pause(4.1),
            do.get(),
        ),
        ask=Ask(uri="/config", old="(none)", new="v1 agent-v1"),
    ),
    healthy(
        name="config: a file that it reads is another, cached again",
        arrange=_reads("trim(file_get_contents(base_path('VERSION')))", _VERSION),
        act=do.then(_agent("VERSION"), do.cache("config"), do.pause(4.1), do.get("/config")),
        ask=_AGENT,
    ),
)
