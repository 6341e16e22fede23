"""What is worse than old code, by the findings and errors that tell of it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import fpm, health, smoke
from stalewatch.model import reasons
from stalewatch.model.alarm import Alarm

if TYPE_CHECKING:
    from stalewatch.model.report import Finding, Report
    from stalewatch.model.unseen import Unseen

FPM_DOWN = "FPM DOWN"
"""The word of an alarm that no runbook ends: it takes a command that starts PHP-FPM."""
HOST_KEY_CHANGED = "HOST KEY CHANGED"
"""The word of the alarm under which nothing can be done on the server: there is no link."""
FULL = 16 << 20
"""Bytes below which a disk is full: a cache or a session can no longer be written."""
FIND_UNIT = "systemctl list-unit-files '*fpm*'"
"""Which unit starts a PHP-FPM that was never seen running."""


def alarm_of(report: Report | None, error: Unseen | None, unit: str = "") -> Alarm | None:
    """The alarm of a *report*, or of the *error* that there is no link for; without since when. *unit*: of PHP-FPM, when it ran."""
    for reason in (*((error,) if error is not None else ()), *(report.errors if report is not None else ())):
        if reason.code == reasons.LINK_HOST_KEY_CHANGED.code:
            return Alarm(HOST_KEY_CHANGED, reason.message, reason.grant)
    if report is None or report.last_seen is not None:
        return None  # what was so at the last look is not known to be so now
    for reason in report.errors:
        if reason.code == reasons.APP_LINK_NOWHERE.code:
            return Alarm("NO RELEASE", reason.message, reason.grant)
    for finding in report.findings:
        if (alarm := _alarm(finding, report, unit)) is not None:
            return alarm
    return None


def _alarm(finding: Finding, report: Report, unit: str) -> Alarm | None:
    if finding.code in fpm.DOWN:
        unit = (report.fpm.unit if report.fpm is not None else "") or unit
        verb = "start" if finding.code == fpm.NOT_RUNNING.code else "restart"  # a master that runs is not started again
        return Alarm(FPM_DOWN, finding.summary, f"sudo systemctl {verb} {unit}" if unit else FIND_UNIT)
    if finding.code == smoke.APP_ERROR.code:
        return Alarm("APP BROKEN", finding.summary, _repeat(finding))
    free = report.host.disk_free if report.host is not None else None
    if finding.code == health.DISK.code and free is not None and free < FULL:
        return Alarm("DISK FULL", "nothing can be written any more: no cache, no session, no log", _repeat(finding))
    return None


def _repeat(finding: Finding) -> str:
    return next((str(one.value) for one in finding.evidence if one.kind == "command"), "")
