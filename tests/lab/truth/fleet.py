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
_MIXED = {Layer.RELEASE: ("suspect", "release.mixed")}
_HEALED = do.then(do.pause(2.1), do.healed(), do.get("/config"))
_WITHOUT_GIT = do.then(do.shell("rm -rf .git"), do.get())
_BACK = do.then(_DEPLOY, lambda host: host.deploy_git("HEAD@{1}"), do.cache("config", "route"), do.pause(2.1), do.healed("home v1"))

_ONE_FIXED: tuple[State, ...] = (
    healthy(name="fleet: the only one of four that was deployed to", act=_DEPLOY, ask=HOME),
    *(stale(name=f"fleet: left out of a deploy to one of four{number}", expect=_MIXED, act=nothing) for number in ("", " (2)", " (3)")),
)
_ONE_OF_TWO: tuple[State, ...] = (
    stale(name="fleet: left out, the other of two was deployed to", expect=_MIXED, act=nothing),
    healthy(name="fleet: deployed to, the other of two was left out", act=_DEPLOY, ask=HOME),
)
_ONE_BACK: tuple[State, ...] = (
    stale(name="fleet: deployed to, then set back alone", expect=_MIXED, act=_BACK),
    healthy(name="fleet: deployed to, the other of two was set back", act=_DEPLOY, ask=HOME),
)
_COPIED: tuple[State, ...] = (
    healthy(name="fleet: no git, the fix copied to one of three", arrange=_WITHOUT_GIT, act=do.then(do.edit, _HEALED), ask=HOME),
    *(
        stale(name=f"fleet: no git, the fix copied to another{number}", expect=_MIXED, arrange=_WITHOUT_GIT, act=nothing)
        for number in ("", " (2)")
    ),
)
GROUPS = (_LEFT_OUT, _EDITED, _ONE_FIXED, _ONE_OF_TWO, _ONE_BACK, _COPIED)
"""One state per server; those of a group are looked at together."""
STATES = tuple(state for group in GROUPS for state in group)
