"""What a step broke is put back: artisan succeeds, the new cache is sound PHP, and the application answers 5xx with it."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import pytest

from tests.lab.program import ours, serving
from tests.lab.test_e2e_fix_trouble import begin_fix, begun, cut
from tests.lab.test_e2e_harm_rebuild import CACHED, File, all_rights, kept, step
from tests.lab.waiting import until

if TYPE_CHECKING:
    from tests.lab import Host, Lab
    from tests.lab.harm.never_worse import NeverWorse

CONTROLLER = "app/Http/Controllers/HomeController.php"
THROWS = "if (config('services.retell.agent') !== 'agent-v1') { throw new \\Exception('no such agent'); } return response("


def answers_with_the_cached_value_only(host: Host, **opcache: object) -> None:
    """What runs accepts the value that is cached, and throws at the one that a source has by now."""
    host.fpm(**opcache)
    host.edit(CONTROLLER, replace=("return response(", THROWS))
    host.restart()
    host.cache("config")
    host.run(["touch", "-d", "1 minute ago", f"/srv/app/{CACHED}"])  # what is younger than 2 s is not held by OPcache
    assert host.get("/") == "home v1"
    host.edit("config/services.php", replace=("agent-v1", "agent-v2"))


@pytest.mark.parametrize(
    ("opcache", "broke", "said"),
    [
        ({"validate_timestamps": 1}, "config:cache", "the old config cache is back; GET / answers 200 again"),
        (
            {"validate_timestamps": 0},
            "invalidate",
            "the old bytecode is gone; the old config cache is back; GET / answers 200 again",
        ),
    ],
    ids=["looks at the disk", "never looks"],
)
def test_a_new_cache_that_breaks_the_app_is_taken_back(
    web1: Host, never_worse: NeverWorse, opcache: dict[str, object], broke: str, said: str
) -> None:
    answers_with_the_cached_value_only(web1, **opcache)
    before = kept(web1)
    ran = never_worse.fix("--format", "json", "web1")
    assert ran.code == 1, ran.stdout + ran.stderr
    failed = step(ran, broke)
    assert failed["status"] == "failed", ran.stdout
    evidence = failed["evidence"]
    assert isinstance(evidence, dict)
    assert evidence["why"] == "the app answered before this and does not now: GET / answers 500"
    assert evidence["undone"] == said
    assert (kept(web1), web1.request("/").status) == (before, 200)
    web1.restart()
    assert web1.get("/") == "home v1", "also from the disk"


def test_a_cleared_cache_that_the_app_needs_is_back(web1: Host, never_worse: NeverWorse) -> None:
    answers_with_the_cached_value_only(web1, validate_timestamps=1)
    before = kept(web1)
    ran = never_worse.fix("--format", "json", "--only", "clear", "web1")
    assert ran.code == 1, ran.stdout + ran.stderr
    failed = step(ran, "config:clear")
    assert "the old config cache is back; GET / answers 200 again" in str(failed["evidence"]), ran.stdout
    assert (kept(web1), web1.request("/").status) == (before, 200)


SLOW = "if (PHP_SAPI === 'cli' && in_array('config:cache', $_SERVER['argv'])) { sleep(1); } return ["


@pytest.mark.usefixtures(all_rights.__name__)
def test_visitors_never_meet_the_moment_without_a_cache(web1: Host, never_worse: NeverWorse) -> None:
    """artisan clears the cache, then makes the configuration for a second: elsewhere."""
    web1.pool(**{"env[OTHER]": "x", "php_admin_value[opcache.revalidate_freq]": 0})
    web1.edit(CONTROLLER, replace=("'home v1'", "app()->configurationIsCached() ? 'home v1' : 'none'"))
    web1.restart()
    web1.cache("config")
    assert web1.get("/") == "home v1"
    web1.edit("config/services.php", replace=("return [", SLOW))
    web1.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    answers: set[str] = set()
    over = threading.Event()

    def hammer() -> None:
        while not over.is_set():
            answers.add(serving(web1))

    visitors = threading.Thread(target=hammer)
    visitors.start()
    try:
        ran = never_worse.fix("web1")
    finally:
        over.set()
        visitors.join()
    assert ran.code == 0, ran.stdout + ran.stderr
    assert answers == {"home v1"}
    assert web1.get("/config").endswith(" agent-v2")


@pytest.mark.usefixtures(all_rights.__name__)
def test_what_is_built_aside_is_what_artisan_builds_in_place(web1: Host, never_worse: NeverWorse) -> None:
    """Nothing in a cache tells where it was built; a route without a name gets one of chance."""
    web1.pool(**{"env[OTHER]": "x"})
    names = [f"bootstrap/cache/{name}.php" for name in ("config", "events", "packages", "services")]
    names += [str(path.relative_to(web1.file("."))) for path in web1.file("bootstrap/cache").glob("routes-*.php")]
    web1.run(["env", "OTHER=x", "php", "/srv/app/artisan", "package:discover"], user="www-data")
    for command in ("config:cache", "route:cache", "event:cache"):
        web1.run(["env", "OTHER=x", "php", "/srv/app/artisan", command], user="www-data")
    before = {name: kept(web1, name) for name in names}
    assert never_worse.fix("--all", "web1").code == 0
    for name in names:
        after = kept(web1, name)
        assert without_chance(after) == without_chance(before[name]), name
        assert after.mtime > before[name].mtime, name


def without_chance(file: File) -> File:
    return file._replace(content=re.sub(rb"generated::\w{16}", b"", file.content), mtime=0)


WAITS_AND_FAILS = """
if (PHP_SAPI === 'cli' && in_array('config:cache', $_SERVER['argv'])) {
    while (!file_exists('/srv/app/storage/gate')) { usleep(20000); clearstatcache(); }
    %s
}
return ["""


@pytest.mark.parametrize("ends", ["throw new Exception('no such region');", "posix_kill(getmypid(), 9);"], ids=["fails", "is killed"])
def test_the_server_puts_the_old_cache_back_with_nobody_connected(lab: Lab, web1: Host, ends: str) -> None:
    web1.fpm(validate_timestamps=0)
    web1.cache("config")
    assert web1.get("/config") == "v1 agent-v1"
    web1.edit("config/services.php", replace=("return [", WAITS_AND_FAILS % ends))
    before, so_far = kept(web1), begun(web1)
    running = begin_fix(lab, "web1")
    try:
        until(lambda: begun(web1) > so_far and not web1.file(CACHED).exists(), "artisan has cleared the cache", 30)
    finally:
        running.kill()
        running.communicate()
    cut(web1)
    web1.edit("storage/gate", "")
    until(lambda: web1.file(CACHED).exists() and ours(web1) == [], "the server has ended by itself", 30)
    assert kept(web1) == before
    assert list(web1.file("bootstrap/cache").glob(".stalewatch*")) == []
    assert web1.get("/config") == "v1 agent-v1"
    web1.restart()
    assert web1.get("/config") == "v1 agent-v1", "also from the disk"
