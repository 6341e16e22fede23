"""Worst first, or by a column, but nothing moves while somebody reads it; and which panes a filter shows. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render.names import group_of
from stalewatch.dashboard.render.sorting import WORST, By, by_column
from stalewatch.model.report import Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from stalewatch.dashboard.render.sorting import Sorting
    from stalewatch.engine.board import Pane
    from stalewatch.model.inventory import AppKey

QUIET = 4.0
"""Seconds without a key after which the order may change by itself."""


def badness(pane: Pane) -> tuple[int, int]:
    """Larger is worse; connecting counts as fresh until more is known, so that it does not push what is stale aside."""
    if pane.report is None:
        return (Verdict.UNKNOWN.rank if pane.error else 1, 0)
    severity = max((finding.severity.rank for finding in pane.report.findings), default=Severity.INFO.rank)
    return (pane.report.verdict.rank, severity)


def ordered(panes: Sequence[Pane], sorting: Sorting = WORST, alarms: Collection[AppKey] = ()) -> list[AppKey]:
    """Keys from the worst, *alarms* before every verdict (equals stay in the order of the inventory), or by another column."""
    if sorting.by is By.WORST:
        return [pane.key for pane in sorted(panes, key=lambda pane: (pane.key in alarms, badness(pane)), reverse=not sorting.reverse)]
    return [pane.key for pane in by_column(panes, sorting)]


def by_group(panes: Sequence[Pane]) -> list[Pane]:
    """*panes* group by group, in the order in which the groups first come: the group of the worst one is the first."""
    groups: dict[tuple[str, str], list[Pane]] = {}
    for pane in panes:
        groups.setdefault(group_of(pane), []).append(pane)
    return [pane for group in groups.values() for pane in group]


def has_groups(panes: Sequence[Pane]) -> bool:
    """Whether the inventory names several groups, or production and other servers."""
    return len({pane.group for pane in panes if pane.group}) > 1 or len({pane.production for pane in panes}) > 1


def keep(order: Sequence[AppKey], panes: Sequence[Pane]) -> list[AppKey]:
    """The same order, without panes that are gone; a pane that is new takes the place of a gone one of its server, else the end."""
    known = {pane.key for pane in panes}
    before = set(order)
    added = [pane.key for pane in panes if pane.key not in before]
    kept: list[AppKey] = []
    for key in order:
        if key in known:
            kept.append(key)
        else:
            heirs = [new for new in added if new[0] == key[0]]
            kept += heirs
            added = [new for new in added if new not in heirs]
    return kept + added


def matches(pane: Pane, words: str) -> bool:
    """Whether every word is found in the pane's name, group, verdict, layers that are not fresh, or commit; ``!word`` must not be."""
    report = pane.report
    known = report.host if report else None
    bad = [layer.value for layer, verdict in report.layers.items() if verdict not in (Verdict.FRESH, Verdict.ABSENT)] if report else []
    hay = " ".join(
        [
            pane.server,
            pane.app,
            pane.group,
            report.verdict.value if report else "connecting",
            *bad,
            str(known.release.commit) if known else "",
            "prod" if pane.production else "",
            "read-only" if pane.read_only else "",
        ]
    ).lower()
    return all(
        (word[1:] not in hay) if word.startswith("!") and len(word) > 1 else (word in hay) for word in words.lower().split() if word != "!"
    )
