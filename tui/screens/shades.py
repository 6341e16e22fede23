"""When a server ran old code: told by reports as they come, remembered after it was fixed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui.board import Pane

Spans = tuple[tuple[float, float], ...]
OPEN = float("inf")


def shades(before: Mapping[str, Spans], panes: Sequence[Pane]) -> dict[str, Spans]:
    """Spans of old code per server: an open one ends at infinity; it closes with the first report that is not stale, and where the
    server was last seen once it is not heard from. What a server was before anybody looked is not guessed.
    """
    after = dict(before)
    for pane in panes:
        report = pane.report
        if report is None or report.snapshot is None:
            continue
        known = [span for span in after.get(pane.server, ()) if span[1] != OPEN]
        opened = next((span for span in after.get(pane.server, ()) if span[1] == OPEN), None)
        if report.verdict is Verdict.UNKNOWN:
            if opened is not None and report.last_seen is not None:
                after[pane.server] = (*known, (opened[0], max(opened[0], report.last_seen)))
        elif report.verdict is Verdict.STALE and report.stale_since is not None:
            begin = report.stale_since
            after[pane.server] = (*(span for span in known if span[1] < begin), (begin, OPEN))
        elif opened is not None and not _others_stale(pane, panes):
            after[pane.server] = (*known, (opened[0], report.observed_at or opened[0]))
    return after


def _others_stale(pane: Pane, panes: Sequence[Pane]) -> bool:
    """Whether another app on the same server is still stale: servers have one lane."""
    return any(
        other.server == pane.server and other.key != pane.key and other.report is not None and other.report.verdict is Verdict.STALE
        for other in panes
    )
