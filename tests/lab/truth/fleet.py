"""Servers of one application beside each other: the release that is not the same everywhere."""

from __future__ import annotations

from tests.lab.truth import changes as do
from tests.lab.truth.state import HOME, State, healthy, nothing, stale
from tui.report import Layer

_DEPLOY = do.then(lambda host: host.deploy_git("fix"), do.cache("config", "route"), do.pause(2.1), do.healed(), do.get("/config"))

FLEET: tuple[State, ...] = (
    healthy(name="fleet: deployed, beside one that was left out", act=_DEPLOY, ask=HOME),
    healthy(name="fleet: deployed, beside one that was left out (2)", act=_DEPLOY, ask=HOME),
    stale(name="fleet: left out of a deploy", expect={Layer.RELEASE: ("suspect", "release.mixed")}, act=nothing),
)
"""One state per server; they are looked at together."""
