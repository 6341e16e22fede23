"""Servers of one application beside each other: the release that is not the same everywhere."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab.truth import changes as do
from tests.lab.truth.state import HOME, State, healthy, nothing, stale

_DEPLOY = do.then(lambda host: host.deploy_git("fix"), do.cache("config", "route"), do.pause(2.1), do.healed(), do.get("/config"))

_LEFT_OUT: tuple[State, ...] = (
    healthy(name="fleet: deployed, beside one that was left out", act=_DEPLOY, ask=HOME),
    healthy(name="fleet: deployed, beside one that was left out (2)", act=_DEPLOY, ask=HOME),
    stale(name="fleet: left out of a deploy", expect={Layer.RELEASE: ("suspect", "release.mixed")}, act=nothing),
)
_EDITED: tuple[State, ...] = (
    healthy(name="fleet: as committed, beside one that was edited"),
    healthy(name="fleet: as committed, beside one that was edited (2)"),
    healthy(
        name="fleet: edited by hand and reloaded, same commit",
        health=frozenset({"release.mixed"}),
        act=do.then(do.edit, lambda host: host.reload(), do.healed()),
        ask=HOME,
    ),
)
GROUPS = (_LEFT_OUT, _EDITED)
"""One state per server; those of a group are looked at together."""
FLEET = (*_LEFT_OUT, *_EDITED)
