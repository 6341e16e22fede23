"""A rebuild is all or nothing, in the pool's own environment: what was served before it is served after it, or something better."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.lab import sshd
from tests.lab.harm.never_worse import NeverWorse
from tests.lab.harm.seen import Page
from tests.lab.program import Ran, check
from tests.lab.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab import Host, Lab

CACHED = "bootstrap/cache/config.php"
SECRET = "canary-of-the-pool"
EVERYTHING = "deploy ALL=(ALL) NOPASSWD: ALL"


class File(NamedTuple):
    """What a rebuild that fails must give back."""

    content: bytes
    owner: tuple[int, int]
    mode: int
    mtime: int


def kept(host: Host, path: str = CACHED) -> File:
    found = host.file(path).lstat()
    return File(host.file(path).read_bytes(), (found.st_uid, found.st_gid), stat.S_IMODE(found.st_mode), found.st_mtime_ns)


def fix(never_worse: NeverWorse) -> Ran:
    never_worse.asks(Page("/config"), Page())
    return never_worse.fix("--format", "json", "web1")


def step(ran: Ran, name: str) -> dict[str, object]:
    found: dict[str, object] = [line for line in map(json.loads, ran.stdout.splitlines()) if line["step"] == name][-1]
    return found


@pytest.fixture
def all_rights(web1: Host) -> Iterator[Host]:
    """The login may do everything by sudo."""
    sshd.permit(web1, EVERYTHING)
    yield web1
    sshd.undo(web1)


def stale_in_the_pools_environment(host: Host) -> None:
    """The pool's secret is in the cached configuration, and a source of that changed."""
    host.pool(**{"env[RETELL_VERSION]": SECRET, "env[APP_ENV]": "staging", "php_admin_value[opcache.validate_timestamps]": 0})
    host.run(["env", f"RETELL_VERSION={SECRET}", "APP_ENV=staging", "php", "/srv/app/artisan", "config:cache"], user="www-data")
    assert host.get("/config") == f"{SECRET} agent-v1"
    host.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    assert host.get("/config") == f"{SECRET} agent-v1"


def test_a_rebuild_has_the_environment_of_the_pool(all_rights: Host, never_worse: NeverWorse) -> None:
    stale_in_the_pools_environment(all_rights)
    ran = fix(never_worse)
    assert ran.code == 0, ran.stdout + ran.stderr
    assert all_rights.get("/config") == f"{SECRET} agent-v2"
    assert "'env' => 'staging'" in all_rights.read(f"/srv/app/{CACHED}")
    assert "not compared" not in step(ran, "config:cache")["evidence"], "the pool would make the same"
    assert SECRET not in ran.stdout + ran.stderr
    for folder in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        for path in Path(os.environ[folder]).rglob("*"):
            assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path
    assert SECRET not in "\n".join(all_rights.syslog())


def test_a_login_that_may_not_give_artisan_that_environment_is_refused(web1: Host, never_worse: NeverWorse) -> None:
    stale_in_the_pools_environment(web1)
    before = kept(web1)
    ran = fix(never_worse)
    assert ran.code == 1, ran.stdout + ran.stderr
    assert "auto_prepend_file" in str(step(ran, "rights")), ran.stdout
    assert (kept(web1), web1.get("/config")) == (before, f"{SECRET} agent-v1")


@pytest.mark.parametrize("environment", [{}, {"env[OTHER]": "x"}], ids=["as any", "of the pool"])
def test_a_configuration_that_cannot_be_made_leaves_the_one_that_is_served(
    all_rights: Host, environment: dict[str, str], never_worse: NeverWorse
) -> None:
    """`config:cache` deletes, then throws: the provider is not there."""
    all_rights.pool(**{"php_admin_value[opcache.validate_timestamps]": 0, **environment})
    all_rights.artisan("config:cache")
    assert all_rights.get("/") == "home v1"
    all_rights.edit("config/app.php", replace=("'providers' => [", "'providers' => [\n        App\\Providers\\Gone::class,"))
    before = kept(all_rights)
    for _ in range(2):
        ran = fix(never_worse)
        assert ran.code == 1, ran.stdout + ran.stderr
        failed = step(ran, "config:cache")
        assert failed["status"] == "failed", ran.stdout
        assert "Gone" in str(failed["evidence"]), "artisan's own message"
        assert kept(all_rights) == before
        assert all_rights.get("/") == "home v1"
    all_rights.restart()
    assert all_rights.get("/") == "home v1", "also from the disk"


OTHER_PHP = """
printf '#!/bin/sh\\necho this is another PHP >&2\\nexit 104\\n' >/run/php9.9
chmod 755 /run/php9.9
mkdir -p /run/lab-alternatives
cp -a /etc/alternatives/. /run/lab-alternatives
ln -sfn /run/php9.9 /run/lab-alternatives/php
mount --bind /run/lab-alternatives /etc/alternatives
"""


def test_artisan_runs_as_the_version_of_the_pool(all_rights: Host, never_worse: NeverWorse) -> None:
    """`/usr/bin/php` is another version, as after an upgrade that took only the command line along."""
    all_rights.cache()
    assert all_rights.get("/config") == "v1 agent-v1"
    all_rights.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    all_rights.run(["sh", "-ec", OTHER_PHP])
    try:
        ran = fix(never_worse)
        assert ran.code == 0, ran.stdout + ran.stderr
        assert all_rights.get("/config") == "v1 agent-v2"
    finally:
        all_rights.run(["umount", "/etc/alternatives"])


