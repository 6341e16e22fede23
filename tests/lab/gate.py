"""An artisan command that lasts until the test lets it end: no second of it is slept for, and none is too short on a slow machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lab.host import Host

GATE = "storage/gate"
MOST = 90
"""Seconds after which it ends also where nobody opens."""
_WAITS = f"""
if (PHP_SAPI === 'cli' && in_array('config:cache', $_SERVER['argv'])) {{
    for ($i = 0; $i < {MOST} * 50 && !file_exists('/srv/app/{GATE}'); $i++) {{ usleep(20000); clearstatcache(); }}
}}
"""


def shut(host: Host) -> None:
    """From now on `config:cache` of the application waits in the middle of its work."""
    host.edit("config/session.php", replace=("return [", f"{_WAITS}return ["))


def open_up(host: Host) -> None:
    """Let it end, and every later one run through."""
    host.edit(GATE, "")
