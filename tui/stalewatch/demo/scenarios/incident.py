"""The night of 2025-10-24: a fix is on every disk, and one server goes on running the code of before.

The report of that night quotes ``php -i``: validate_timestamps On, revalidate_freq 2. A pool with these would have run the fix two seconds
after the deploy; so what the pool ran with was another setting, and ``php -i`` tells of the command line only. Here it is a line of the
pool's own file, as hardened servers have it. The report's line of 12:50:24 with ``version_stripped`` shows that the fix ran somewhere:
here web2 and web3 write it.
"""

from __future__ import annotations

from stalewatch.demo.story import Scenario, Scene

SCENARIO = Scenario(
    name="incident",
    group="api-gateway",
    about="A fix was deployed to three servers at 12:38. On web1 nobody rebuilt the caches or reloaded PHP-FPM, whose pool never looks at "
    "the disk (validate_timestamps=0): calls fail there, with code of 12:27. f rebuilds the caches, drops the old code from OPcache, and "
    "proves that the fix runs.",
    scenes=(
        Scene(
            name="web1",
            deployed="12:38:02",
            pool_settings=("php_admin_value[opcache.validate_timestamps] = 0",),
            tested="12:49:04",
            calls=7.0,
        ),
        Scene(name="web2", deployed="12:38:04", rebuilt="12:39:10", reloaded="12:39:21", calls=11.0),
        Scene(name="web3", deployed="12:38:07", rebuilt="12:41:02", reloaded="12:41:15", calls=13.0),
    ),
)
