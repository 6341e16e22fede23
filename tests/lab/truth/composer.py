"""What Composer makes is a cache too: the autoloader with its class map, and the installed packages."""

from __future__ import annotations

import json
from typing import Any

from stalewatch.model.report import Layer
from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.state import Ask, healthy, stale, warm

CLASS = Ask(uri="/api/ping", old="tariff v1", new="tariff v2")
PACKAGE = Ask(uri="/package", old="greeter v1", new="greeter v2")
_COMPOSER = "HOME=/nonexistent COMPOSER_HOME=/tmp/composer composer --no-interaction --no-plugins --no-scripts --quiet"
_MAP_STALE = {Layer.PACKAGES: ("stale", "packages.class-map")}
_GREETER = "vendor/acme/greeter/src/Greeter.php"


_TARIFF = """<?php
{head}
final class Tariff
{{
    public static function name()
    {{
        return 'tariff {version}';
    }}
}}
"""
_OTHER = {"app/Plan.php": "<?php\n", "lib/Other.php": "<?php\nclass Other {}\n"}
_IF_THERE = "(class_exists(\\App\\Tariff::class) ? \\App\\Tariff::class : new class { static function name() { return 'tariff v1'; } })"


def tariff(version: str, namespace: str = "") -> str:
    """A class that answers with its version."""
    return _TARIFF.format(version=version, head=f"namespace {namespace};\n" if namespace else "")


def dump(*flags: str) -> do.Change:
    """Composer writes its autoloader again. Debian's Laravel has one of its own, which is told from this comment."""
    mark = "echo '// and that of /usr/share/php/Illuminate' >>vendor/autoload.php"
    return do.shell(f"{_COMPOSER} dump-autoload {' '.join(flags)}; {mark}", user="deploy")


def composed(
    *flags: str, autoload: dict[str, Any] | None = None, name: str = "\\Tariff", sources: dict[str, str] | None = None
) -> do.Change:
    """The application with Composer's own autoloader. It answers with what the class *name* says."""
    usual = {"psr-4": {"App\\": "app/"}, "classmap": ["lib/"]}

    def arrange(host: Host) -> None:
        host.edit("laravel.php", "<?php\nrequire_once '/usr/share/php/Illuminate/autoload.php';\n")
        for path, text in (sources or {"lib/Tariff.php": tariff("v1")}).items():
            host.file(path).parent.mkdir(parents=True, exist_ok=True)
            host.edit(path, text)
        composer = json.loads(host.read("/srv/app/composer.json"))
        composer["autoload"] = {**(autoload or usual), "files": ["laravel.php"]}
        host.edit("composer.json", json.dumps(composer))
        installed = json.loads(host.read("/srv/app/vendor/composer/installed.json"))
        installed["packages"][0]["autoload"] = {"psr-4": {"Acme\\Greeter\\": "src/"}}
        installed["packages"] = installed["packages"][:1]
        host.edit("vendor/composer/installed.json", json.dumps(installed))
        host.edit("app/Http/Controllers/LayerController.php", replace=("return 'pong v1';", f"return {name}::name();"))
        do.shell("chown -R deploy:deploy lib src laravel.php 2>/dev/null || :")(host)
        do.then(do.pause(1.1), dump(*flags), do.pause(1.1))(host)
        host.restart()
        do.then(warm, do.get("/api/ping"), do.get("/package"))(host)

    return arrange


def add(path: str, text: str, remove: str = "") -> do.Change:
    """A deploy brings a file, and takes one away; FPM is reloaded."""

    def act(host: Host) -> None:
        host.file(path).parent.mkdir(parents=True, exist_ok=True)
        host.edit(path, text)
        if remove:
            host.remove(remove)
        host.reload()
        do.then(do.get("/api/ping"), do.get("/package"))(host)

    return act


def locked(version: str, reference: str = "aaaa") -> do.Change:
    """composer.lock names the greeter in this version."""
    package = {"name": "acme/greeter", "version": version, "dist": {"type": "zip", "reference": reference}}
    return lambda host: host.edit(
        "composer.lock", json.dumps({"packages": [package], "packages-dev": [{"name": "acme/dev", "version": "1"}]})
    )


def write(path: str, text: str) -> do.Change:
    """A file is new."""
    return lambda host: host.edit(path, text)


def with_apcu(arranged: do.Change) -> do.Change:
    """The same, where PHP has APCu."""
    return do.then(lambda host: host.ini(extension="apcu.so"), arranged)


