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
    unsettled(
        name=".user.ini: edited, and workers need not have read it",
        expect={Layer.FPM: ("pending", "fpm.user-ini-pending")},
        act=do.shell("echo memory_limit=96M >public/.user.ini"),
        ask=Ask(old="(none)", new="home v1"),
        really="new",
    ),
)
