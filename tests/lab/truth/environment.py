"""What a pool has from its environment and from `.user.ini`, and what was cached of it."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host, php
from tests.lab.truth import changes as do
from tests.lab.truth.state import Ask, healthy, stale, unsettled, warm

_SERVED = Ask(uri="/config", old="v1 agent-v1", new="v2 agent-v1")

_DROP_IN = f"/run/systemd/system/{php.FPM}.service.d"
_UNIT = f"mkdir -p {_DROP_IN}; printf '[Service]\\nEnvironment={{}}\\n' >{_DROP_IN}/lab.conf; systemctl daemon-reload"


def variable(value: str) -> do.Change:
    """The pool sets it; the file keeps an old date, as a configuration management may give it."""

    def change(host: Host) -> None:
        host.pool(**{"env[RETELL_VERSION]": value, "env[OTHER]": value})

    return do.then(change, warm)


_TWO = "env('APP_ENV') === 'testing' ? 'agent-v1' : 'agent-v2'"
_BY_ENVIRONMENT = Ask(uri="/config", old="v1 agent-v1", new="v1 agent-v2")


def _cached_by(variables: str) -> do.Change:
    """The configuration asks for the environment, and is cached by a shell that has *variables*."""
    written = do.then(do.change_text("config/services.php", "'agent-v1'", _TWO), do.pause(1.1))
    cached = do.shell(f"{variables} php artisan config:cache", user="www-data")
    return do.then(written, cached, do.pause(2.1), lambda host: host.restart(), warm)


STATES = (
    stale(
        name="pool environment: another value than the one that was cached",
        expect={Layer.CONFIG: ("suspect", "config.other-environment")},
        arrange=variable("v1"),
        act=variable("v2"),
        ask=_SERVED,
    ),
    healthy(
        name="pool environment: the value that was cached, and one that nothing reads",
        arrange=do.then(
            variable("v2"), do.change_text(".env", "RETELL_VERSION=v1", "RETELL_VERSION=v2"), do.cache(), do.pause(1.1), variable("v2")
        ),
        ask=_SERVED,
    ),
    stale(
        name="pool environment: the unit's, and another value than the one that was cached",
        expect={Layer.CONFIG: ("suspect", "config.other-environment")},
        arrange=lambda host: host.pool(clear_env="no"),
        act=do.then(do.shell(_UNIT.format("RETELL_VERSION=v2")), lambda host: host.restart(), warm),
        ask=_SERVED,
        undo=do.shell(f"rm -r {_DROP_IN}; systemctl daemon-reload"),
    ),
    stale(
        name="environment: the configuration was cached with another APP_ENV than .env has",
        expect={Layer.CONFIG: ("suspect", "config.other-environment")},
        arrange=_cached_by("APP_ENV=testing"),
        act=do.get("/config"),
        ask=_BY_ENVIRONMENT,
    ),
    healthy(
        name="environment: the configuration was cached with the pool's APP_ENV, and .env has another",
        arrange=do.then(_cached_by("APP_ENV=testing"), lambda host: host.pool(**{"env[APP_ENV]": "testing"}), warm),
        act=do.get("/config"),
        ask=Ask(uri="/config", old="(none)", new="v1 agent-v1"),
    ),
    unsettled(
        name=".user.ini: edited, and workers need not have read it",
        expect={Layer.FPM: ("pending", "fpm.user-ini-pending")},
        act=do.shell("echo memory_limit=96M >public/.user.ini"),
        ask=Ask(old="(none)", new="home v1"),
        really="new",
    ),
)
