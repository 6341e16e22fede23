"""What only the whole fleet can tell, by what the inventory says belongs together: the same for every face."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis.fleet import awaits, compare, comparison_key, mixed_of, with_mixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.model.inventory import AppKey, Fleet
    from stalewatch.model.report import Finding, Report


def compared(fleet: Fleet, reports: Sequence[Report]) -> tuple[Report, ...]:
    """*reports* in their order, each compared with the servers of its own app and group."""
    return compare(reports, _groups(fleet, reports))


def _groups(fleet: Fleet, reports: Sequence[Report]) -> dict[AppKey, str]:
    return {report.key: fleet.belongs(*report.key) for report in reports}


class FleetComparison:
    """The same for a fleet that is looked at again and again: compared as a whole only when something moved that the comparison reads."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._seen: dict[AppKey, Report] = {}
        self._keys: dict[AppKey, tuple[object, ...]] = {}
        self._findings: dict[AppKey, Finding | None] = {}
        self._awaits = False

    def update(self, reports: Sequence[Report]) -> list[Report]:
        """All *reports* of now -> compared, those that came since the last time and those of which the comparison says another thing."""
        moved = [report for report in reports if self._seen.get(report.key) is not report]
        keys = {report.key: comparison_key(report) for report in moved}
        gone = len(self._seen) + sum(key not in self._seen for key in keys) != len(reports)
        if not gone and not (moved and self._awaits) and all(self._keys.get(key) == value for key, value in keys.items()):
            fresh = [with_mixed(report, self._findings[report.key]) for report in moved]
        else:
            fresh = self._whole(reports)
        self._seen = {report.key: report for report in reports} if gone else self._seen | {report.key: report for report in moved}
        self._keys = {key: value for key, value in (self._keys | keys).items() if key in self._seen}
        return fresh

    def is_settled(self, report: Report) -> bool:
        """Whether *report* is what was compared last, and no later look at the same can change what came of it."""
        return not self._awaits and self._seen.get(report.key) is report

    def again(self, report: Report) -> Report:
        """*report* of a look that told nothing new, compared."""
        self._seen[report.key] = report
        return with_mixed(report, self._findings[report.key])

    def _whole(self, reports: Sequence[Report]) -> list[Report]:
        whole = compared(self._fleet, reports)
        self._awaits = awaits(reports, _groups(self._fleet, reports))
        said = {report.key: mixed_of(report) for report in whole}
        fresh = [
            after
            for before, after in zip(reports, whole, strict=True)
            if self._seen.get(before.key) is not before or said[before.key] != self._findings.get(before.key)
        ]
        self._findings = said
        return fresh
