"""A reload touches the FPM master and nothing else, and tests what it makes that master read."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.lab import php
from tests.lab.harm.never_worse import NeverWorse
from tests.lab.harm.seen import Page
from tests.lab.heal.run import all_rights, usual_rights
from tests.lab.host import HOUR
from tests.lab.program import serving, stalewatch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab import Host, Lab

CONTROLLER = "app/Http/Controllers/HomeController.php"
MANY = """[Unit]
DefaultDependencies=no
[Service]
ExecStart=/bin/sh -c 'sleep 86399 & {binary} --nodaemonize --fpm-config {config} & wait'
ExecReload=/bin/sh -c 'pkill -x sleep; kill -9 -- -$MAINPID'
"""
"""A unit that runs several programs, as Debian's supervisor does: its reload ends all of them."""


def under_another_program(host: Host) -> int:
    """FPM and a stranger's program run in one unit. The pid of the stranger's."""
    host.fpm(validate_timestamps=0)
    host.systemctl("stop", php.FPM)
    host.root("/etc/systemd/system/many.service").write_text(MANY.format(binary=php.BINARY, config=f"{php.ETC_FPM}/php-fpm.conf"))
    host.systemctl("daemon-reload")
    host.systemctl("start", "many")
    host.wait_for_fpm()
    return int(host.run(["pgrep", "-xf", "sleep 86399"]).stdout)


def test_a_unit_that_runs_other_programs_too_is_not_reloaded(lab: Lab, web1: Host, tmp_path: Path, never_worse: NeverWorse) -> None:
    stranger = under_another_program(web1)
    try:
        all_rights(web1)
        assert serving(web1) == "home v1"
        web1.edit(CONTROLLER, replace=("home v1", "home v2"))
        planned = stalewatch(lab, "fix", "--dry-run", "--all", "web1")
        assert "systemctl reload" not in planned.stdout, planned.stdout
        assert re.search(r"kill -USR2 \d+", planned.stdout), planned.stdout
        inventory = tmp_path / "stalewatch.toml"
        inventory.write_text('[[server]]\ntarget = "web1"\n[[server.app]]\npath = "/srv/app"\nreload = "many"\n')
        ran = never_worse.fix("--all", "web1", "--config", str(inventory))
        assert ran.code == 0, ran.stdout
        assert serving(web1) == "home v2"
        assert int(web1.run(["pgrep", "-xf", "sleep 86399"]).stdout) == stranger
    finally:
        usual_rights(web1)
        web1.systemctl("stop", "many")
        os.unlink(web1.root("/etc/systemd/system/many.service"))
        web1.systemctl("daemon-reload")


def test_a_configuration_that_broke_after_the_preflight_is_not_reloaded(lab: Lab, web1: Host) -> None:
    """The line that a plan runs, run by hand at the worst moment."""
    web1.fpm(validate_timestamps=0)
    assert serving(web1) == "home v1"
    planned = stalewatch(lab, "fix", "--dry-run", "--only", "reload", "--all", "web1")
    line = next(line for line in planned.stdout.splitlines() if "systemctl reload" in line and "sudo -n -l" not in line)
    command = line[line.index("sudo -n") :]
    web1.root(php.POOL).write_text(web1.read(php.POOL) + "pm.max_childern = 3\n")
    ran = web1.run(["sh", "-c", command], user="deploy", check=False)
    assert ran.returncode == 78, (command, ran)
    assert "pm.max_childern" in ran.stdout + ran.stderr
    assert serving(web1) == "home v1"


def second_site(host: Host) -> Page:
    """A site of another pool of the same master, which needs an extension that is loaded from /srv/ext."""
    folder = host.run(["php", "-r", "echo ini_get('extension_dir');"]).stdout
    host.run(["sh", "-ec", f"mkdir -p /srv/ext /srv/blog; cp {folder}/ctype.so /srv/ext/; rm {php.ETC_FPM}/conf.d/*ctype*"])
    index = host.root("/srv/blog/index.php")
    index.write_text("<?php echo extension_loaded('ctype') ? 'blog' : 'lost';\n")
    os.utime(index, (time.time() - HOUR,) * 2)
    host.pool("zeta")
    host.ini(opcache__validate_timestamps=0, extension="/srv/ext/ctype.so")
    page = Page("/", "/srv/blog/index.php", "zeta")
    assert host.request(page.uri, script=page.script, pool=page.pool).body == "blog"
    return page


