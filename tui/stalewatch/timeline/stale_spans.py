"""When a server ran old code: read from the reports as they come, and kept after it was fixed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import figures
from stalewatch.model.report import Layer, Verdict
from stalewatch.model.text import SafeText, safe
from stalewatch.model.times import utc
from stalewatch.timeline.event import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stalewatch.model.report import Report

Spans = tuple[tuple[float, float], ...]
OPEN = float("inf")


def stale_spans(before: Mapping[str, Spans], reports: Sequence[Report], earlier: Sequence[Report] = ()) -> dict[str, Spans]:
    """*before*, with what *reports* add: the spans of old code of each server. One that is still open ends at infinity.

    A span closes when the artefact of the fix was written (compared with *earlier*, the reports before), else with the first report that is
    not stale; where the server cannot be reached, when it was last seen. Nothing is guessed about the time before the first look.
    """
    after = dict(before)
    were = {report.key: report for report in earlier}
    for report in reports:
        if report.snapshot is None:
            continue
        known = [span for span in after.get(report.server, ()) if span[1] != OPEN]
        opened = next((span for span in after.get(report.server, ()) if span[1] == OPEN), None)
        if report.verdict is Verdict.UNKNOWN:
            if opened is not None and report.last_seen is not None:
                after[report.server] = (*known, (opened[0], max(opened[0], report.last_seen)))
        elif report.verdict is Verdict.STALE and report.stale_since is not None:
            begin = report.stale_since
            after[report.server] = (*(span for span in known if span[1] < begin), (begin, OPEN))
        elif opened is not None and not _others_stale(report, reports):
            after[report.server] = (*known, (opened[0], _healed(were.get(report.key), report) or report.observed_at or opened[0]))
    return after


def ran_old_code(seconds: float, when: str = "") -> str:
    """``ran old code 29 min``; with *when* that was, ``ran old code 12:38–13:07 (29 min)``. All who tell of it say it so."""
    return f"ran old code {when} ({figures.span(seconds)})" if when else f"ran old code {figures.span(seconds)}"


def told_as_events(spans: Iterable[tuple[str, float, float]], apps: Mapping[str, str]) -> list[Event]:
    """An event at the end of each of *spans* (server, begin, end) that says for how long old code ran; *apps*: by server, where it has one
    app only."""
    return [
        Event(
            at=end,
            server=server,
            app=SafeText(apps.get(server, "")),
            kind=EventKind.VERDICT,
            source="old code",
            what=safe(ran_old_code(end - begin, f"{utc(begin)}–{utc(end)}")),
            key=f"old-code:{int(begin)}|{server}",
        )
        for server, begin, end in spans
    ]


def _healed(was: Report | None, report: Report) -> float | None:
    """When the last of the stale layers was written again, by its artefacts; None: they do not say, or it was not since that look."""
    if was is None or was.verdict is not Verdict.STALE or was.observed_at is None:
        return None
    made = [_made(report, layer) for layer, verdict in was.layers.items() if verdict is Verdict.STALE]
    return max(made) if made and all(at > was.observed_at for at in made) else None


def _made(report: Report, layer: Layer) -> float:
    """Since when that layer's cache is what it is (0: not known)."""
    if layer is Layer.OPCACHE:
        cache = report.opcache
        return float(cache.since) if cache is not None else 0.0
    seen = report.host
    found = next((file for file in seen.caches if file.name == layer), None) if seen is not None else None
    return found.stat.mtime if found is not None and found.stat is not None else 0.0


def _others_stale(report: Report, reports: Sequence[Report]) -> bool:
    """Whether another app on the same server is still stale: servers have one lane."""
    return any(other.server == report.server and other.key != report.key and other.verdict is Verdict.STALE for other in reports)
