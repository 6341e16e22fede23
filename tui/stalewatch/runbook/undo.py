"""An application that answered before a step and does not after it: what was there before the step is put back, and it is asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import figures
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Outcome, Phase

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.runbook.app_answers import AppAnswers
    from stalewatch.runbook.kept_aside import KeptAside
    from stalewatch.runbook.plan import Step

UNDONE = "undone"
"""Where an outcome says what was put back and what the application answers now."""
_FOR_GOOD = {
    "reload": "the reload cannot be undone",
    "invalidate": "the old bytecode is gone",
    "restart-workers": "the restart cannot be undone",
}


async def undo(step: Step, broken: Outcome, kept: KeptAside, answers: AppAnswers) -> Outcome:
    """*broken*, the outcome of *step* after which the app does not answer, with what was undone. Raises LinkError.

    First what *step* itself has changed, then what the steps before it have. Where the app does not answer after that either, a step that
    made caches leaves the old ones; after any other the new caches are back, because they belong to the code that runs by now.
    """
    own = [one for one in kept.steps if one is step]
    others = [one for one in reversed(kept.steps) if one is not step]
    compiled = step.phase in (Phase.RELOAD, Phase.RESTART, Phase.VERIFY)
    told = [_FOR_GOOD[step.kind]] if step.kind in _FOR_GOOD else []
    back: list[Step] = []
    for steps in filter(None, (own, others)):
        why = await kept.exchange(steps, compiled=compiled)
        if why:
            return _told(broken, *told, f"{_names(steps)} could not be put back: {why}")
        back += steps
        now = await answers.again()
        if now.answers:
            return _told(broken, *told, f"{_are_back(back)}; {now.words} again")
    if not back:
        return _told(broken, *told) if told else broken
    if own:
        return _told(broken, f"{_are_back(back)}, and {now.words} still")
    await kept.exchange(back, compiled=True)
    return _told(broken, *told, f"the old caches did not help, so the new ones are there again: {now.words}")


async def taken_back(step: Step, failed: Outcome, kept: KeptAside) -> Outcome:
    """*failed*, the outcome of *step* whose artefacts are no success: what was there before is back. Raises LinkError."""
    if step.phase is not Phase.REBUILD or step not in kept.steps:
        return failed
    why = await kept.exchange([step], compiled=False)
    return _told(failed, f"{_names([step])} could not be put back: {why}" if why else _are_back([step]))


def _names(steps: Iterable[Step]) -> str:
    names = [str(step.what) for step in steps]
    return f"the old {figures.several(names)} {figures.agree(len(names), 'cache', 'caches')}"


def _are_back(steps: list[Step]) -> str:
    return f"{_names(steps)} {figures.agree(len(steps), 'is', 'are')} back"


def _told(broken: Outcome, *words: str) -> Outcome:
    return Outcome(status=broken.status, evidence={**broken.evidence, UNDONE: safe("; ".join(words))})
