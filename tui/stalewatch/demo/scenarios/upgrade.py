"""Another PHP was installed, and on one server nothing was restarted."""

from __future__ import annotations

from stalewatch.demo.story import Scenario, Scene

UPGRADED = "12:31:30"
FUNCTION = "check_availability"

SCENARIO = Scenario(
    name="upgrade",
    group="api-gateway",
    about="PHP 8.3.14 was installed over 8.3.12 on three servers at 12:31. On web1 nothing was restarted: PHP-FPM and the queue worker run "
    "a binary that is no longer on the disk, and php -v does not show it. f reloads PHP-FPM, which executes its binary again, and restarts "
    "the worker.",
    scenes=(
        Scene(name="web1", upgraded=UPGRADED, worker=True, function=FUNCTION, calls=7.0),
        Scene(name="web2", upgraded=UPGRADED, reloaded="12:32:05", function=FUNCTION, calls=11.0),
        Scene(name="web3", upgraded=UPGRADED, reloaded="12:32:40", function=FUNCTION, calls=13.0),
    ),
)
