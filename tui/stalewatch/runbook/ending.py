"""What ends a cause: what the key ``f`` would do about it, else what a person types or grants. Pure."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from stalewatch.diagnosis.cause import cause_of
from stalewatch.model import figures
from stalewatch.model.replace import replace
from stalewatch.model.report import Remedy
from stalewatch.runbook.needs import from_findings, left_because
from stalewatch.runbook.plan import Choice, Request
from stalewatch.runbook.planner import PlanInputs, server_plan
from stalewatch.runbook.steps.invalidate import INVALIDATE
from stalewatch.runbook.steps.reload import RELOAD

if TYPE_CHECKING:
    from stalewatch.model.cause import Cause
    from stalewatch.model.report import Finding, Report
    from stalewatch.runbook.needs import Needs

_BY_HAND = "by hand: "


class Ending:
    """What the key ``f`` would do about *report*: found when it is asked for, and once for all that tell of it."""

    def __init__(self, report: Report) -> None:
        self.report = report

    @cached_property
    def needs(self) -> Needs:
        """What its findings ask for."""
        return from_findings(self.report)

    @cached_property
    def acting(self) -> frozenset[str]:
        """The kinds of the steps of the plan."""
        return frozenset(step.kind for step in server_plan(self.report, Request(choice=Choice.FIX), PlanInputs()).acting)


def explained(report: Report, ending: Ending | None = None) -> Cause | None:
    """The cause of *report* with what ends it; None: it is fresh. *ending*: of that report, where somebody else wants it too."""
    cause = cause_of(report)
    return _with_ending(cause, ending or Ending(report)) if cause is not None else None


def _with_ending(cause: Cause, ending: Ending) -> Cause:
    """*cause* with the key or the words that end it."""
    report = ending.report
    finding = next((one for one in report.findings if (one.code, one.subject) == (cause.code, cause.subject)), None)
    if finding is None or report.last_seen is not None:
        return replace(cause, press=next((str(error.grant) for error in report.errors if error.grant), ""))
    needs = ending.needs
    if any((finding.code, finding.subject) == (one.code, one.subject) for need in needs.needs for one in need.causes):
        return replace(cause, keyed=True, press=_steps(needs, ending.acting))
    return replace(cause, press=_by_hand(finding, report))


def endings(ending: Ending) -> dict[tuple[str, str], tuple[Remedy, ...]]:
    """What the plan of ``f`` does about each finding, by its code and subject: a reload ends what else is invalidated, too. A finding that
    the plan leaves has none."""
    needs, acting = ending.needs, ending.acting
    found: dict[tuple[str, str], list[Remedy]] = {}
    for need in needs.needs:
        remedy = Remedy.RELOAD if need.remedy is Remedy.INVALIDATE and RELOAD.kind in acting else need.remedy
        for cause in need.causes:
            found.setdefault((cause.code, str(cause.subject)), []).append(remedy)
    return {key: tuple(dict.fromkeys(remedies)) for key, remedies in found.items()}


def _by_hand(finding: Finding, report: Report) -> str:
    told = left_because(finding, report)
    return (told.rpartition(_BY_HAND)[2] if _BY_HAND in told else told).removesuffix(".")


def _steps(needs: Needs, acting: frozenset[str]) -> str:
    """``rebuilds config and routes, invalidates scripts, no reload``, as the plan would. How many scripts they are depends on what is
    rebuilt: the plan counts them. *acting*: the kinds of its steps."""
    rebuilt = [need.layer.value for need in needs.of(Remedy.REBUILD)]
    reloads = RELOAD.kind in acting or bool(needs.of(Remedy.RELOAD))
    invalidates = INVALIDATE.kind in acting or bool(needs.of(Remedy.INVALIDATE))
    told = (
        f"rebuilds {figures.several(list(dict.fromkeys(rebuilt)), 4)}" if rebuilt else "",
        "discovers packages" if needs.of(Remedy.DISCOVER) else "",
        "empties opcache.file_cache" if needs.of(Remedy.WIPE) else "",
        "reloads PHP-FPM" if reloads else "invalidates scripts" if invalidates else "",
        "restarts queue workers" if needs.of(Remedy.RESTART_WORKERS) else "",
        "" if reloads else "no reload",
    )
    return ", ".join(part for part in told if part)
