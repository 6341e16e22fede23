"""A deploy that went half, and what else may be wrong on such a night."""

from __future__ import annotations

from stalewatch.demo.story import Scenario, Scene

NO_LOOK = ("php_admin_value[opcache.validate_timestamps] = 0",)

SCENARIO = Scenario(
    name="mixed",
    group="api-gateway",
    about="The fix was to reach five servers at 12:38, and only web2 is well. web3 lost the socket of its pool and serves nobody, web4 "
    "shows another host key, web1 runs old code, and web5 still has the old commit. The worst comes first, each with its command: f fixes "
    "web1; to restart web3, deploy to web5 and check the key of web4 is left to a person.",
    ends="{fix} on web1, {shell} on the others",
    scenes=(
        Scene(name="web1", deployed="12:38:02", pool_settings=NO_LOOK, tested="12:49:04", calls=7.0),
        Scene(name="web2", deployed="12:38:04", rebuilt="12:39:10", reloaded="12:39:21", calls=11.0),
        Scene(name="web3", deployed="12:38:07", rebuilt="12:41:02", reloaded="12:41:15", cleaned="12:46:30"),
        Scene(name="web4", deployed="12:38:09", rebuilt="12:41:32", reloaded="12:41:45", known=False),
        Scene(name="web5", calls=13.0),
    ),
)
