"""When a server ran old code: told by reports as they come, remembered after it was fixed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render import report_parts
from stalewatch.model.report import Layer, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalewatch.engine.board import Pane
    from stalewatch.model.report import Report

Spans = tuple[tuple[float, float], ...]
OPEN = float("inf")


def stale_spans(before: Mapping[str, Spans], panes: Sequence[Pane], earlier: Sequence[Pane] = ()) -> dict[str, Spans]:
    """Spans of old code per server: an open one ends at infinity; it closes when what put it right happened (*earlier*: the panes of the
    last time), or with the first report that is not stale, and where the server was last seen once it is not heard from. What a server was
    before anybody looked is not guessed.
    """
    after = dict(before)
    were = {pane.key: pane.report for pane in earlier}
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
            after[pane.server] = (*known, (opened[0], _healed(were.get(pane.key), report) or report.observed_at or opened[0]))
    return after


def _healed(was: Report | None, report: Report) -> float | None:
    """When the last of the stale layers was made anew, by what it left; None: not told by that, or not since that look."""
    if was is None or was.verdict is not Verdict.STALE or was.observed_at is None:
        return None
    made = [_made(report, layer) for layer, verdict in was.layers.items() if verdict is Verdict.STALE]
    return max(made) if made and all(at > was.observed_at for at in made) else None


def _made(report: Report, layer: Layer) -> float:
    """When that layer's cache began to be what it is (0: not told)."""
    if layer is Layer.OPCACHE:
        cache = report.opcache
        return float(cache.since) if cache is not None else 0.0
    seen = report.host
    found = report_parts.cache_file(seen, layer.value) if seen is not None else None
    return found.stat.mtime if found is not None and found.stat is not None else 0.0


def _others_stale(pane: Pane, panes: Sequence[Pane]) -> bool:
    """Whether another app on the same server is still stale: servers have one lane."""
    return any(
        other.server == pane.server and other.key != pane.key and other.report is not None and other.report.verdict is Verdict.STALE
        for other in panes
    )
