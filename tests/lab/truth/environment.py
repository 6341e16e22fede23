"""What a pool has from its environment and from `.user.ini`, and what was cached of it."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.state import Ask, healthy, stale, unsettled, warm

_SERVED = Ask(uri="/config", old="v1 agent-v1", new="v2 agent-v1")


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
    unsettled(
        name=".user.ini: edited, and workers need not have read it",
        expect={Layer.FPM: ("pending", "fpm.user-ini-pending")},
        act=do.shell("echo memory_limit=96M >public/.user.ini"),
        ask=Ask(old="(none)", new="home v1"),
        really="new",
    ),
)
