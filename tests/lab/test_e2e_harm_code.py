"""Code that cannot run is never made to run: what was served before a fix is served after it, and the fix says which file is broken."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.lab.harm.never_worse import NeverWorse
from tests.lab.harm.seen import Page
from tests.lab.host import HOUR
from tests.lab.truth.release import CURRENT, SHOP, flip, layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab import Host

CONTROLLER = "app/Http/Controllers/HomeController.php"
CACHED = "bootstrap/cache/config.php"
BROKEN = "return response('home v2', 200, ["
GOOD = "return response('home v1', 200, ['Content-Type' => 'text/plain']);"


class State(NamedTuple):
    """What a fix must not move."""

    home: str
    config: str
    master: int | None
    workers: frozenset[int]
    started: object


def state(host: Host) -> State:
    return State(host.get("/"), host.get("/config"), host.fpm_master(), frozenset(host.fpm_workers()), host.status()["start time"])


def refused(never_worse: NeverWorse, host: Host, *arguments: str, named: str) -> str:
    """A fix that is refused, changes nothing and names the file: what it said."""
    before = state(host)
    ran = never_worse.fix(*arguments, host.name)
    assert ran.code == 1, ran.stdout + ran.stderr
    said = " ".join((ran.stdout + ran.stderr).split())
    assert "does not parse" in said, said
    assert named in said, said
    assert state(host) == before, said
    return said


def parse_error(host: Host) -> str:
    host.edit(CONTROLLER, replace=(GOOD, BROKEN))
    return f"/srv/app/{CONTROLLER}:10 (Unclosed '[' on line 9"


def merged_badly(host: Host) -> str:
    host.edit(CONTROLLER, replace=("    public function view", "    public function index()\n    {\n    }\n\n    public function view"))
    return f"/srv/app/{CONTROLLER}:12 (Cannot redeclare"


def utf16(host: Host) -> str:
    host.file(CONTROLLER).write_bytes(host.file(CONTROLLER).read_text().replace("v1", "v2").encode("utf-16"))
    return f"/srv/app/{CONTROLLER} is UTF-16"


def newer_php(host: Host) -> str:
    host.edit(CONTROLLER, replace=(GOOD, "return 'home v2' |> response(...);"))  # of 8.5
    return f"/srv/app/{CONTROLLER}:9 (syntax error"


def half_upload(host: Host) -> str:
    host.edit(CONTROLLER, "")
    return f"/srv/app/{CONTROLLER} is empty"


def not_readable(host: Host) -> str:
    host.edit(CONTROLLER, replace=("home v1", "home v2"))
    host.file(CONTROLLER).chmod(0o600)
    return f"/srv/app/{CONTROLLER} cannot be read by the pool's user"


def error_in_a_new_class(host: Host) -> str:
    host.file("app/Support").mkdir()
    host.edit("app/Support/Answer.php", "<?php\n\nnamespace App\\Support;\n\nfinal class Answer\n{\n    public const V = 'v2'\n}\n")
    host.edit(CONTROLLER, replace=("'home v1'", "'home '.\\App\\Support\\Answer::V"))
    return "/srv/app/app/Support/Answer.php:8 (syntax error"


def in_a_package(host: Host) -> str:
    greeter = "vendor/acme/greeter/src/Greeter.php"
    assert host.get("/package") == "greeter v1"
    host.edit(greeter, host.read(f"/srv/app/{greeter}") + "\nfunction oops( {\n")
    return f"/srv/app/{greeter}:"


def in_what_artisan_starts_with_too(host: Host) -> str:
    host.edit("bootstrap/app.php", host.read("/srv/app/bootstrap/app.php") + "\nreturn (;\n")
    return "/srv/app/bootstrap/app.php:"


BREAKS = (
    parse_error,
    merged_badly,
    utf16,
    newer_php,
    half_upload,
    not_readable,
    error_in_a_new_class,
    in_a_package,
    in_what_artisan_starts_with_too,
)


@pytest.mark.parametrize("breaks", BREAKS)
def test_new_code_that_cannot_run_stays_on_the_disk(web1: Host, breaks: Callable[[Host], str], never_worse: NeverWorse) -> None:
    web1.fpm(validate_timestamps=0)
    assert web1.get("/") == "home v1"
    named = breaks(web1)
    assert web1.get("/") == "home v1"
    assert "the old code is still served" in refused(never_worse, web1, named=named)


def test_a_reload_makes_nothing_run_that_cannot_run_whoever_it_belongs_to(web1: Host, never_worse: NeverWorse) -> None:
    web1.fpm(validate_timestamps=0)
    web1.pool("shop")
    shop = web1.root("/srv/shop/index.php")
    shop.parent.mkdir()
    shop.write_text("<?php echo 'shop v1';\n")
    os.utime(shop, (time.time() - HOUR,) * 2)  # younger ones are not kept
    asked = lambda: web1.request("/", script="/srv/shop/index.php", pool="shop").body  # noqa: E731
    assert (web1.get("/"), asked()) == ("home v1", "shop v1")
    shop.write_text("<?php echo 'shop v2' oops;\n")
    web1.edit(CONTROLLER, replace=("home v1", "home v2"))
    assert (web1.get("/"), asked()) == ("home v1", "shop v1")
    never_worse.asks(Page(), Page("/", "/srv/shop/index.php", "shop"))
    reload = ("--app", "/srv/app", "--all", "--only", "reload")
    said = refused(never_worse, web1, *reload, named="/srv/shop/index.php:1 (syntax error")
    assert "another application of this PHP-FPM" in said
    assert asked() == "shop v1"
    ran = never_worse.fix("--app", "/srv/app", web1.name)
    assert ran.code == 0, "its own scripts alone may be invalidated: " + ran.stdout + ran.stderr
    assert (web1.get("/"), asked()) == ("home v2", "shop v1")


def test_a_release_that_cannot_run_is_not_made_to_run_by_a_reload(web1: Host, never_worse: NeverWorse) -> None:
    layout()(web1)
    web1.run(["sed", "-i", "s/return response/return (response/", f"{SHOP}/releases/2/{CONTROLLER}"])
    flip(web1)
    asked = lambda: web1.request("/", script=f"{CURRENT}/public/index.php").body  # noqa: E731
    assert asked() == "home v1"
    before = (web1.fpm_master(), web1.fpm_workers())
    never_worse.asks(Page("/", f"{CURRENT}/public/index.php"))
    ran = never_worse.fix("--all", "--only", "reload", web1.name)
    said = ran.stdout + ran.stderr
    assert ran.code == 1, said
    assert f"does not parse: {SHOP}/releases/2/{CONTROLLER}:" in said
    assert ((web1.fpm_master(), web1.fpm_workers()), asked()) == (before, "home v1")


@pytest.mark.parametrize("broken", ["const V = ;", "require '/srv/app/nowhere.php';"], ids=["a parse error", "a file that is not there"])
def test_a_preload_script_that_breaks_is_not_reloaded(web1: Host, broken: str, never_worse: NeverWorse) -> None:
    """FPM would not start again; and php-fpm -t, which loads it, is where that shows."""
    web1.edit("preload.php", "<?php\nconst V = 1;\n", mtime=time.time() - HOUR)
    web1.ini(opcache__preload="/srv/app/preload.php", opcache__preload_user="www-data", opcache__validate_timestamps=0)
    assert web1.get("/") == "home v1"
    web1.edit("preload.php", f"<?php\n{broken}\n")
    web1.release("v2")
    before = state(web1)
    ran = never_worse.fix("--all", "--only", "reload", web1.name)
    assert ran.code == 1, ran.stdout
    assert "preload.php" in ran.stdout
    assert state(web1) == before


def test_half_a_cache_file_is_not_made_to_run(web1: Host, never_worse: NeverWorse) -> None:
    web1.fpm(validate_timestamps=0)
    assert web1.get("/config") == "v1 agent-v1"
    whole = web1.read(f"/srv/app/{CACHED}")
    web1.edit(CACHED, whole[: len(whole) // 2])
    before = state(web1)
    assert before.config == "v1 agent-v1"
    never_worse.asks(Page(), Page("/config"))
    ran = never_worse.fix(web1.name)
    assert state(web1) == before, ran.stdout + ran.stderr
    if ran.code != 0:  # not made again
        assert f"/srv/app/{CACHED}:" in ran.stdout + ran.stderr
        assert web1.read(f"/srv/app/{CACHED}") == whole[: len(whole) // 2]
