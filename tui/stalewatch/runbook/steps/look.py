"""Look again at the end: the proof of the whole plan. What it proves is :func:`stalewatch.runbook.verify.is_fixed`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.runbook.plan import Choice, Outcome, Phase, Status, Step
from stalewatch.runbook.step_spec import Proof, StepSpec, outcome

if TYPE_CHECKING:
    from stalewatch.runbook.draft import Draft

TIMEOUT = 30.0
AGAIN = "verify-again"
"""The id of the canary's second verification."""


def look(reason: str) -> Step:
    """The step."""
    return LOOK.step("look again", reason, timeout=TIMEOUT)


def look_again() -> Step:
    """Once more, after a pause: what the canary must pass before the other servers follow."""
    return LOOK.step("look again, after a pause", "the canary: the others follow when it is verified twice", id=AGAIN, timeout=TIMEOUT)


def _wanted(draft: Draft) -> list[Step]:
    if draft.request.choice is Choice.VERIFY:
        return [look("only look: is it fresh?")]
    return [look("proof: by the artefacts, not by exit codes")] if draft.steps else []


def _proven(proof: Proof) -> Outcome:
    return outcome(Status.DONE if proof.after.host is not None else Status.RUNNING)


LOOK = StepSpec(kind="verify", phase=Phase.VERIFY, via="look", wanted=_wanted, prove=_proven)
