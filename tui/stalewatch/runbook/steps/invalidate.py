"""Invalidate exactly the old scripts in OPcache, through FPM: no request is lost. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stalewatch.model import figures
from stalewatch.model.layers import Layer
from stalewatch.model.report import Remedy
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Outcome, Phase, Status, Step
from stalewatch.runbook.step_spec import Proof, StepSpec, outcome
from stalewatch.runbook.steps import bytecode

if TYPE_CHECKING:
    from stalewatch.model.snapshot import Script
    from stalewatch.runbook.draft import Draft


def _wanted(draft: Draft) -> list[Step]:
    way = bytecode.chosen(draft)
    if way is None or not way.paths:
        return []
    return [
        INVALIDATE.step(
            "; ".join(f"opcache_invalidate({_php_string(path)}, true)" for path in way.paths),
            way.reason,
            what=figures.count(len(way.paths), "script"),
            layer=Layer.OPCACHE,
            paths=way.paths,
            timeout=15.0,
            causes=way.causes,
        )
    ]


def _proven(proof: Proof) -> Outcome:
    step, opcache, earlier = proof.step, proof.after.opcache, proof.before.opcache
    refused = [path for path in step.paths if proof.invalidated.get(path) is False]
    if refused:
        return outcome(Status.FAILED, **dict.fromkeys(refused[:5], "still cached: PHP did not invalidate it"))
    if opcache is None:
        return outcome(Status.RUNNING, why="OPcache could not be looked at")
    known = {script.path: script for script in (*earlier.changed, *earlier.scripts)} if earlier else {}
    found = {script.path: script for script in (*opcache.scripts, *opcache.changed)}
    held = [path for path in step.paths if path not in proof.invalidated and _holds(found.get(safe(path)), known.get(safe(path)))]
    if held:
        return outcome(Status.FAILED, **dict.fromkeys(held[:5], "OPcache still holds the old one"))
    return outcome(Status.DONE, scripts=str(len(step.paths)), proof="not cached, or compiled again")


def _holds(now: Script | None, then: Script | None) -> bool:
    if now is None or not now.cached:
        return False
    if now.timestamp and now.mtime is not None:
        return now.timestamp != math.floor(now.mtime)
    return then is not None and now.hits >= then.hits > 0


def _php_string(path: str) -> str:
    return "'" + path.replace("\\", "\\\\").replace("'", "\\'") + "'"


INVALIDATE = StepSpec(
    kind="invalidate",
    phase=Phase.RELOAD,
    via="fastcgi",
    remedies=(Remedy.INVALIDATE,),
    does="invalidate {} in OPcache",
    label="invalidate",  # part of that phase, and no reload
    wanted=_wanted,
    prove=_proven,
)
