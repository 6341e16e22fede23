"""Compile Symfony's container and routes again: ``bin/console cache:clear``, which clears and warms up one environment. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stalewatch.diagnosis.symfony import LAYERS, environment_served
from stalewatch.model.layers import Layer
from stalewatch.model.replace import replace
from stalewatch.model.report import Remedy
from stalewatch.model.text import safe
from stalewatch.model.times import utc
from stalewatch.runbook.needs import why
from stalewatch.runbook.plan import Choice, LeftOut, Outcome, Phase, Status, Step
from stalewatch.runbook.step_spec import Proof, StepSpec, outcome
from stalewatch.runbook.steps.artisan import old_code, other_php

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import Compiled
    from stalewatch.runbook.commands import Access, Command
    from stalewatch.runbook.draft import Draft

TIMEOUT = 180.0
"""Seconds."""


def _wanted(draft: Draft) -> list[Step]:
    request = draft.request
    if not draft.access.environment or not draft.wants(Phase.REBUILD) or request.choice in (Choice.CLEAR, Choice.RELOAD):
        return []
    needs = tuple(need for layer in LAYERS for need in draft.needs(Remedy.REBUILD, layer=layer))
    if needs:
        reason, causes = why(needs)
    elif request.choice is Choice.REBUILD or request.everything:
        reason, causes = f"asked for: {draft.access.environment} is compiled now", ()
    else:
        return []
    command = draft.access.text(_command(draft.access))
    what = f"Symfony's container ({draft.access.environment})"
    step = COMPILE.step(command, reason, what=what, layer=Layer.CONFIG, timeout=TIMEOUT, causes=causes)
    return [replace(step, script=draft.access.script)]


def _command(access: Access) -> Command:
    return access.console("cache:clear")


def _blocks(draft: Draft) -> Iterator[str]:
    if not draft.access.user:
        yield "not known which user the pool runs as: it could not rewrite what bin/console writes"
    yield from other_php(draft)
    yield from old_code(draft)


def _left_out(draft: Draft) -> Iterator[LeftOut]:
    if draft.access.environment and draft.request.choice is Choice.CLEAR:
        yield LeftOut(safe("clear"), safe("Symfony compiles again in the command that clears: ask for a rebuild"))


def _proven(proof: Proof) -> Outcome:
    facts = proof.after.host.symfony if proof.after.host is not None else None
    if facts is None:
        return outcome(Status.RUNNING, why="the server could not be looked at")
    environment = environment_served(proof.before)
    written = [each for each in facts.compiled if each.environment == environment]
    if not any(each.layer == Layer.CONFIG.value for each in written):
        return outcome(Status.FAILED, why="bin/console left no compiled container")
    wrong = {str(each.file.path): _wrong(each, proof.sent, str(proof.server.user)) for each in written}
    told = {str(each.file.path): f"written {utc(each.file.mtime)}, owner {each.file.owner or 'not known'}" for each in written}
    return outcome(Status.FAILED if any(wrong.values()) else Status.DONE, **{path: wrong[path] or told[path] for path in told})


def _wrong(compiled: Compiled, sent: int, user: str) -> str:
    stat = compiled.file
    if math.floor(stat.mtime) < sent:
        return f"not rewritten: still of {utc(stat.mtime)}"
    newest = max((source.mtime for source in compiled.sources or ()), default=0.0)
    if math.floor(newest) > stat.mtime + 1:
        return f"older than its newest source ({utc(newest)})"
    if user and stat.owner and stat.owner != user:
        return f"belongs to {stat.owner}, the pool runs as {user}"
    return ""


COMPILE = StepSpec(
    kind="compile",
    phase=Phase.REBUILD,
    does="compile {}",
    wanted=_wanted,
    prove=_proven,
    blocks=_blocks,
    left_out=_left_out,
    grants=lambda access: [_command(access)] if access.environment else [],
)
"""``bin/console cache:clear`` in the environment that is served: what a rebuild is in a Symfony application."""
