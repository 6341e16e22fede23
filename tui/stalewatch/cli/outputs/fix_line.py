"""The one command that fixes a server, where the runbook can. Pure."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from stalewatch.model.report import Verdict
from stalewatch.model.text import safe
from stalewatch.runbook import verdict_words

if TYPE_CHECKING:
    from stalewatch.model.report import Report


def fix_line(report: Report) -> str:
    """``stalewatch fix web1 --app /srv/app``; "" where there is nothing to fix, or the runbook cannot."""
    asked = {remedy for finding in report.findings if finding.verdict.rank >= Verdict.PENDING.rank for remedy in finding.remedy}
    if report.verdict not in (Verdict.STALE, Verdict.SUSPECT) or not asked & verdict_words.BY_RUNBOOK:
        return ""
    return f"stalewatch fix {quote(safe(report.address))}{f' --app {quote(report.app)}' if report.app else ''}"
