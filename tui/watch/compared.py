"""What only the whole fleet can tell, by what the inventory says belongs together: the same for every face."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.diagnosis.fleet import compare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.inventory import Fleet
    from tui.report import Report


def compared(fleet: Fleet, reports: Sequence[Report]) -> tuple[Report, ...]:
    """*reports* in their order, each compared with the servers of its own app and group."""
    return compare(reports, {report.key: fleet.belongs(*report.key) for report in reports})
