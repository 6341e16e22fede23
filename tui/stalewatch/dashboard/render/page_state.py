"""What a person chose on a server's page: where its cursor is, and which findings show their evidence. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.model.chain import LinkName, LinkState
from stalewatch.model.report import BY_HAND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalewatch.model.alarm import Alarm
    from stalewatch.model.cause import Cause
    from stalewatch.model.report import Finding, Remedy, Report

FindingKey = tuple[str, str, int]
"""Code and subject of a finding, and which one of those that share both: it stays the same while findings come and go around it."""
Stop = LinkName | FindingKey
"""What the cursor can be on."""


class PageState(NamedTuple):
    """*chosen*: what the cursor is on. *unfolded*: the findings that show their evidence (None: all). *cause*: what the page opens with.
    *planned*: by code and subject of a finding, what the key that fixes would do about it (None: not known). *alarm*: what the page says
    above all of it."""

    chosen: Stop | None = None
    unfolded: frozenset[FindingKey] | None = None
    cause: Cause | None = None
    planned: Mapping[tuple[str, str], tuple[Remedy, ...]] | None = None
    alarm: Alarm | None = None

    def ending(self, finding: Finding) -> tuple[Remedy, ...]:
        """What ends *finding*: what a key would do, and what is left to a person."""
        if self.planned is None:
            return finding.remedy
        by_key = self.planned.get((finding.code, str(finding.subject)), ())
        return (*by_key, *(remedy for remedy in finding.remedy if remedy in BY_HAND))

    def shows(self, key: FindingKey) -> bool:
        """Whether the evidence of that finding is shown."""
        return self.unfolded is None or key in self.unfolded


def finding_keys(findings: Sequence[Finding]) -> list[FindingKey]:
    """The key of each of *findings*."""
    seen: Counter[tuple[str, str]] = Counter()
    keys: list[FindingKey] = []
    for finding in findings:
        pair = (finding.code, str(finding.subject))
        keys.append((*pair, seen[pair]))
        seen[pair] += 1
    return keys


def next_finding(report: Report, chosen: Stop | None, step: int) -> FindingKey | None:
    """The finding after *chosen*, around the end; the first one (*step* -1: the last) where the cursor is on none."""
    keys = finding_keys(report.findings)
    if chosen in keys:
        return keys[(keys.index(chosen) + step) % len(keys)]
    return keys[0 if step > 0 else -1] if keys else None


def next_link(report: Report, chosen: Stop | None, step: int) -> LinkName | None:
    """The link after *chosen*, around the end; where the cursor is on none, the first one that is broken, else that was not seen."""
    names = [link.name for link in report.chain]
    if chosen in names:
        return names[(names.index(chosen) + step) % len(names)]
    for state in (LinkState.BROKEN, LinkState.UNSEEN):
        if found := next((link.name for link in report.chain if link.state is state), None):
            return found
    return names[0 if step > 0 else -1] if names else None
