"""A real Symfony application: its compiled container and routes, and what is above them."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from stalewatch.model.report import Layer
from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.opcache_stale import BYTECODE
from tests.lab.truth.servers import NOT_LARAVEL
from tests.lab.truth.state import Ask, healthy, stale

FILES = Path(__file__).parent.parent / "files" / "symfony"
API = "/srv/api"
INDEX = f"{API}/public/index.php"
_CONTAINER = Ask(script=INDEX, old="home v1, parameter v1", new="home v1, parameter v2")
_CODE = Ask(script=INDEX, old="home v1", new="home v2")
_ROUTE = Ask(script=INDEX, uri="/", old="home v1", new="next")
_SAME = Ask(script=INDEX, old="home v2", new="home v1, parameter v1")
COMPILED = {**NOT_LARAVEL, Layer.CONFIG: ("fresh",), Layer.ROUTES: ("fresh",)}
_CONFIG_STALE = {**COMPILED, Layer.CONFIG: ("stale", "config.compiled-stale")}
_ROUTES_STALE = {**COMPILED, Layer.ROUTES: ("stale", "routes.compiled-stale")}


def console(*words: str, env: str = "") -> do.Change:
    """bin/console as the pool's user."""
    return lambda host: host.run(["env", *env.split(), "php", f"{API}/bin/console", *words, "--no-interaction"], user="www-data")


def symfony(env: str = "", kernel: str = "", **pool: str) -> do.Change:
    """A Symfony application, two hours old, compiled an hour ago for *env* and served. *kernel*: methods of its kernel."""

    def arrange(host: Host) -> None:
        root = host.root(API)
        shutil.copytree(FILES, root)
        (root / "vendor_").rename(root / "vendor")
        if kernel:
            text = (root / "src/Kernel.php").read_text()
            (root / "src/Kernel.php").write_text(text.replace("    use MicroKernelTrait;\n", f"    use MicroKernelTrait;\n\n{kernel}\n"))
        own = f"chown -R deploy:deploy {API}; chmod -R u=rwX,go=rX {API}; install -d -o www-data -g www-data {API}/var "
        host.run(["sh", "-ec", own + f"{API}/var/cache {API}/var/log"])
        console("cache:clear", env=env)(host)
        for path in root.rglob("*"):
            back = 1.0 if "cache" in path.parts else 2.0
            os.utime(path, (time.time() - back * do.HOUR,) * 2, follow_symlinks=False)
        do.pause(1.1)(host)
        if pool:
            host.pool("www", **{f"env[{name}]": value for name, value in pool.items()})
        else:
            host.restart()
        do.get(script=INDEX)(host)

    return arrange


def api(path: str, old: str, new: str, mtime_back: float | None = None) -> do.Change:
    """A text in a file of this application becomes another, now."""

    def act(host: Host) -> None:
        before = host.root(f"{API}/{path}").stat().st_mtime
        host.edit(f"{API}/{path}", replace=(old, new), mtime=before - mtime_back if mtime_back is not None else None)

    return act


