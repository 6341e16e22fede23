"""What a search unfolds on a server's page, and where its rows are then. Pure."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from stalewatch.dashboard.render.searching import matches_in

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from stalewatch.dashboard.render.detail_lines import Page
    from stalewatch.dashboard.render.page_state import FindingKey


def hidden_hits(pattern: re.Pattern[str], page: Page, whole: Page, width: int) -> frozenset[FindingKey]:
    """The findings of *page*, *width* cells wide, that match more often in *whole*, which shows all evidence."""
    keys = [stop for stop in page.stops if isinstance(stop, tuple)]
    return frozenset(key for key in keys if _count(pattern, whole, key, width) > _count(pattern, page, key, width))


def finding_at(page: Page, row: int) -> FindingKey | None:
    """The finding that *row* belongs to."""
    keys = (stop for stop, at in page.stops.items() if isinstance(stop, tuple) and row in range(at, _end(page, at)))
    return next(keys, None)


def moved(row: int, before: Mapping[Hashable, int], after: Mapping[Hashable, int]) -> int:
    """Where *row* is now. *before* and *after*: at which row each part of the page began, and begins."""
    above = [(at, name) for name, at in before.items() if at <= row and name in after]
    if not above:
        return row
    at, name = max(above, key=lambda known: known[0])
    return after[name] + row - at


def parts(page: Page) -> dict[Hashable, int]:
    """At which row each section and each finding begins."""
    return dict((*page.starts.items(), *page.stops.items()))


def _count(pattern: re.Pattern[str], page: Page, key: FindingKey, width: int) -> int:
    begin = page.stops[key]
    return len(matches_in(pattern, (row.text for row in page.rows[begin : _end(page, begin)]), width))


def _end(page: Page, begin: int) -> int:
    """A blank row is behind each finding."""
    return next((at for at in range(begin, len(page.rows)) if not page.rows[at].text.strip()), len(page.rows))
