"""Each layer at its worst, and at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.cli.outputs.incident.markdown import code, words
from stalewatch.model.report import Layer, Verdict
from stalewatch.runbook import verdict_words

if TYPE_CHECKING:
    from stalewatch.cli.outputs.incident.moments import Moments
    from stalewatch.model.report import Report
    from stalewatch.timeline.incident import AppStory, IncidentStory


def before_after(incident: IncidentStory, moments: Moments) -> list[str]:
    """Per app: one line where nothing moved, else the layers that did."""
    return [line for story in incident.stories for line in _app(story, moments)]


def _app(story: AppStory, moments: Moments) -> list[str]:
    before, after = story.worst, story.last
    name = f"{code(after.server)} {words(after.name) if after.app else ''}".rstrip()
    if before is after or before.layers == after.layers:
        at = f" at {moments.both(after.observed_at)}" if after.observed_at is not None else ""
        others = [f"{layer} {_verdict(after.layers[layer])}" for layer in Layer if _bad(after.layers.get(layer, Verdict.UNKNOWN))]
        return [f"- {name}: {_verdict(after.verdict)}{at}{': ' + ', '.join(others) if others else ''}"]
    lines = [f"- {name}: {_verdict(before.verdict)} → {_verdict(after.verdict)}"]
    for layer in Layer:
        was, now = (report.layers.get(layer, Verdict.UNKNOWN) for report in (before, after))
        if was is not now:
            lines.append(f"  - {layer}: {_verdict(was)} → {_verdict(now)}")
    for label, was_at, now_at in (
        ("OPcache began", _opcache(before), _opcache(after)),
        ("pool started", _pool(before), _pool(after)),
    ):
        if was_at != now_at and was_at and now_at:
            lines.append(f"  - {label}: {moments.short(was_at)} → {moments.both(now_at)}")
    return lines


def _bad(verdict: Verdict) -> bool:
    return verdict.rank >= Verdict.PENDING.rank


def _verdict(verdict: Verdict) -> str:
    return f"{words(verdict_words.VERDICT_SIGN[verdict])} {verdict}"


def _opcache(report: Report) -> float:
    return float(report.opcache.since) if report.opcache is not None else 0.0


def _pool(report: Report) -> float:
    return report.status.started if report.status is not None else 0.0
