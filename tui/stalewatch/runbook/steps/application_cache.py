"""Empty the application's own cache store: ``cache:clear``. Only when asked for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, LeftOut, Outcome, Phase, Status, Step
from stalewatch.runbook.step_spec import Proof, StepSpec, last_lines, outcome
from stalewatch.runbook.steps import artisan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.runbook.draft import Draft

NAME = "cache:clear"


def _wanted(draft: Draft) -> list[Step]:
    if not draft.request.cache_clear or not draft.laravel or not draft.wants(Phase.CLEAR):
        return []
    command = draft.access.text(draft.access.in_the_pools_environment(NAME))  # which may name another store
    step = CACHE_CLEAR.step(command, "asked for: empty the application cache", id=NAME, what=NAME, timeout=artisan.TIMEOUT)
    return [replace(step, script=draft.access.script)]


def _proven(proof: Proof) -> Outcome:
    """It leaves no artefact: artisan's own words are all there is, and its exit code is 0 also where it failed."""
    failed = "Failed to clear" in proof.said
    words = " ".join(last_lines(proof.said).split())[-200:] or "nothing"
    return outcome(Status.FAILED if failed else Status.DONE, said=words, proof="none: it leaves no file that could be looked at")


def _warns(draft: Draft) -> Iterator[str]:
    yield from artisan.warns(draft)
    yield "cache:clear empties the application cache; on Redis it is flushdb: everything in that database, sessions too"


def _left_out(draft: Draft) -> Iterator[LeftOut]:
    if draft.steps and not draft.request.cache_clear and draft.laravel and draft.request.choice in (Choice.FIX, Choice.CLEAR):
        yield LeftOut(safe(NAME), safe("empties the application cache (on Redis with flushdb): only when asked for"))


CACHE_CLEAR = StepSpec(
    kind="cache-clear",
    phase=Phase.CLEAR,
    does="empty the application cache ({})",
    wanted=_wanted,
    prove=_proven,
    blocks=artisan.blocks,
    warns=_warns,
    left_out=_left_out,
    grants=lambda access: [access.in_the_pools_environment(NAME)],
)