FULL = """
mkdir /run/lab-cache
mount -t tmpfs -o size=96k,mode=755 tmpfs /run/lab-cache
cp -a /srv/app/bootstrap/cache/. /run/lab-cache
chown www-data: /run/lab-cache
mount --move /run/lab-cache /srv/app/bootstrap/cache
head -c 200000 /dev/zero >/srv/app/bootstrap/cache/filler 2>/dev/null || true
"""


def test_a_full_disk_of_the_caches_changes_nothing(web1: Host, never_worse: NeverWorse) -> None:
    web1.pool(**{"php_admin_value[opcache.validate_timestamps]": 0})
    web1.cache("config")
    web1.run(["sh", "-ec", FULL])
    try:
        assert web1.get("/config") == "v1 agent-v1"
        web1.edit("config/services.php", replace=("agent-v1", "agent-v2"))
        before = web1.read(f"/srv/app/{CACHED}")
        ran = fix(never_worse)
        assert ran.code == 1, ran.stdout + ran.stderr
        assert "bootstrap/cache" in str(step(ran, "disk-free")), ran.stdout
        assert (web1.read(f"/srv/app/{CACHED}"), web1.get("/config")) == (before, "v1 agent-v1")
        web1.run(["rm", "/srv/app/bootstrap/cache/filler"])
        web1.run(["mount", "-o", "remount,size=4m", "/srv/app/bootstrap/cache"])
        ran = fix(never_worse)
        assert ran.code == 0, ran.stdout + ran.stderr
        assert web1.get("/config") == "v1 agent-v2"
    finally:
        web1.run(["umount", "-l", "/srv/app/bootstrap/cache"])


def test_the_provider_of_a_package_that_is_gone_no_longer_stops_the_site(web1: Host, never_worse: NeverWorse) -> None:
    installed = json.loads(web1.read("/srv/app/vendor/composer/installed.json"))
    packages = installed["packages"]
    packages[:] = [package for package in packages if package["name"] != "acme/greeter"]
    web1.edit("vendor/composer/installed.json", json.dumps(installed))
    web1.remove("vendor/acme/greeter")
    web1.restart()
    assert web1.request("/").status == 500
    ran = fix(never_worse)
    assert step(ran, "package:discover")["status"] == "done", ran.stdout + ran.stderr
    assert (web1.request("/").status, web1.get("/package")) == (200, "no package")
    assert ran.code == 0, ran.stdout + ran.stderr


def test_half_a_configuration_is_made_again_before_anyone_runs_it(lab: Lab, web1: Host, never_worse: NeverWorse) -> None:
    """The whole one is in OPcache; artisan cannot start with the half on the disk."""
    web1.pool(**{"php_admin_value[opcache.validate_timestamps]": 0})
    web1.cache("config")
    web1.run(["touch", "-d", "10 minutes ago", f"/srv/app/{CACHED}"])  # younger ones are not kept
    assert web1.get("/config") == "v1 agent-v1"
    web1.edit(CACHED, web1.read(f"/srv/app/{CACHED}")[:2000])
    assert web1.get("/config") == "v1 agent-v1"
    web1.run(["touch", "-d", "1 minute ago", f"/srv/app/{CACHED}"])
    until(lambda: "config.broken" in str(check(lab, "web1")[1]), "half a file is no longer being written", 20)
    ran = fix(never_worse)
    assert ran.code == 0, ran.stdout + ran.stderr
    assert web1.get("/config") == "v1 agent-v1"
    web1.restart()
    assert web1.get("/config") == "v1 agent-v1"


@pytest.mark.parametrize("name", ["config", "routes-v7"])
def test_sound_php_that_is_no_cache_is_made_again_before_anyone_runs_it(web1: Host, name: str, never_worse: NeverWorse) -> None:
    """It parses, and with it the application has no configuration, or no routes."""
    cached = f"bootstrap/cache/{name}.php"
    web1.run(["touch", "-d", "1 hour ago", f"/srv/app/{cached}"])  # younger ones are not kept
    web1.fpm(validate_timestamps=0)
    assert (web1.get("/"), web1.get("/config")) == ("home v1", "v1 agent-v1")
    web1.edit(cached, "<?php return 1;\n", mtime=time.time() - 60)
    ran = fix(never_worse)
    assert ran.code == 0, ran.stdout + ran.stderr
    web1.restart()
    assert (web1.get("/"), web1.get("/config")) == ("home v1", "v1 agent-v1")


def test_a_cache_that_is_a_link_to_a_shared_file_is_left_alone(all_rights: Host, never_worse: NeverWorse) -> None:
    """artisan would write through it, and to give it back is not ours: other releases use the same file."""
    all_rights.run(["sh", "-ec", SHARED])
    all_rights.pool(**{"php_admin_value[opcache.validate_timestamps]": 0})
    assert all_rights.get("/config") == "v1 agent-v1"
    all_rights.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    ran = fix(never_worse)
    assert ran.code == 1, ran.stdout + ran.stderr
    assert "no regular file" in str(step(ran, "config:cache")["evidence"]), ran.stdout
    assert all_rights.run(["readlink", f"/srv/app/{CACHED}"]).stdout.strip() == "/srv/shared/config.php"


SHARED = """
mkdir /srv/shared
mv /srv/app/bootstrap/cache/config.php /srv/shared
ln -s /srv/shared/config.php /srv/app/bootstrap/cache/config.php
chown -R www-data: /srv/shared
"""
