"""The one command that fixes a server, where the runbook can. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.report import Verdict
from stalewatch.runbook import verdict_words
from stalewatch.runbook.fix_command import fix_command

if TYPE_CHECKING:
    from stalewatch.model.report import Report


def fix_line(report: Report) -> str:
    """``stalewatch fix web1 --app /srv/app``; "" where there is nothing to fix, or the runbook cannot."""
    asked = {remedy for finding in report.findings if finding.verdict.rank >= Verdict.PENDING.rank for remedy in finding.remedy}
    if report.verdict not in (Verdict.STALE, Verdict.SUSPECT) or not asked & verdict_words.BY_RUNBOOK:
        return ""
    return fix_command(report)
