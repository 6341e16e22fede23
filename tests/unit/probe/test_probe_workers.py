"""Workers by the command lines that Laravel, Horizon and Octane really start them with (read in their sources)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from stalewatch.model.snapshot import QueueWorker
from stalewatch.probe.host.discovery import AppLocation
from stalewatch.probe.host.parsers.records import FileRecord, ProcessRecord
from stalewatch.probe.host.php_processes import CronPath, PhpProcess
from stalewatch.probe.host.worker_facts import cron_lines, queue_workers

ROOT = "/srv/app"
APP = AppLocation(path=ROOT, root=ROOT, kind="laravel")
SHOP = AppLocation(path="/srv/shop/current", root="/srv/shop/releases/2", kind="laravel")
OLD = "/srv/shop/releases/1"
HORIZON = ("--workers-name=default", "--balance=auto", "--max-processes=3", "--parent-id=71", "--queue=default", "--tries=1")
SWOOLE = "swoole_http_server: {} process for Shop"
OCTANE_BIN = f"{ROOT}/vendor/laravel/octane/bin"


def php(*args: str, cwd: str = "", pid: int = 7) -> PhpProcess:
    return PhpProcess(ProcessRecord(pid, "php", "S", 1, 1000), args, cwd, "www-data")


def seen(*found: PhpProcess, place: AppLocation = APP, alone: bool = True) -> tuple[QueueWorker, ...]:
    return queue_workers(found, place, alone=alone, boot=100.0, hz=100)


@pytest.mark.parametrize(
    ("found", "kind", "holds"),
    [
        (php("php", "/srv/app/artisan", "queue:work", "--tries=3"), "queue", "start"),
        (php("/usr/bin/php8.2", "-d", "memory_limit=512M", "artisan", "--env=staging", "-v", "queue:work", cwd=ROOT), "queue", "start"),
        (php("php", "artisan", "--env", "staging", "queue:work", cwd=ROOT), "queue", "start"),
        (php("php", "artisan", "queue:listen", "--timeout=60", cwd=ROOT), "queue", "none"),
        (php("/usr/bin/php8.2", "artisan", "horizon", cwd=ROOT), "horizon", "start"),
        (
            php("/usr/bin/php8.3", "artisan", "horizon:supervisor", "web1:one", "redis", *HORIZON, cwd=ROOT),
            "horizon",
            "start",
        ),
        (php("/usr/bin/php8.3", "artisan", "horizon:work", "redis", "--name=default", "--supervisor=a:b", cwd=ROOT), "horizon", "start"),
        (php("php", "artisan", "octane:start", "--server=frankenphp", cwd=ROOT), "octane", "unsure"),
        (php("php", "artisan", "octane:frankenphp", cwd=ROOT), "octane", "unsure"),
        (php("/usr/bin/php8.3", f"{ROOT}/vendor/bin/roadrunner-worker", cwd=ROOT), "octane", "start"),
        (php("/usr/bin/php8.3", "swoole-server", f"{ROOT}/storage/logs/octane-server-state.json", cwd=OCTANE_BIN), "octane", "none"),
        (php(SWOOLE.format("master"), cwd=OCTANE_BIN), "octane", "none"),
        (php(SWOOLE.format("manager"), cwd=OCTANE_BIN), "octane", "none"),
        (php(SWOOLE.format("worker"), cwd=OCTANE_BIN), "octane", "start"),
        (php(SWOOLE.format("task worker"), cwd=OCTANE_BIN), "octane", "start"),
        (php("php", "artisan", "schedule:work", cwd=ROOT), "schedule", "none"),
        (php("php", "artisan", "reverb:start", "--host=0.0.0.0", cwd=ROOT), "reverb", "start"),
        (php("php", "artisan", "pulse:check", cwd=ROOT), "other", "start"),
    ],
)
def test_a_worker_is_told_by_its_command_line(found: PhpProcess, kind: str, holds: str) -> None:
    (worker,) = seen(found)
    assert (worker.kind, worker.holds, worker.release, worker.placed) == (kind, holds, ROOT, True)
    assert worker.process.started == pytest.approx(110.0)


def stranger(*args: str, cwd: str = ROOT, parent: int = 1, of: str = "systemd", unit: str = "", age: float = 5.0) -> PhpProcess:
    return PhpProcess(ProcessRecord(7, "php", "S", parent, round((890.0 - age) * 100)), args, cwd, "", of, (unit,) if unit else ())


MANAGER = ("user@1000.service", "shop.service")
KEEPERS = [
    (("laravel-worker.service",), "systemd", 1, ("laravel-worker.service", "")),
    (MANAGER, "systemd", 1, ("user@1000.service/shop.service", "")),
    (("user@1000.service",), "systemd", 1, ("", "")),
    (("ssh.service",), "sshd", 9, ("", "")),
    ((), "sh", 9, ("", "")),
    (("supervisor.service",), "supervisord", 9, ("", "supervisord")),
    (("supervisord.service",), "php", 9, ("", "supervisord")),
    ((), "runsv", 9, ("", "runsv")),
    (("horizon.service",), "php", 9, ("horizon.service", "")),
]


@pytest.mark.parametrize(("units", "parent", "of", "told"), KEEPERS)
def test_who_keeps_a_worker_running_is_told_by_its_units_and_its_parent(
    units: tuple[str, ...], parent: str, of: int, told: tuple[str, str]
) -> None:
    found = PhpProcess(ProcessRecord(7, "php", "S", of, 1000), ("php", "artisan", "queue:work"), ROOT, "www-data", parent, units)
    (worker,) = seen(found)
    assert (worker.unit, worker.supervisor, worker.user) == (*told, "www-data")


@pytest.mark.parametrize(
    ("command", "parent", "of", "orphan"),
    [
        ("horizon:work", 1, "systemd", True),
        ("horizon:supervisor", 1, "init", True),
        ("horizon:work", 900, "systemd", True),
        ("horizon:work", 71, "php", False),
        ("horizon", 1, "systemd", False),
        ("queue:work", 1, "systemd", False),
    ],
)
def test_horizons_own_processes_are_orphans_where_init_is_their_parent(command: str, parent: int, of: str, orphan: bool) -> None:
    found = PhpProcess(ProcessRecord(7, "php", "S", parent, 1000), ("php", "artisan", command, "redis"), ROOT, "www-data", of)
    assert [worker.orphan for worker in seen(found)] == [orphan]


def lasting(found: PhpProcess, place: AppLocation = APP, sources: Mapping[str, FileRecord] = MappingProxyType({})) -> list[str]:
    workers = queue_workers((found,), place, alone=True, boot=110.0, hz=100, now=1000.0, sources=sources)
    assert {worker.kind for worker in workers} <= {"other", "messenger"}
    return [f"{worker.holds}: {worker.process.title}" for worker in workers]


SYMFONY = AppLocation(path=ROOT, root=ROOT, kind="symfony")
SERVER = {f"{ROOT}/server.php": FileRecord(f"{ROOT}/server.php", 50.0, 50.0, 9, 7, 0o100644, "u", "g")}
SUPERVISED: dict[str, Any] = {"parent": 40, "of": "supervisord"}
BY_SHELL: dict[str, Any] = {"parent": 40, "of": "sh"}


@pytest.mark.parametrize(
    ("found", "titles"),
    [
        (stranger("php", "server.php", "--token=secret"), ["unknown: php server.php"]),
        (stranger("/usr/bin/php8.3", "-d", "memory_limit=1G", "bin/feed.php"), ["unknown: php bin/feed.php"]),
        (stranger("php", "-f", f"{ROOT}/bin/feed", cwd="/"), [f"unknown: php {ROOT}/bin/feed"]),
        (stranger("feed importer"), ["unknown: feed importer"]),
        (stranger("feed importer", cwd=""), []),
        (stranger("php", "server.php", **BY_SHELL), []),
        (stranger("php", "server.php", age=61, **BY_SHELL), ["unknown: php server.php"]),
        (stranger("php", "artisan", "app:listen", "--key=secret"), []),
        (stranger("php", "artisan", "app:listen", "--key=secret", unit="feed.service"), ["unknown: php artisan app:listen"]),
        (stranger("php", "artisan", "app:listen", **SUPERVISED), ["unknown: php artisan app:listen"]),
        (stranger("php", "artisan", "migrate", unit="cron.service"), []),
        (stranger("php", "artisan", "app:listen", age=601, **BY_SHELL), ["unknown: php artisan app:listen"]),
        (stranger("php", "artisan", "tinker", age=9e2), []),
        (stranger("php", "/usr/local/bin/composer", "install", age=9e2), []),
        (stranger("php", "vendor/bin/phpunit", age=9e2), []),
        (stranger("php", "-r", "sleep(9);", age=9e2), []),
        (stranger("php", "-S", "127.0.0.1:80", "server.php", age=9e2), []),
        (stranger("php", "/opt/tools/watch.php", age=9e2), []),
        (stranger("php", "server.php", cwd="/srv/application", age=9e2), []),
    ],
)
def test_php_of_another_name_is_a_worker_where_it_lasts(found: PhpProcess, titles: list[str]) -> None:
    assert lasting(found) == titles


@pytest.mark.parametrize("cwd", [ROOT, ""])
def test_symfonys_messenger_is_a_worker(cwd: str) -> None:
    found = stranger("php", "bin/console", "messenger:consume", "async", cwd=cwd)
    assert lasting(found, SYMFONY) == ["start: php bin/console messenger:consume async"]
    assert bool(lasting(found)) is bool(cwd)


def test_a_script_whose_directory_is_not_seen_is_the_apps_where_the_app_has_it() -> None:
    found = stranger("php", "server.php", cwd="")
    assert lasting(found) == []
    assert lasting(found, sources=SERVER) == ["unknown: php server.php"]
    (worker,) = queue_workers((found,), APP, alone=False, boot=110.0, hz=100, now=1000.0, sources=SERVER)
    assert (worker.placed, worker.script and worker.script.path) == (False, "server.php")


def test_lines_of_cron_are_told_by_the_release_that_they_name() -> None:
    paths = [f"{OLD}/artisan", f"{OLD}/artisan", "/srv/shop/current/artisan", "/srv/shop/shared/x.php", "/srv/other/releases/1/artisan"]
    lines = cron_lines([CronPath("/etc/cron.d/shop:3", path) for path in paths], SHOP)
    assert [(line.line, line.release) for line in lines] == [("/etc/cron.d/shop:3", OLD)]


@pytest.mark.parametrize(
    "found",
    [
        php("php", "/srv/other/artisan", "queue:work"),
        php("php", "artisan", "queue:work", cwd="/srv/application"),
        php("php", "/srv/app/artisan", "tinker"),
        php("php", "/srv/app/artisan", "queue:restart"),
        php("php", "/srv/app/artisan", "horizon:terminate"),
        php("php", "/srv/app/artisan", "horizon:snapshot"),
        php("php", "/srv/app/artisan", "octane:reload"),
        php("php", "/srv/app/artisan", "tinker", "queue:work"),
        php("php", "/srv/app/artisan"),
        php("php", "-v"),
        php(""),
    ],
)
def test_another_apps_worker_or_a_short_command_is_none(found: PhpProcess) -> None:
    assert seen(found) == ()


def test_octanes_starter_holds_nothing_where_its_workers_are_processes() -> None:
    starter = php("php", "artisan", "octane:start", cwd=ROOT, pid=70)
    server = php(SWOOLE.format("master"), cwd=OCTANE_BIN, pid=71)
    worker = php(SWOOLE.format("worker"), cwd=OCTANE_BIN, pid=72)
    assert [each.holds for each in seen(starter, server, worker)] == ["none", "none", "start"]
    assert [each.holds for each in seen(starter)] == ["unsure"]


@pytest.mark.parametrize(
    ("found", "release_path", "deleted"),
    [
        (php("php", "artisan", "queue:work", cwd=OLD), OLD, False),
        (php("php", "artisan", "queue:work", cwd=f"{OLD} (deleted)"), OLD, True),
        (php("php", "../artisan", "queue:work", cwd=f"{OLD}/storage"), OLD, False),
        (php("php", f"{SHOP.path}/artisan", "queue:work", cwd=OLD), OLD, False),
        (php("php", f"{SHOP.root}/artisan", "queue:work", cwd=OLD), SHOP.root, False),
        (php("php", f"{OLD}/artisan", "queue:work", cwd="/"), OLD, False),
        (php("php", f"{SHOP.path}/artisan", "queue:work", cwd="/"), "", False),
        (php("php", f"{SHOP.path}/artisan", "queue:work"), "", False),
        (php("php", "current/artisan", "queue:work", cwd="/srv/shop"), "", False),
        (php("php", f"{OLD}/vendor/bin/roadrunner-worker", cwd=OLD), OLD, False),
        (php(SWOOLE.format("worker"), cwd=f"{OLD}/vendor/laravel/octane/bin"), OLD, False),
        (php("php", "artisan", "schedule:work"), "", False),
    ],
)
def test_in_which_release_a_worker_runs(found: PhpProcess, release_path: str, deleted: bool) -> None:
    (worker,) = seen(found, place=SHOP)
    assert (worker.release, worker.process.cwd_deleted) == (release_path, deleted)


def test_releases_that_are_named_by_colour() -> None:
    green = AppLocation(path="/srv/shop/current", root="/srv/shop/green", kind="laravel")
    (blue,) = seen(php("php", "artisan", "queue:work", cwd="/srv/shop/blue/public"), place=green)
    (shared,) = seen(php("php", "/srv/shop/current/artisan", "queue:work", cwd="/srv/shop/shared"), place=green)
    assert (blue.release, shared.release) == ("/srv/shop/blue", "")


def test_where_there_are_several_apps_a_worker_that_names_no_place_may_be_anybodys() -> None:
    hidden = php("php", "artisan", "queue:work")
    (worker,) = seen(hidden, alone=False)
    assert (worker.placed, worker.release) == (False, "")
    assert seen(hidden)[0].placed
    assert seen(php("php", "artisan", "queue:work", cwd=ROOT), alone=False)[0].placed
