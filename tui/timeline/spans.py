"""When a server ran old code: for the shading of its lane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.report import Report, Verdict
from tui.timeline.event import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable


def stale_spans(events: Iterable[Event], report: Report, now: float) -> tuple[tuple[float, float], ...]:
    """Spans (begin, end) in which the app of *report* was stale, oldest first: by its verdict events, and since when it is now.

    *now*: the end of what goes on, by the server's clock. Before the first verdict event nothing is claimed but ``stale_since``.
    """
    own = sorted((event for event in events if event.kind is EventKind.VERDICT and _is_of(event, report)), key=lambda event: event.at)
    spans: list[tuple[float, float]] = []
    begin: float | None = None
    for event in own:
        stale = event.what.removeprefix("still ").partition(":")[0] == Verdict.STALE
        if stale and begin is None:
            begin = event.at
        elif not stale and begin is not None:
            spans.append((begin, event.at))
            begin = None
    if report.verdict is Verdict.STALE:
        since = report.stale_since if report.stale_since is not None else begin
        begins = [each for each in (begin, since) if each is not None]
        if begins:
            spans.append((min(begins), now))
    return tuple(spans)


def _is_of(event: Event, report: Report) -> bool:
    return (event.server, event.app) == report.key