_APCU = ("--apcu", "--apcu-prefix=lab")
_APP = {"app/Tariff.php": tariff("v1", "App"), "src/.keep": "", "lib/Other.php": "<?php\nclass Other {}\n"}
_SRC_FIRST = do.change_text("composer.json", '"App\\\\": "app/"', '"App\\\\": ["src/", "app/"]')
_HELD = {Layer.PACKAGES: ("stale", "packages.apcu-holds")}
_ONE = {"psr-4": {"App\\": "app/"}}
_TWO = {"psr-4": {"App\\": ["src/", "app/"]}}
_SERVED = do.then(do.get("/package"), do.pause(2.2), do.get("/package"))
STATES = (
    stale(
        name="class map: a class moved to a new file, the old one left",
        expect=_MAP_STALE,
        arrange=composed("-o"),
        act=add("lib/prices/Tariff.php", tariff("v2")),
        ask=CLASS,
    ),
    stale(
        name="class map: a namespaced class moved to a folder that comes first",
        expect=_MAP_STALE,
        arrange=composed("-o", autoload=_TWO, name="\\App\\Tariff", sources={"app/Tariff.php": tariff("v1", "App"), "src/.keep": ""}),
        act=add("src/Tariff.php", tariff("v2", "App")),
        ask=CLASS,
    ),
    stale(
        name="class map: a class moved, its old file is gone",
        expect=_MAP_STALE,
        arrange=composed("-o"),
        act=add("lib/prices/Tariff.php", tariff("v2"), remove="lib/Tariff.php"),
        ask=CLASS,
        really="broken",
    ),
    stale(
        name="class map: authoritative, a new class is not in it",
        expect=_MAP_STALE,
        arrange=composed("-a", sources=_OTHER, name=_IF_THERE),
        act=add("app/Tariff.php", tariff("v2", "App")),
        ask=CLASS,
    ),
    stale(
        name="autoloader: composer.json names another folder, not dumped",
        expect={Layer.PACKAGES: ("stale", "packages.autoload-differs")},
        arrange=composed(sources={"app/Tariff.php": tariff("v1", "App")}, name="\\App\\Tariff", autoload={"psr-4": {"App\\": "app/"}}),
        act=do.then(
            do.change_text("composer.json", '"App\\\\": "app/"', '"App\\\\": ["src/", "app/"]'), add("src/Tariff.php", tariff("v2", "App"))
        ),
        ask=CLASS,
    ),
    stale(
        name="autoloader: composer.json names another file, not dumped",
        expect={Layer.PACKAGES: ("stale", "packages.autoload-differs")},
        arrange=composed(sources={"app/Tariff.php": tariff("v1", "App")}, name="\\App\\Tariff", autoload=_ONE),
        act=do.then(
            do.change_text("composer.json", '"files": ["laravel.php"]', '"files": ["laravel.php", "words.php"]'),
            add("words.php", "<?php function words() { return 'tariff v2'; }"),
        ),
        ask=lambda host: "old" if "words" not in host.read("/srv/app/vendor/composer/autoload_static.php") else "new",
    ),
    stale(
        name="packages: composer.lock names a newer version than is installed",
        expect={Layer.PACKAGES: ("stale", "packages.lock-differs")},
        arrange=do.then(locked("1.0.0"), do.get("/package")),
        act=do.then(locked("2.0.0"), do.get("/package")),
        ask=PACKAGE,
    ),
    stale(
        name="autoloader: dumped, APCu holds the old path",
        expect=_HELD,
        arrange=with_apcu(composed(*_APCU, autoload=_ONE, name="\\App\\Tariff", sources=_APP)),
        act=do.then(
            _SRC_FIRST,
            write("src/Tariff.php", tariff("v2", "App")),
            do.pause(1.1),
            dump(*_APCU),
            do.pause(2.5),
            do.get("/api/ping"),
            do.pause(2.5),
            do.get("/api/ping"),
        ),
        ask=CLASS,
    ),
    stale(
        name="autoloader: a class is new, APCu holds that there is none",
        expect=_HELD,
        arrange=with_apcu(composed("--apcu", sources=_OTHER, name=_IF_THERE)),
        act=do.then(write("app/Tariff.php", tariff("v2", "App")), do.pause(2.5), do.get("/api/ping")),
        ask=CLASS,
    ),
    healthy(
        name="autoloader: APCu, a class is new and was never asked for",
        arrange=with_apcu(composed("--apcu", sources=_OTHER, name="\\App\\Plan")),
        act=do.then(write("app/Tariff.php", tariff("v2", "App")), do.pause(2.5)),
    ),
    healthy(
        name="autoloader: dumped with APCu, then reload",
        arrange=with_apcu(composed(*_APCU, autoload=_ONE, name="\\App\\Tariff", sources=_APP)),
        act=do.then(
            _SRC_FIRST,
            write("src/Tariff.php", tariff("v2", "App")),
            do.pause(1.1),
            dump(*_APCU),
            lambda host: host.reload(),
            do.get("/api/ping"),
            do.pause(2.5),
            do.get("/api/ping"),
        ),
        ask=CLASS,
    ),
    healthy(
        name="class map: the same, dumped again",
        arrange=composed("-o"),
        act=do.then(
            add("lib/prices/Tariff.php", tariff("v2"), remove="lib/Tariff.php"),
            do.pause(1.1),
            dump("-o"),
            lambda host: host.reload(),
            do.get("/api/ping"),
        ),
        ask=CLASS,
    ),
    healthy(
        name="class map: new class where Composer looks anyway",
        arrange=composed("-o", name="\\App\\Tariff", sources=_OTHER),
        act=add("app/Tariff.php", tariff("v2", "App")),
        ask=CLASS,
    ),
    healthy(
        name="class map: a copy of a class beside it",
        arrange=composed("-o"),
        act=do.then(do.shell("cp lib/Tariff.php lib/Tariff.bak.php"), lambda host: host.reload(), do.get("/api/ping")),
        ask=Ask(uri="/api/ping", old="tariff v2", new="tariff v1"),
    ),
    healthy(
        name="class map: authoritative, a test and a script are new",
        arrange=composed("-a"),
        act=do.then(add("tests/TariffTest.php", tariff("v2", "Tests")), add("app/script.php", "<?php\nreturn 1;\n")),
        ask=Ask(uri="/api/ping", old="tariff v2", new="tariff v1"),
    ),
    healthy(
        name="packages: composer.lock names what is installed, and more for development",
        arrange=do.get("/package"),
        act=do.then(locked("1.0.0"), _SERVED),
        ask=Ask(uri="/package", old="greeter v2", new="greeter v1"),
    ),
)
