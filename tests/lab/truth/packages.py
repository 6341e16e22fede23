"""What Laravel keeps of the installed packages: their providers and aliases, not only their names."""

from __future__ import annotations

import json

from stalewatch.model.report import Layer
from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.state import Ask, healthy, stale

PACKAGE = Ask(uri="/package", old="greeter v1", new="greeter v2")
_INSTALLED = "vendor/composer/installed.json"
_SOURCES = "vendor/acme/greeter/src"
_MANIFEST_STALE = {Layer.PACKAGES: ("stale", "packages.differ")}
_LOUD = """<?php

namespace Acme\\Greeter;

class LoudGreeter extends Greeter
{
    public function greet(): string
    {
        return 'greeter v2';
    }
}
"""
_LOUD_PROVIDER = """<?php

namespace Acme\\Greeter;

use Illuminate\\Support\\ServiceProvider;

class LoudServiceProvider extends ServiceProvider
{
    public function register()
    {
        $this->app->singleton(Greeter::class, LoudGreeter::class);
    }
}
"""


def _loud(host: Host) -> None:
    """A new version of the package brings a second greeter, and a provider for it."""
    host.edit(f"{_SOURCES}/LoudGreeter.php", _LOUD)
    host.edit(f"{_SOURCES}/LoudServiceProvider.php", _LOUD_PROVIDER)


_OTHER_PROVIDER = do.then(_loud, do.change_text(_INSTALLED, "GreeterServiceProvider", "LoudServiceProvider"))
_OTHER_ALIAS = do.then(_loud, do.change_text(_INSTALLED, '"Acme\\\\Greeter\\\\Greeter"', '"Acme\\\\Greeter\\\\LoudGreeter"'))
_EXCLUDED = do.change_text("composer.json", '"dont-discover": []', '"dont-discover": ["acme/greeter"]')


def _discover(host: Host) -> None:
    host.run(["php", "/srv/app/artisan", "package:discover"], user="www-data")


def _use_the_alias(host: Host) -> None:
    """The application asks for the greeter by an alias that the package brings."""
    host.edit(_INSTALLED, replace=('{"providers"', '{"aliases": {"Greeting": "Acme\\\\Greeter\\\\Greeter"}, "providers"'))
    host.edit(
        "app/Http/Controllers/LayerController.php", replace=("$container->make(Greeter::class)->greet()", "(new \\Greeting())->greet()")
    )
    _discover(host)
    do.pause(1.1)(host)
    host.restart()
    do.then(do.get("/package"), do.pause(3.1), do.get("/package"))(host)


def _in_another_order(host: Host) -> None:
    """installed.json names the same in another order, and says more of what Laravel does not read."""
    installed = json.loads(host.read(f"/srv/app/{_INSTALLED}"))
    for package in installed["packages"]:
        package["description"] = "said again"
    installed["packages"].reverse()
    host.edit(_INSTALLED, json.dumps(installed))


_OWN_ROUTES = "$this->loadRoutesFrom(__DIR__.'/../routes/api.php');"
_OWN_SETTINGS = "$this->mergeConfigFrom(__DIR__.'/../config/greeter.php', 'greeter');"
_ROUTES_FILE = "Route::get('/greet', [\\App\\Http\\Controllers\\LayerController::class, 'ping']);"
_BRINGS = do.then(
    do.change_text(
        f"{_SOURCES}/GreeterServiceProvider.php", "$this->app->singleton", f"{_OWN_SETTINGS} {_OWN_ROUTES} $this->app->singleton"
    ),
    do.shell("mkdir vendor/acme/greeter/config vendor/acme/greeter/routes", user="deploy"),
    lambda host: host.edit("vendor/acme/greeter/routes/api.php", f"<?php use Illuminate\\Support\\Facades\\Route; {_ROUTES_FILE}"),
    lambda host: host.edit("vendor/acme/greeter/config/greeter.php", "<?php return ['agent' => 'agent-v1'];"),
    do.change_text("app/Http/Controllers/LayerController.php", "config('services.retell.agent')", "config('greeter.agent')"),
    do.cache(),
    do.pause(2.1),
    lambda host: host.restart(),
    do.get("/greet"),
    do.get("/config"),
)


def _upgraded(path: str, old: str, new: str) -> do.Change:
    """Composer puts a new version of the package in place: its files have the times of the archive."""
    file = f"vendor/acme/greeter/{path}"
    put = f"sed 's#{old}#{new}#' {file} >next; touch -d '30 days ago' next; mv next {file}; touch {_INSTALLED}"
    return do.then(do.pause(3.1), do.shell(put, user="deploy"), lambda host: host.reload(), do.get())


_GREET = Ask(uri="/greet2", old="<!DOCTYPE html>", new="pong v1")
_SETTING = Ask(uri="/config", old="v1 agent-v1", new="v1 agent-v2")
_OTHER_ROUTES = _upgraded("routes/api.php", "/greet", "/greet2")
_OTHER_SETTINGS = _upgraded("config/greeter.php", "agent-v1", "agent-v2")

STATES = (
    stale(
        name="packages: one upgraded, its routes are others, routes not cached again",
        expect={Layer.ROUTES: ("suspect", "routes.provider-newer")},
        arrange=_BRINGS,
        act=_OTHER_ROUTES,
        ask=_GREET,
    ),
    stale(
        name="packages: one upgraded, its settings are others, configuration not cached again",
        expect={Layer.CONFIG: ("suspect", "config.provider-newer")},
        arrange=_BRINGS,
        act=_OTHER_SETTINGS,
        ask=_SETTING,
    ),
    healthy(
        name="packages: one upgraded, its routes and settings are others, cached again",
        arrange=_BRINGS,
        act=do.then(_OTHER_ROUTES, _OTHER_SETTINGS, do.cache(), lambda host: host.reload(), do.get("/config")),
        ask=_SETTING,
    ),
    stale(
        name="packages: another provider, not discovered",
        expect=_MANIFEST_STALE,
        arrange=do.get("/package"),
        act=do.then(_OTHER_PROVIDER, do.get("/package")),
        ask=PACKAGE,
    ),
    stale(
        name="packages: another alias, not discovered",
        expect=_MANIFEST_STALE,
        arrange=_use_the_alias,
        act=do.then(_OTHER_ALIAS, do.get("/package")),
        ask=PACKAGE,
    ),
    stale(
        name="packages: one excluded since, not discovered",
        expect=_MANIFEST_STALE,
        arrange=do.get("/package"),
        act=do.then(_EXCLUDED, do.get("/package")),
        ask=Ask(uri="/package", old="greeter v1", new="no package"),
    ),
    healthy(
        name="packages: another provider, discovered, then reload",
        arrange=do.get("/package"),
        act=do.then(
            _OTHER_PROVIDER, _discover, do.pause(1.1), lambda host: host.reload(), do.get("/package"), do.pause(2.2), do.get("/package")
        ),
        ask=PACKAGE,
    ),
    healthy(name="packages: the same in another order", act=do.then(_in_another_order, do.get("/package"))),
)
