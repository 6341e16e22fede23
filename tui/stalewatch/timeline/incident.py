"""What is told of an incident afterwards: how each app was at its worst and at the end, when old code ran, and what was done. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.replace import replace
from stalewatch.model.report import Report, Verdict
from stalewatch.model.snapshot import RuntimeFacts
from stalewatch.timeline.event import Event
from stalewatch.timeline.repeats import joined, told_once
from stalewatch.timeline.spans import doubted_since, healed_spans
from stalewatch.timeline.stale_spans import OPEN, Spans, stale_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stalewatch.model.inventory import AppKey
    from stalewatch.model.report import Finding


class StepTaken(msgspec.Struct, frozen=True, kw_only=True):
    """One step that somebody took with stalewatch. *at*, *ended*: epoch seconds by the clock of *who*'s machine (*ended* None: not told).
    *command*: what was run, without secrets ("" not known). *status*: how it ended; *proof*: what showed that. *checks*: it
    only looks whether others may run."""

    at: float
    server: str
    app: str
    who: str
    step: str
    command: str = ""
    status: str = ""
    ended: float | None = None
    proof: dict[str, str] = {}
    checks: bool = False


class AppStory(msgspec.Struct, frozen=True, kw_only=True):
    """One app on one server. *worst*: the look that told the most of what was wrong, without its list of scripts; *last*: the latest
    look. *first_stale*: when a look first proved that old code ran (server's clock; None: no look did)."""

    worst: Report
    last: Report
    first_stale: float | None = None


class IncidentStory(msgspec.Struct, frozen=True, kw_only=True):
    """*stories*: worst first. *begun*, *ended*: from the first look to the last, by this machine's clock. *stale*: spans of old code of
    each server, proven; *probable*: those that nobody saw. *recorded*: it was recorded, so that what was done meanwhile is known.
    """

    begun: float
    ended: float
    stories: tuple[AppStory, ...]
    stale: dict[str, Spans] = {}
    probable: dict[str, Spans] = {}
    events: tuple[Event, ...] = ()
    steps: tuple[StepTaken, ...] = ()
    recorded: bool = False


class IncidentTeller:
    """Takes what was shown, look by look in order of time, and tells the incident at the end."""

    def __init__(self) -> None:
        self._stories: dict[AppKey, AppStory] = {}
        self._since: dict[AppKey, float] = {}
        self._doubted: dict[AppKey, frozenset[float]] = {}
        self._stale: dict[str, Spans] = {}
        self._earlier: Sequence[Report] = ()

    def saw(self, reports: Sequence[Report], stale: dict[str, Spans] | None = None) -> None:
        """What was shown of all apps at one moment. *stale*: when old code ran, where that is known already; then it may be those that
        changed."""
        self._stale = stale_spans(self._stale, reports, self._earlier) if stale is None else stale
        for report in reports:
            self._take(report)
        self._earlier = reports

    def _take(self, report: Report) -> None:
        key, known = report.key, self._stories.get(report.key)
        if known is not None and known.last is report:
            return
        worst = _without_scripts(report) if known is None or _tells_more(report, known.worst) else known.worst
        first = known.first_stale if known is not None else None
        if first is None and report.verdict is Verdict.STALE:
            first = report.observed_at
        self._stories[key] = AppStory(worst=worst, last=report, first_stale=first)
        if report.observed_at is not None:
            self._since.setdefault(key, report.observed_at)
        if (at := doubted_since(report)) is not None:
            self._doubted[key] = self._doubted.get(key, frozenset()) | {at}

    def told(
        self, events: Iterable[Event], steps: Sequence[StepTaken], *, begun: float, ended: float, recorded: bool = False
    ) -> IncidentStory:
        """All of it."""
        all_events = tuple(sorted(events, key=lambda event: event.at))
        return IncidentStory(
            begun=begun,
            ended=ended,
            stories=tuple(sorted(self._stories.values(), key=lambda story: (-story.worst.verdict.rank, story.worst.key))),
            stale=self._stale,
            probable=dict(self._probable(all_events)),
            events=tuple(told_once(joined(all_events))),
            steps=tuple(steps),
            recorded=recorded,
        )

    def _probable(self, events: Sequence[Event]) -> Mapping[str, Spans]:
        found: dict[str, Spans] = {}
        for key, story in self._stories.items():
            since = self._since.get(key)
            if since is None:
                continue
            own = [event for event in events if event.server == key[0]]
            spans = healed_spans(story.last, own, since, self._doubted.get(key, frozenset()))
            doubted = doubted_since(story.last)
            if doubted is not None:
                spans = (*spans, (doubted, OPEN))
            if spans:
                found[key[0]] = (*found.get(key[0], ()), *spans)
        return found


def _without_scripts(report: Report) -> Report:
    """*report* without the list of all scripts, of which nothing is told: it is kept as long as the incident, and may be some megabytes."""
    snapshot, cache = report.snapshot, report.opcache
    if snapshot is None or not isinstance(snapshot.runtime, RuntimeFacts) or cache is None or not cache.scripts:
        return report
    return replace(report, snapshot=replace(snapshot, runtime=replace(snapshot.runtime, opcache=replace(cache, scripts=()))))


def _tells_more(report: Report, known: Report) -> bool:
    """Whether *report* tells of worse than *known*, or of all that *known* does and more. What a step of a runbook brings while something
    else has ended already (a cache that was rebuilt and is still held) is not how it was."""
    if _weight(report) != _weight(known):
        return _weight(report) > _weight(known)
    before, now = _bad(known), _bad(report)
    return len(now) >= len(before) and {finding.code for finding in before} <= {finding.code for finding in now}


def _weight(report: Report) -> tuple[int, int]:
    """How bad *report* is; what a server that is not seen may have is less than what was seen."""
    stale = report.verdict if report.verdict in (Verdict.STALE, Verdict.SUSPECT) else Verdict.FRESH
    return (stale.rank, report.verdict.rank)


def _bad(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.verdict.rank >= Verdict.PENDING.rank]
