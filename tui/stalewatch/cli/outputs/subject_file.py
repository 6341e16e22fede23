"""Which file of the repository a finding is about, as far as that can be told. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stalewatch.model.report import Finding, Report


def subject_file(finding: Finding, report: Report) -> str:
    """Its path below the root of the application; "" where the finding is about no file of it."""
    root = (report.host.release.root if report.host is not None else "") or report.app
    for top in (root, report.app):
        if top and finding.subject.startswith(f"{top}/"):
            return finding.subject[len(top) + 1 :]
    relative = "/" in finding.subject and not finding.subject.startswith(("/", ".")) and " " not in finding.subject
    return finding.subject if relative else ""
