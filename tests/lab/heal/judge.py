"""What came of one state: from what the plan said, what the runbook said of it, and what was served before and after. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from stalewatch.model.report import Report, Verdict
from stalewatch.runbook.plan import PROVEN, Progress, ServerPlan, Status
from tests.lab.truth.state import State


class End(StrEnum):
    """``healed``: verified, what the disk holds is served, a second fix finds nothing. ``left``: the plan says what a person must do, and
    did no harm. ``refused``: blocked, or a check before the first change failed, with the reason. ``unproven``: it ran, and says that it
    is not verified. ``wrong``: it is worse than before, or called verified and is not."""

    HEALED = "healed"
    LEFT = "left"
    REFUSED = "refused"
    UNPROVEN = "unproven"
    WRONG = "wrong"


@dataclass(frozen=True)
class Healing:
    """What came of one state. *before*, *after*: what the application served. *lost*: requests of the hammer that failed during the fix.
    *said*: why it is not healed. *steps*: what was run. *after* is ``same`` where the disk holds nothing else than what is served."""

    state: State
    end: End
    before: str
    after: str
    verdict: str = ""
    lost: int = 0
    sent: int = 0
    seconds: float = 0.0
    steps: tuple[str, ...] = ()
    said: str = ""


@dataclass(frozen=True, kw_only=True)
class Course:
    """How a fix went. *status* and *told*: what the runbook said; *report*: the look after it; *again*: the steps of a second fix.
    *before*, *after*: what the application served; *disk*: what it serves where nothing is kept of earlier code ("": not asked)."""

    plan: ServerPlan | None
    status: Status | None = None
    told: Sequence[Progress] = ()
    report: Report | None = None
    again: tuple[str, ...] = ()
    before: str
    after: str
    disk: str = ""

    @property
    def served(self) -> str:
        """*after*, or ``same`` where that is all that the disk holds."""
        return "same" if self.after in ("old", "broken") and self.after == self.disk else self.after


def judge(course: Course) -> tuple[End, str]:
    """How it ended, and why it is not healed."""
    plan, report = course.plan, course.report
    why = "; ".join(str(line.evidence.get("why", "")) for line in course.told if line.step == "result")
    if course.before in ("old", "new") and course.after in ("down", "broken"):
        return End.WRONG, f"it answered before and does not now: {why}"
    if plan is None or report is None:
        return End.WRONG, "no such app was found"
    left = "; ".join(f"{one.what}: {one.why}" for one in plan.left_out)
    if plan.blocked:
        return End.REFUSED, str(plan.blocked[0])
    if not plan.acting:
        return (End.LEFT, left) if left else (End.WRONG, "no step, and no reason")
    if course.status not in PROVEN:
        begun = {line.step for line in course.told if line.status is Status.RUNNING} & {step.id for step in plan.acting}
        return End.UNPROVEN if begun else End.REFUSED, why
    if course.served not in ("new", "same"):
        return End.WRONG, f"called {course.status}, and what is served is {course.served}"
    if report.verdict in (Verdict.STALE, Verdict.SUSPECT):
        told = next((str(finding.summary) for finding in report.findings if finding.verdict is report.verdict), "")
        end = End.LEFT if left and course.status is Status.PARTLY else End.WRONG
        return end, f"called {course.status}, and it is {report.verdict.value}: {told}; {left}"
    if course.again:
        return End.WRONG, f"a second fix would run {', '.join(course.again)}"
    return End.HEALED, ""
