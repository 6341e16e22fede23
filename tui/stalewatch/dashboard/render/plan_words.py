"""What a plan changes, in the sentence that a tired person reads before anything else. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import figures
from stalewatch.model.report import Layer
from stalewatch.runbook.plan import Action, Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.runbook.plan import ServerPlan, Step

CHECKS = (Phase.PREFLIGHT, Phase.VERIFY)
"""Phases that change nothing."""


def acting(server: ServerPlan) -> tuple[Step, ...]:
    """The steps of *server* that change something."""
    return tuple(step for step in server.steps if step.phase not in CHECKS)


def changes(server: ServerPlan) -> str:
    """``rebuild config, routes; forget 4 scripts in OPcache``; "" where nothing is changed."""
    steps = acting(server)
    parts = [
        _layers("clear", [step for step in steps if step.phase is Phase.CLEAR and step.action is Action.ARTISAN and step.layer]),
        _named(steps, Phase.CLEAR, "empty the application cache ({})"),
        "wipe OPcache's compiled files" if any(step.action is Action.WIPE_FILE_CACHE for step in steps) else "",
        _layers("rebuild", [step for step in steps if step.phase is Phase.REBUILD]),
        *(_forget(len(step.paths)) for step in steps if step.action is Action.INVALIDATE),
        "reload PHP-FPM gracefully" if reloads(server) else "",
        _named(steps, Phase.RESTART, "restart queue workers ({})"),
    ]
    return "; ".join(filter(None, parts))


def reloads(server: ServerPlan) -> bool:
    """Whether PHP-FPM is reloaded."""
    return any(step.action is Action.RELOAD_FPM for step in server.steps)


def cost(server: ServerPlan) -> str:
    """What it means for requests that are being served."""
    if not reloads(server):
        return "no reload: no request is lost"
    if server.in_flight is None:
        return "requests in flight may be killed: how many is not known"
    if server.in_flight == 0:
        return "no request is in flight that it would kill"
    return f"{figures.count(server.in_flight, 'request')} in flight will be killed"


def kills(server: ServerPlan) -> bool:
    """Whether requests may be lost."""
    return reloads(server) and server.in_flight != 0


def _layers(verb: str, steps: Sequence[Step]) -> str:
    names = dict.fromkeys(step.layer.value if step.layer else step.id for step in steps)
    return f"{verb} {', '.join(names)}" if names else ""


def _named(steps: Sequence[Step], phase: Phase, words: str) -> str:
    """Steps of *phase* that leave no layer's artefact, by the names of their commands."""
    names = [
        step.id
        for step in steps
        if step.phase is phase and step.layer in (None, Layer.WORKERS) and step.action is not Action.WIPE_FILE_CACHE
    ]
    return words.format(", ".join(names)) if names else ""


def _forget(scripts: int) -> str:
    return f"forget {figures.count(scripts, 'script')} in OPcache"