_SERVE = do.then(do.pause(2.2), do.get(script=INDEX))
_RESTART = do.then(lambda host: host.restart(), do.get(script=INDEX))
_PARAMETER = do.then(api("config/services.yaml", "parameter v1", "parameter v2"), _RESTART)
_OTHER_FILE = f"printf 'parameters:\\n    answer: parameter v2\\n' >{API}/config/packages/zz.yaml"
_MOVED = "    public function getCacheDir(): string\n    {{\n        return {};\n    }}"
STATES = (
    stale(
        name="Symfony: services.yaml edited, container not compiled, restart",
        expect=_CONFIG_STALE,
        arrange=symfony(),
        act=_PARAMETER,
        ask=_CONTAINER,
        app=API,
    ),
    stale(
        name="Symfony: a package's configuration is new",
        expect=_CONFIG_STALE,
        arrange=do.then(symfony()),
        act=do.then(do.shell(_OTHER_FILE), _RESTART),
        ask=lambda host: "old" if "parameter v1" in host.request("/", script=INDEX).body else "new",
        app=API,
    ),
    stale(
        name="Symfony: configuration removed",
        expect=_CONFIG_STALE,
        arrange=do.then(symfony(), do.shell(_OTHER_FILE), console("cache:clear"), do.pause(1.1), _RESTART),
        act=do.then(do.shell(f"rm {API}/config/packages/zz.yaml"), _RESTART),
        ask=lambda host: "old",
        app=API,
    ),
    stale(
        name="Symfony: routes.yaml edited, routes not compiled",
        expect=_ROUTES_STALE,
        arrange=symfony(),
        act=do.then(api("config/routes.yaml", "::home", "::next"), _RESTART),
        ask=_ROUTE,
        app=API,
    ),
    stale(
        name="Symfony: another environment by the pool, its container is old",
        expect=_CONFIG_STALE,
        arrange=do.then(symfony(env="APP_ENV=staging", APP_ENV="staging"), console("cache:clear")),
        act=do.then(api("config/services.yaml", "parameter v1", "parameter v2"), console("cache:clear"), _RESTART),
        ask=_CONTAINER,
        app=API,
    ),
    stale(
        name="Symfony: cache directory moved by the kernel, its container is old",
        expect=_CONFIG_STALE,
        arrange=symfony(kernel=_MOVED.format("'/var/tmp/api/cache/'.$this->environment")),
        act=_PARAMETER,
        ask=_CONTAINER,
        app=API,
        undo=do.shell("rm -rf /var/tmp/api"),
    ),
    stale(
        name="Symfony: services.yaml with an older mtime",
        expect={**COMPILED, Layer.CONFIG: ("suspect", "config.compiled-suspect")},
        arrange=symfony(),
        act=do.then(api("config/services.yaml", "parameter v1", "parameter v2", mtime_back=60.0), _RESTART),
        ask=_CONTAINER,
        app=API,
    ),
    stale(
        name="Symfony: compiled again, FPM holds the old one",
        expect={**COMPILED, **BYTECODE},
        arrange=do.then(symfony(), do.VT0, do.get(script=INDEX)),
        act=do.then(api("config/services.yaml", "parameter v1", "parameter v2"), console("cache:clear"), _SERVE),
        ask=_CONTAINER,
        app=API,
        remembered=True,
    ),
    healthy(
        name="Symfony: services.yaml edited, compiled again, reload",
        expect=COMPILED,
        arrange=symfony(),
        act=do.then(
            api("config/services.yaml", "parameter v1", "parameter v2"), console("cache:clear"), lambda host: host.reload(), _SERVE, _SERVE
        ),
        ask=_CONTAINER,
        app=API,
    ),
    healthy(
        name="Symfony: a controller's method edited, container not compiled",
        expect=COMPILED,
        arrange=symfony(),
        act=do.then(api("src/Controller/HomeController.php", "home v1", "home v2"), _SERVE, _SERVE),
        ask=_CODE,
        app=API,
    ),
    healthy(
        name="Symfony: configuration of another environment edited",
        expect=COMPILED,
        arrange=do.then(
            symfony(), do.shell(f"mkdir {API}/config/packages/dev; cp {API}/config/packages/framework.yaml {API}/config/packages/dev/")
        ),
        act=do.then(do.shell(f"echo >>{API}/config/packages/dev/framework.yaml; echo '# read me' >{API}/config/README.md"), _SERVE),
        ask=_SAME,
        app=API,
    ),
    healthy(
        name="Symfony: compiled where it was built, then copied",
        expect=COMPILED,
        arrange=symfony(),
        act=do.then(
            do.shell(
                f"mkdir /build; cp -a {API} /build/api; cd /build/api; setpriv --reuid=www-data --regid=www-data --init-groups "
                f"php bin/console cache:clear; rm -rf {API}/var/cache; cp -a /build/api/var/cache {API}/var/cache; rm -rf /build"
            ),
            do.pause(1.1),
            lambda host: host.reload(),
            _SERVE,
        ),
        ask=_SAME,
        app=API,
    ),
)
