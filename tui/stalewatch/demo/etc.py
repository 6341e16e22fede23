"""The configuration files of one server's PHP-FPM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.demo import disk
from stalewatch.demo.fpm import POOL, WORKERS
from stalewatch.demo.responder import STATUS_PATH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PHP_INI = """\
[PHP]
memory_limit = 256M
[opcache]
opcache.enable = 1
opcache.validate_timestamps = 1
opcache.revalidate_freq = 2
"""
"""The command line reads the same, and nothing of the pool's file: ``php -i`` says what the report of that night believed."""


def log(etc: Path) -> Path:
    """Where the FPM whose configuration is in *etc* writes its own log."""
    return etc.parents[3] / "var/log/php8.3-fpm.log"


def build(etc: Path, socket: Path, root: Path, pool_settings: Sequence[str], when: float) -> None:
    """Write php.ini, php-fpm.conf and the pool's file below *etc*, as if at *when*."""
    for folder in (etc, etc.with_name("cli")):
        disk.write(folder / "php.ini", PHP_INI, when)
    main = f"[global]\ndaemonize = no\nerror_log = {log(etc)}\nprocess_control_timeout = 10s\ninclude={etc}/pool.d/*.conf\n"
    disk.write(etc / "php-fpm.conf", main, when)
    pool = [
        f"[{POOL}]",
        "user = www-data",
        "group = www-data",
        f"listen = {socket}",
        "listen.owner = www-data",
        "pm = static",
        f"pm.max_children = {WORKERS}",
        f"pm.status_path = {STATUS_PATH}",
        f"chdir = {root}",
        *pool_settings,
    ]
    disk.write(etc / "pool.d" / f"{POOL}.conf", "\n".join(pool) + "\n", when)
    disk.backdate(etc, when)
