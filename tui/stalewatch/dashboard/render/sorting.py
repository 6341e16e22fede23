"""By which column servers are put in order, which way, and how that is said. Pure."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render import report_parts
from stalewatch.model.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.engine.board import Pane
    from stalewatch.model.report import Report

LIVE = 30.0
"""Seconds up to which what is shown counts as live: servers that answer do not change places because one answered later."""
SKEW = 2.0
"""Seconds by which a server's clock must be off to matter: less is noise, and would have equals change places."""
_DIGITS = re.compile(r"([0-9]+)")


class By(StrEnum):
    """What servers can be put in order by, in the order in which a key goes through them."""

    WORST = "verdict"
    NAME = "name"
    SINCE = "stale since"
    DEPLOY = "deploy time"
    COMMIT = "commit"
    RATE = "hit rate"
    AGE = "age of data"


_WAYS = {
    By.WORST: ("worst first", "best first"),
    By.NAME: ("a to z", "z to a"),
    By.SINCE: ("longest first", "shortest first"),
    By.DEPLOY: ("newest first", "oldest first"),
    By.COMMIT: ("0 to f", "f to 0"),
    By.RATE: ("lowest first", "highest first"),
    By.AGE: ("oldest first", "newest first"),
}
_FALLS = {By.WORST, By.SINCE, By.AGE}
"""Where the first way is from large to small: of badness, and of ages (a deploy's age, too, is what the column shows)."""


class Sorting(NamedTuple):
    """*reverse*: against the way in which that column is ordered at first."""

    by: By = By.WORST
    reverse: bool = False

    @property
    def sign(self) -> str:
        """``▲`` where what the column shows grows from top to bottom, ``▼`` where it falls."""
        return "▼" if (self.by in _FALLS) is not self.reverse else "▲"

    @property
    def short(self) -> str:
        """``▲ hit rate``; nothing where it is the usual order."""
        return "" if self == WORST else f"{self.sign} {self.by.value}"

    @property
    def words(self) -> str:
        """``sorted by hit rate ▲ lowest first``."""
        return f"sorted by {self.by.value} {self.sign} {_WAYS[self.by][self.reverse]}"

    @property
    def following(self) -> Sorting:
        """The next column, in its own first way."""
        all_of_them = list(By)
        return Sorting(all_of_them[(all_of_them.index(self.by) + 1) % len(all_of_them)])

    def turned(self) -> Sorting:
        return self._replace(reverse=not self.reverse)


WORST = Sorting()


def by_column(panes: Sequence[Pane], sorting: Sorting) -> list[Pane]:
    """*panes* by a column other than the verdict; equals by name, and those that have nothing there last, whichever way it goes."""
    named = sorted(panes, key=_name)
    falls = sorting.sign == "▼"
    if sorting.by is By.NAME:
        return named[::-1] if falls else named
    values = _values(named, sorting.by)
    known = [at for at, value in enumerate(values) if value is not None]
    known.sort(key=lambda at: values[at], reverse=falls)  # type: ignore[arg-type,return-value]  # None is left out above
    return [named[at] for at in known] + [pane for pane, value in zip(named, values, strict=True) if value is None]


def seen_at(report: Report) -> float | None:
    """When what is shown of a server was seen, by its own clock."""
    return report.last_seen if report.verdict is Verdict.UNKNOWN and report.last_seen is not None else report.observed_at


def _values(panes: Sequence[Pane], by: By) -> list[float | None] | list[str | None]:
    """What the column shows: whole percents, and ages by our clock, whatever the servers' clocks say. One column of one type."""
    reports = [pane.report for pane in panes]
    if by is By.COMMIT:
        return [str(known.release.commit) or None if report and (known := report.host) else None for report in reports]
    if by is By.RATE:
        return [round(report.hit_rate, 2) if report and report.hit_rate is not None else None for report in reports]
    moment = {By.SINCE: _since, By.DEPLOY: _deployed, By.AGE: seen_at}[by]
    moments = [_by_our_clock(moment(report), report) if report else None for report in reports]
    if by is not By.AGE:
        return [None if at is None else -at for at in moments]
    newest = max((at for at in moments if at is not None), default=0.0)
    return [None if at is None else 0.0 if newest - at < LIVE else newest - at for at in moments]


def _since(report: Report) -> float | None:
    return report.stale_since


def _deployed(report: Report) -> float | None:
    deploy = report_parts.last_deploy(report)
    return deploy.at if deploy else None


def _by_our_clock(at: float | None, report: Report) -> float | None:
    """A server's time by this machine's clock, where the two differ by more than noise."""
    offset = (report.snapshot.clock_offset if report.snapshot else None) or 0.0
    return at if at is None or abs(offset) < SKEW else at - round(offset)


def _name(pane: Pane) -> tuple[object, ...]:
    return (_natural(pane.server), str(pane.app))


@lru_cache(maxsize=4096)
def _natural(name: str) -> tuple[tuple[int, str], ...]:
    """``web2`` before ``web10``: digits by their count, then as they are."""
    return tuple(
        (len(part.lstrip("0")), part.lstrip("0")) if at % 2 else (0, part.casefold()) for at, part in enumerate(_DIGITS.split(name))
    )
