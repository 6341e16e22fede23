"""A new release was made current, and one server goes on running the old one."""

from __future__ import annotations

from stalewatch.demo.story import Scenario, Scene

NO_LOOK = ("php_admin_value[opcache.validate_timestamps] = 0",)

SCENARIO = Scenario(
    name="symlink",
    group="api-gateway",
    about="The fix was deployed as release 42 at 12:38, and the link `current` was switched to it on three servers. On web1 nobody "
    "reloaded PHP-FPM or restarted the queue worker: OPcache keeps where the link led before, release 41, and the worker lives in that "
    "folder. f reloads PHP-FPM and restarts the worker.",
    scenes=(
        Scene(name="web1", deployed="12:38:02", releases=True, worker=True, pool_settings=NO_LOOK, tested="12:49:04", calls=7.0),
        Scene(name="web2", deployed="12:38:04", reloaded="12:38:31", releases=True, pool_settings=NO_LOOK, calls=11.0),
        Scene(name="web3", deployed="12:38:07", reloaded="12:38:40", releases=True, pool_settings=NO_LOOK, calls=13.0),
    ),
)