POOL_D = f"{php.ETC_FPM}/pool.d"


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        (f"mv {POOL_D}/zeta.conf {POOL_D}/zeta.off", "a reload would end pool zeta, which runs and is in PHP-FPM's configuration no more"),
        (f"sed -i 's#^listen = .*#listen = /run/php/new.sock#' {POOL_D}/zeta.conf", "a reload would move pool zeta to /run/php/new.sock"),
        ("rm /srv/ext/ctype.so", "a reload would lose what runs now and cannot be loaded again: ctype."),
        (f"sed -i 's/^.zeta.$/[omega]/' {POOL_D}/zeta.conf", ""),
    ],
    ids=["a pool was taken out", "its socket is another one", "an extension is gone", "it has another name only"],
)
def test_a_reload_ends_no_site_of_another_pool(web1: Host, never_worse: NeverWorse, changes: str, refused: str) -> None:
    page = second_site(web1)
    web1.run(["sh", "-ec", changes])
    master = (web1.fpm_master(), web1.status()["start time"])
    never_worse.asks(Page(), page)
    ran = never_worse.fix("--app", "/srv/app", "--all", "--only", "reload", web1.name)
    said = " ".join((ran.stdout + ran.stderr).split())
    assert ran.code == (1 if refused else 0), said
    assert refused in said
    assert ((web1.fpm_master(), web1.status()["start time"]) == master) is bool(refused)


def new_pool(listen: str) -> str:
    """What makes a pool that the master does not know yet."""
    return f"sed 's#^.www.#[zz]#; s#^listen = .*#listen = {listen}#' {POOL_D}/www.conf > {POOL_D}/zz.conf"


@pytest.mark.parametrize(
    ("changes", "stranger", "named"),
    [
        (new_pool("/run/nowhere/zz.sock"), "", "pool zz listens on /run/nowhere/zz.sock, and the folder /run/nowhere is not there"),
        (new_pool("/run/stranger.sock"), "-lkU /run/stranger.sock", "pool zz listens on /run/stranger.sock, and another program listens"),
        (new_pool("127.0.0.1:7777"), "-lk 127.0.0.1 7777", "pool zz listens on 127.0.0.1:7777, and another program listens there"),
        (f"echo 'pm.status_listen = /run/nowhere/s.sock' >> {POOL_D}/www.conf", "", "pool www listens on /run/nowhere/s.sock, and the"),
        (f"sed -i 's#^pid = .*#pid = /run/nowhere/fpm.pid#' {php.ETC_FPM}/php-fpm.conf", "", "its pid file is /run/nowhere/fpm.pid, and"),
    ],
    ids=["no folder for a socket", "a socket in use", "a port in use", "no folder for the status page", "no folder for the pid file"],
)
def test_a_valid_configuration_that_fpm_cannot_start_with_is_not_reloaded(
    web1: Host, never_worse: NeverWorse, changes: str, stranger: str, named: str
) -> None:
    """``php-fpm -t`` opens no socket and writes no pid file: a reload ended FPM, and every site with it."""
    web1.fpm(validate_timestamps=0)
    assert web1.get("/") == "home v1"
    listener = web1.start(["nc", *stranger.split()]) if stranger else None
    try:
        web1.run(["sh", "-ec", changes])
        tested = web1.run([php.BINARY, "-t"])
        assert "test is successful" in tested.stdout + tested.stderr
        master = (web1.fpm_master(), web1.status()["start time"])
        ran = never_worse.fix("--all", "--only", "reload", web1.name)
        said = " ".join((ran.stdout + ran.stderr).split())
        assert ran.code == 1, said
        assert "FPM would not start again, and a reload ends it for all sites" in said
        assert named in said
        assert (web1.fpm_master(), web1.status()["start time"]) == master
    finally:
        if listener is not None:
            listener.kill()
            listener.wait()
        web1.run(["rm", "-f", "/run/stranger.sock"])


def test_a_new_pool_that_can_start_is_started_by_a_reload(web1: Host, never_worse: NeverWorse) -> None:
    web1.fpm(validate_timestamps=0)
    assert web1.get("/") == "home v1"
    web1.run(["sh", "-ec", new_pool("/run/php/zz.sock")])
    ran = never_worse.fix("--app", "/srv/app", "--all", "--only", "reload", web1.name)
    assert ran.code == 0, ran.stdout + ran.stderr
    assert web1.status("zz")["pool"] == "zz"


def test_another_application_of_the_master_is_asked_before_a_reload_and_after_it(web1: Host, never_worse: NeverWorse) -> None:
    """A setting that nobody has loaded yet and that no test of the configuration refuses: one of two sites cannot live with it."""
    index = web1.root("/srv/blog/index.php")
    index.parent.mkdir()
    index.write_text("<?php echo str_rot13('oybt');\n")
    os.utime(index, (time.time() - HOUR,) * 2)
    web1.fpm(validate_timestamps=0)
    page = Page("/", "/srv/blog/index.php")
    assert web1.request(page.uri, script=page.script).body == "blog"
    assert web1.get("/") == "home v1"
    web1.run(["sh", "-ec", f"echo 'disable_functions = str_rot13' > {php.ETC_FPM}/conf.d/99-hardened.ini"])
    never_worse.asks(Page(), page)
    said = "answered before this and does not now: blog (GET / "
    ran = never_worse.fix("--all", "--only", "reload", web1.name, told=said)
    assert ran.code == 1, ran.stdout + ran.stderr
    assert said in " ".join(ran.stdout.split())
