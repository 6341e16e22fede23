"""Caches that were made for another release or in another directory: the paths inside of them tell."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.laravel import VIEW
from tests.lab.truth.release import BUILD, CURRENT, SHOP
from tests.lab.truth.state import APP, Ask, healthy, stale

_SCRIPT = f"{SHOP}/releases/1/public/index.php"
_SECOND = f"{SHOP}/releases/2/public/index.php"
_CONFIG = Ask(uri="/config", script=_SCRIPT, old="v1 agent-v2", new="v1 agent-v1")
_ELSEWHERE = {
    Layer.CONFIG: ("stale", "config.made-elsewhere"),
    Layer.ROUTES: ("suspect", "routes.made-elsewhere"),
    Layer.EVENTS: ("suspect", "events.made-elsewhere"),
}
_TO = "ln -s releases/{0} /srv/shop/next; mv -T /srv/shop/next /srv/shop/current"
_AS_WWW = "setpriv --reuid=www-data --regid=www-data --init-groups"
SHARED = """
cd /srv/shop
sed -i "s/agent-v1/agent-v2/" releases/2/config/services.php
mkdir -p shared
mv releases/2/bootstrap/cache shared/cache
rm -rf releases/1/bootstrap/cache
for release in 1 2; do ln -s ../../../shared/cache releases/$release/bootstrap/cache; done
touch releases/2/artisan
"""
"""Both releases keep their caches in one folder; the second one came later."""


def cached_in(release: int, *layers: str, env: str = "") -> do.Change:
    """artisan caches these layers in one release, as the pool's user."""
    commands = "; ".join(f"{_AS_WWW} env {env} php artisan {layer}:cache" for layer in layers or ("config", "route", "event"))
    return do.shell(f"cd {SHOP}/releases/{release}; {commands}")


def to(release: int) -> do.Change:
    """The link leads to this release, and FPM is reloaded."""
    return do.then(do.shell(_TO.format(release)), lambda host: host.reload())


def two_releases(host: Host) -> None:
    """Two releases that share the folder of caches; the first is served."""
    host.run(["sh", "-ec", BUILD])
    do.pause(2.5)(host)
    host.run(["sh", "-ec", SHARED])


def serve(script: str = _SCRIPT) -> do.Change:
    """Requests that come by the real path."""
    return do.get("/config", script=script)


_BACK = do.then(do.pause(1.1), cached_in(2), to(2), serve(_SECOND), do.pause(1.1), to(1), serve())


def _own_base(env: str) -> str:
    """The application's directory is what an environment variable says, as newer skeletons have it."""
    return f"sed -i \"s/dirname(__DIR__)/(getenv('{env}') ?: dirname(__DIR__))/\" releases/*/bootstrap/app.php"


def copied_from(build: str, keep: bool) -> do.Change:
    """The application is built and cached in another directory, then copied to where it is served; *keep*: that directory stays."""

    def act(host: Host) -> None:
        host.run(["sh", "-ec", f"mkdir -p {build}; cp -a {APP} {build}/app; cd {build}/app; {_AS_WWW} php artisan config:cache"])
        host.run(["sh", "-ec", f"cp -a {build}/app/bootstrap/cache/config.php {APP}/bootstrap/cache/config.php"])
        host.run(["sh", "-ec", f"sed -i 's/view v1/view v0/' {build}/app/resources/views/home.blade.php" if keep else f"rm -rf {build}"])
        do.then(lambda host: host.reload(), do.get(), do.pause(2.2), do.get("/view", times=1))(host)

    return act


_PAGE = VIEW.old.removesuffix("view v1")
STATES = (
    stale(
        name="config: cached for another release, folder shared, link set back",
        expect=_ELSEWHERE,
        arrange=two_releases,
        act=_BACK,
        ask=_CONFIG,
        app=CURRENT,
    ),
    stale(
        name="routes: cached for another release, configuration cached for this one",
        expect={layer: said for layer, said in _ELSEWHERE.items() if layer is not Layer.CONFIG},
        arrange=do.then(two_releases, do.shell("echo \"Route::get('/only', fn () => 'v2');\" >>/srv/shop/releases/2/routes/web.php")),
        act=do.then(_BACK, cached_in(1, "config"), lambda host: host.reload(), serve()),
        ask=Ask(uri="/only", script=_SCRIPT, old="v2", new="<!"),
        app=CURRENT,
    ),
    stale(
        name="config: cached where the application was built, that directory is gone",
        expect={Layer.CONFIG: ("stale", "config.made-elsewhere")},
        act=copied_from("/build", keep=False),
        ask=VIEW,
        really="broken",
    ),
    stale(
        name="config: cached in a staging directory that is still there",
        expect={Layer.CONFIG: ("stale", "config.made-elsewhere")},
        act=copied_from("/srv/staging", keep=True),
        ask=Ask(uri="/view", old=f"{_PAGE}view v0", new=f"{_PAGE}view v1"),
    ),
    healthy(
        name="release: caches in a shared folder, cached before the switch",
        arrange=two_releases,
        act=do.then(do.pause(1.1), cached_in(2), do.pause(1.1), to(2), serve(_SECOND)),
        ask=Ask(uri="/config", script=_SECOND, old="v1 agent-v1", new="v1 agent-v2"),
        app=CURRENT,
    ),
    healthy(
        name="release: caches in a shared folder, cached again after the link was set back",
        arrange=two_releases,
        act=do.then(_BACK, do.pause(1.1), cached_in(1), lambda host: host.reload(), serve()),
        ask=_CONFIG,
        app=CURRENT,
    ),
    healthy(
        name="config: names the link, shared storage and other places",
        arrange=do.then(
            lambda host: host.run(["sh", "-ec", BUILD]),
            do.shell(
                "cd shop; mkdir shared; mv releases/1/storage shared/storage; rm -rf releases/2/storage; "
                "ln -s ../../shared/storage releases/1/storage; ln -s ../../shared/storage releases/2/storage; "
                "sed -i \"s#storage_path('logs/laravel.log')#'/var/log/shop/storage/logs/laravel.log'#\" releases/1/config/logging.php; "
                "sed -i \"s#storage_path('app')#'/mnt/uploads/storage/app'#\" releases/1/config/filesystems.php; " + _own_base("APP_BASE")
            ),
            do.pause(1.1),
            cached_in(1, env=f"APP_BASE={CURRENT}"),
            do.pause(1.1),
            lambda host: host.reload(),
            serve(),
        ),
        ask=_CONFIG,
        app=CURRENT,
    ),
)
