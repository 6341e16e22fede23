"""The command that fixes one app from a command line. Pure."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from stalewatch.model.text import safe

if TYPE_CHECKING:
    from stalewatch.model.report import Report


def fix_command(report: Report) -> str:
    """``stalewatch fix web1 --app /srv/app``."""
    return f"stalewatch fix {quote(safe(report.address))}{f' --app {quote(report.app)}' if report.app else ''}"
