"""Laravel's caches: their sources, and OPcache above them."""

from __future__ import annotations

import json
from collections.abc import Callable

from stalewatch.model.report import Layer
from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.opcache_stale import BYTECODE
from tests.lab.truth.state import HOME, UNCHANGED, Ask, healthy, stale, unsettled, warm

CONFIG = Ask(uri="/config", old="v1 agent-v1", new="v1 agent-v2")
ENV = Ask(uri="/config", old="v1 agent-v1", new="v2 agent-v1")
ROUTE = Ask(uri="/api/ping", old="pong v1", new="greeter v1")
EVENT = Ask(uri="/event", old="listened v1", new="")
_PAGE = "<!doctype html>\n<title>lab</title>\n<p>"
VIEW = Ask(uri="/view", old=_PAGE + "view v1", new=_PAGE + "view v2")
PACKAGE = Ask(uri="/package", old="no package", new="greeter v1")

CONFIG_STALE = {Layer.CONFIG: ("stale", "config.stale")}
ROUTES_STALE = {Layer.ROUTES: ("stale", "routes.stale")}
_CACHES_GONE = dict.fromkeys((Layer.CONFIG, Layer.ROUTES, Layer.EVENTS, Layer.VIEWS), ("absent",))
_CONFIG_CACHE = "bootstrap/cache/config.php"
_RELOCATED = "/srv/app/storage/app/config.php"
_ALL_URIS = do.then(*(do.get(uri) for uri in ("/", "/config", "/api/ping", "/event", "/view")))
_VT0 = do.then(do.VT0, _ALL_URIS)
_FIX = do.then(lambda host: host.deploy_git("fix"), do.pause(2.1))


def held(code: str) -> dict[Layer, tuple[str, ...]]:
    """The file is new, and FPM runs the old one."""
    return {Layer.OPCACHE: ("stale", code)}


def truncate(name: str) -> do.Change:
    """A cache file ends in its middle."""

    def change(host: Host) -> None:
        file = host.file(f"bootstrap/cache/{name}.php")
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    return change


