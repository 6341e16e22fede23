"""What is deployed on the host's disk does not reach what PHP-FPM sees."""

from __future__ import annotations

from stalewatch.demo.story import Scenario, Scene, Where

SCENARIO = Scenario(
    name="container",
    group="api-gateway",
    about="A new image of the application was mounted on three servers at 12:38, and PHP-FPM was reloaded. On web1 PHP-FPM has a mount "
    "namespace of its own: it still sees the old image, and only `sudo systemctl restart php8.3-fpm` ends that. On web2 it runs in a "
    "container, where stalewatch does not look: it says so, with what to grant, and guesses nothing.",
    ends="{shell}, then what the pane says",
    scenes=(
        Scene(
            name="web1", deployed="12:38:02", rebuilt="12:39:02", reloaded="12:39:21", where=Where.NAMESPACE, tested="12:49:04", calls=7.0
        ),
        Scene(name="web2", deployed="12:38:04", rebuilt="12:39:10", where=Where.CONTAINER, calls=11.0),
        Scene(name="web3", deployed="12:38:07", rebuilt="12:41:02", reloaded="12:41:15", calls=13.0),
    ),
)
