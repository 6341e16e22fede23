"""What people call the apps of one server, where their folders have the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.app_names import names_apart
from stalewatch.model.replace import replace
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.model.report import Report


def named(reports: Sequence[Report]) -> tuple[Report, ...]:
    """*reports* of all apps of one server, each with the name that tells it from the others."""
    names = names_apart([report.app for report in reports])
    return tuple(replace(report, short_name=safe(names[report.app])) for report in reports)