def spoil(name: str) -> do.Change:
    """A cache file begins and ends as it should, and PHP cannot read what is between."""

    def change(host: Host) -> None:
        file = host.file(f"bootstrap/cache/{name}.php")
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join([*lines[: len(lines) // 2], "=> => (\n", *lines[len(lines) // 2 :]]))

    return change


def broken_command(command: str) -> Callable[[Host], str]:
    """Whether artisan itself, asked to fix it, cannot start with that file, and neither can the application."""

    def ask(host: Host) -> str:
        if host.artisan("env", check=False).returncode == 0:  # which changes nothing: where it starts, the command would clear
            return "new"
        parsed = "syntax error" in (said := host.artisan(command, check=False).stdout) or "Unclosed" in said or "unexpected" in said
        return "broken" if parsed and not host.get("/").startswith("home") else "new"

    return ask


def without_packages(host: Host) -> None:
    """packages.php as it was before acme/greeter was installed."""
    host.edit("bootstrap/cache/packages.php", "<?php return array (\n);\n")
    do.pause(1.1)(host)
    host.restart()
    do.then(do.get("/package"), do.pause(3.1), do.get("/package"))(host)


def install_again(host: Host) -> None:
    """`composer install --no-scripts`: installed.json is written again with what it had."""
    host.edit("vendor/composer/installed.json", json.dumps(json.loads(host.read("/srv/app/vendor/composer/installed.json"))))


def relocate(host: Host) -> None:
    """The configuration is cached where the pool's environment says."""
    host.run(["env", f"APP_CONFIG_CACHE={_RELOCATED}", "php", "/srv/app/artisan", "config:cache"], user="www-data")
    host.remove(_CONFIG_CACHE)
    host.pool(**{"env[APP_CONFIG_CACHE]": _RELOCATED})
    warm(host)


def own_environment(host: Host) -> None:
    """The pool's APP_ENV is staging, so Laravel reads .env.staging and not .env."""
    do.shell("cp -p .env .env.staging")(host)
    host.run(["env", "APP_ENV=staging", "php", "/srv/app/artisan", "config:cache"], user="www-data")
    do.pause(1.1)(host)
    host.pool("www", **{"env[APP_ENV]": "staging"})
    warm(host)


def move_configuration(host: Host) -> None:
    """The configuration is in a folder of another name, as an Application of one's own says."""
    body = "{ public function configPath($path = '') { return $this->basePath().'/settings'.($path ? '/'.$path : ''); } }"
    host.edit(
        "bootstrap/app.php",
        replace=(
            "new Illuminate\\Foundation\\Application(dirname(__DIR__))",
            f"new class(dirname(__DIR__)) extends Illuminate\\Foundation\\Application {body}",
        ),
    )
    do.shell("mv config settings; rm bootstrap/cache/config.php")(host)
    do.cache("config", "route", "event")(host)
    do.pause(1.1)(host)
    host.restart()
    warm(host)


STALE = (
    stale(
        name="config: a source edited, folder moved",
        expect=CONFIG_STALE,
        arrange=move_configuration,
        act=do.then(do.change_text("settings/services.php", "agent-v1", "agent-v2"), do.get()),
        ask=CONFIG,
    ),
    stale(name="config: a source edited", expect=CONFIG_STALE, act=do.then(do.AGENT, do.get()), ask=CONFIG),
    stale(name="config: .env edited", expect=CONFIG_STALE, act=do.then(do.ENV, do.get()), ask=ENV),
    stale(name="config: a source edited, cache relocated", expect=CONFIG_STALE, arrange=relocate, act=do.AGENT, ask=CONFIG),
    stale(
        name="config: .env.$APP_ENV edited",
        expect=CONFIG_STALE,
        arrange=own_environment,
        act=do.change_text(".env.staging", "RETELL_VERSION=v1", "RETELL_VERSION=v2"),
        ask=ENV,
    ),
    stale(
        name="config: a source with an older mtime, seen before",
        expect=CONFIG_STALE,
        act=do.rewrite("config/services.php", "agent-v1", "agent-v2-new", back=do.HOUR),
        ask=Ask(uri="/config", old="v1 agent-v1", new="v1 agent-v2-new"),
        remembered=True,
    ),
    stale(
        name="config: a source deleted, seen before",
        expect=CONFIG_STALE,
        act=lambda host: host.remove("config/services.php"),
        ask=Ask(uri="/config", old="v1 agent-v1", new=""),
        remembered=True,
    ),
    stale(
        name="config: cache truncated",
        expect={Layer.CONFIG: ("stale", "config.broken")},
        act=do.then(truncate("config"), do.pause(2.5), do.get()),
        really="broken",
    ),
    stale(
        name="routes: cache is no valid PHP",
        expect={Layer.ROUTES: ("stale", "routes.broken")},
        act=do.then(spoil("routes-v7"), do.pause(2.5), do.get()),
        ask=broken_command("route:clear"),
        really="broken",
    ),
    stale(
        name="events: cache truncated",
        expect={Layer.EVENTS: ("stale", "events.broken")},
        act=do.then(truncate("events"), do.pause(2.5), do.get()),
        ask=broken_command("event:clear"),
        really="broken",
    ),
    stale(
        name="packages: manifest truncated",
        expect={Layer.PACKAGES: ("stale", "packages.broken")},
        act=do.then(truncate("services"), do.pause(2.5), do.get()),
        ask=broken_command("package:discover"),
        really="broken",
    ),
    stale(name="routes: a source edited", expect=ROUTES_STALE, act=do.then(do.ROUTE, do.get()), ask=ROUTE),
    stale(
        name="events: the provider edited",
        expect={Layer.EVENTS: ("stale", "events.stale")},
        act=do.then(do.EVENT, do.get(), do.pause(2.5), do.get(), do.pause(2.2), do.get()),
        ask=EVENT,
    ),
    stale(
        name="packages: one installed, not discovered",
        expect={Layer.PACKAGES: ("stale", "packages.differ")},
        arrange=without_packages,
        ask=PACKAGE,
    ),
    stale(
        name="views: source edited, compiled one held (vt=0)",
        expect={Layer.VIEWS: ("stale", "views.held-by-opcache")},
        arrange=_VT0,
        act=do.VIEW,
        ask=VIEW,
    ),
    stale(
        name="views: source with an older mtime, seen before",
        expect={Layer.VIEWS: ("stale", "views.older-source")},
        arrange=do.get("/view"),
        act=do.then(do.rewrite("resources/views/home.blade.php", "view v1", "view v2-new", back=do.HOUR), do.get("/view")),
        ask=VIEW,
        remembered=True,
    ),
    stale(
        name="views: source with an older mtime, one look",
        expect={Layer.VIEWS: ("suspect", "views.suspect")},
        arrange=do.get("/view"),
        act=do.then(do.rewrite("resources/views/home.blade.php", "view v1", "view v2-new", back=do.HOUR), do.get("/view")),
        ask=VIEW,
    ),
    stale(
        name="views: source edited, folder not writable",
        expect={Layer.VIEWS: ("stale", "views.stale")},
        arrange=do.get("/view"),
        act=do.then(do.VIEW, do.shell("chown -R root:root storage/framework/views")),
        ask=VIEW,
        really="broken",
        remembered=True,
    ),
    stale(
        name="views: source edited, compiled by root (before 12.52)",
        expect={Layer.VIEWS: ("stale", "views.stale")},
        arrange=do.then(do.shell("chown root:root storage/framework/views/*.php"), do.pause(1.1), lambda host: host.restart(), do.get()),
        act=do.VIEW,
        ask=VIEW,
        really="broken",
    ),
)
HELD = (
    stale(
        name="config rebuilt, FPM holds the old one",
        expect=held("opcache.stale-config-cache"),
        arrange=_VT0,
        act=do.then(do.AGENT, do.cache("config"), do.pause(2.1), do.get()),
        ask=CONFIG,
        remembered=True,
    ),
    stale(
        name="routes rebuilt, FPM holds the old ones",
        expect=held("opcache.stale-route-cache"),
        arrange=_VT0,
        act=do.then(do.ROUTE, do.cache("route"), do.pause(2.1), do.get()),
        ask=ROUTE,
        remembered=True,
    ),
    stale(
        name="events rebuilt, FPM holds the old ones",
        expect={Layer.OPCACHE: ("stale", "opcache.stale-event-cache", "opcache.stale-bytecode")},
        arrange=_VT0,
        act=do.then(do.EVENT, do.cache("event"), do.pause(2.1), do.get()),
        ask=EVENT,
        remembered=True,
    ),
    stale(
        name="views rebuilt, FPM holds the old one",
        expect=held("opcache.stale-view"),
        arrange=_VT0,
        act=do.then(do.VIEW, do.cache("view"), do.pause(2.1), do.get("/view")),
        ask=VIEW,
        remembered=True,
    ),
    stale(
        name="the incident: vt=0, git deploy, nothing else",
        expect={**CONFIG_STALE, **ROUTES_STALE, **BYTECODE},
        arrange=_VT0,
        act=do.then(_FIX, _ALL_URIS),
        remembered=True,
    ),
    stale(
        name="vt=1: git deploy, code healed, caches forgotten",
        expect={**CONFIG_STALE, **ROUTES_STALE},
        act=do.then(_FIX, do.healed()),
        ask=CONFIG,
    ),
    stale(
        name="vt=0: git deploy, caches rebuilt, no reload",
        expect={Layer.OPCACHE: ("stale", "opcache.stale-bytecode", "opcache.stale-config-cache", "opcache.stale-route-cache")},
        arrange=_VT0,
        act=do.then(_FIX, do.cache("config", "route"), _ALL_URIS),
        remembered=True,
    ),
    stale(
        name="vt=0: git deploy, caches cleared, no reload",
        expect={**_CACHES_GONE, Layer.VIEWS: ("fresh",), Layer.OPCACHE: ("stale", "opcache.stale-bytecode")},
        arrange=_VT0,
        act=do.then(_FIX, do.clear("config", "route", "event"), do.get(), do.get("/config"), do.get("/api/pong")),
        remembered=True,
    ),
    stale(
        name="the report's prevention script, without its reload",
        expect={**ROUTES_STALE, Layer.OPCACHE: ("stale", "opcache.stale-bytecode", "opcache.stale-config-cache")},
        arrange=_VT0,
        act=do.then(
            _FIX,
            do.shell("php -r 'opcache_reset();'; php artisan cache:clear view:clear config:clear route:clear || :", user="www-data"),
            do.cache("config"),
            do.pause(2.1),
            _ALL_URIS,
        ),
        remembered=True,
    ),
)
HEALTHY = (
    healthy(
        name="vt=0: whole deploy: git, caches, reload",
        arrange=_VT0,
        act=do.then(_FIX, do.cache(), lambda host: host.reload(), _ALL_URIS),
        ask=HOME,
    ),
    healthy(
        name="vt=1: git deploy, caches rebuilt, no reload", act=do.then(_FIX, do.cache(), do.pause(2.1), do.healed(), _ALL_URIS), ask=HOME
    ),
    healthy(
        name="config: edited and rebuilt, vt=1",
        act=do.then(do.AGENT, do.cache("config"), do.pause(2.1), do.get(), do.healed("v1 agent-v2", "/config")),
        ask=CONFIG,
    ),
    healthy(
        name="config: .env edited, nothing cached",
        expect={Layer.CONFIG: ("absent",)},
        arrange=do.then(do.clear("config"), warm),
        act=do.ENV,
        ask=ENV,
    ),
    healthy(
        name="all caches cleared, then reload",
        expect={**_CACHES_GONE, Layer.OPCACHE: ("absent",)},
        act=do.then(do.clear(), lambda host: host.reload()),
    ),
    healthy(
        name="config: another machine's .env edited",
        arrange=do.then(do.shell("cp -p .env .env.production", user="root"), warm),
        act=do.then(do.pause(1.1), do.change_text(".env.production", "RETELL_VERSION=v1", "RETELL_VERSION=v2")),
        ask=Ask(uri="/config", old="(none)", new="v1 agent-v1"),
    ),
    healthy(
        name="config: cached by root",
        act=do.then(lambda host: host.artisan("config:cache", user="root"), do.pause(2.1), do.get(), do.pause(2.2), do.get()),
    ),
    healthy(name="packages: same set, newer file", act=do.then(install_again, do.get())),
    healthy(
        name="events: a listener edited (explicit in Laravel 8)",
        arrange=do.get("/event"),
        act=do.then(do.change_text("app/Listeners/AnswerPing.php", "listened v1", "listened v2"), do.healed("listened v2", "/event")),
        ask=Ask(uri="/event", old="listened v1", new="listened v2"),
    ),
    healthy(
        name="views: source edited, rendered again, vt=1",
        arrange=do.get("/view"),
        act=do.then(do.VIEW, do.healed(VIEW.new, "/view")),
        ask=VIEW,
    ),
    healthy(
        name="a provider edited, caches rebuilt, vt=1",
        act=do.then(do.touch("app/Providers/AppServiceProvider.php"), do.cache(), do.pause(2.5), do.get(), do.pause(2.2), do.get()),
    ),
)
UNSETTLED = (
    unsettled(
        name="config: .env touched, same content",
        expect=CONFIG_STALE,
        act=do.touch(".env"),
        ask=Ask(uri="/config", old="(none)", new="v1 agent-v1"),
    ),
    unsettled(
        name="config: only the pool's user may read the cache, cut in its middle",
        expect={Layer.CONFIG: ("unknown", "config.sources-unseen")},
        act=do.then(
            truncate("config"), do.shell(f"chown www-data:www-data {_CONFIG_CACHE} && chmod 600 {_CONFIG_CACHE}"), do.pause(2.5), do.get()
        ),
        really="broken",
    ),
    unsettled(
        name="config: another provider edited",
        expect={
            Layer.CONFIG: ("suspect", "config.provider-newer"),
            Layer.ROUTES: ("suspect", "routes.provider-newer"),
            Layer.EVENTS: ("suspect", "events.provider-newer"),
        },
        act=do.then(do.touch("app/Providers/AppServiceProvider.php"), do.pause(2.5), do.get(), do.pause(2.2), do.get()),
        ask=UNCHANGED,
    ),
    unsettled(
        name="views: source edited, only the folder is not writable (before 12.52)",
        expect={Layer.VIEWS: ("pending", "views.source-newer")},
        arrange=do.then(do.shell("chown root:root storage/framework/views"), do.pause(1.1), lambda host: host.restart(), do.get()),
        act=do.VIEW,
        ask=VIEW,
    ),
    unsettled(
        name="views: source edited, not rendered yet, vt=1",
        expect={Layer.VIEWS: ("pending", "views.source-newer")},
        act=do.VIEW,
        ask=VIEW,
    ),
)
STATES = (*STALE, *HELD, *HEALTHY, *UNSETTLED)
