"""When a server probably ran old code, where nobody can prove it: for the shading of its lane."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from stalewatch.diagnosis.opcache.codes import SUSPECT
from stalewatch.model.report import Verdict
from stalewatch.timeline.event import Event, EventKind
from stalewatch.timeline.snapshot_events import ONE_DEPLOY, SnapshotEvents, pool_start

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from stalewatch.model.inventory import AppKey
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import Deploy

NOTICED = 60
"""Seconds of ``revalidate_freq`` from which a pool that does check its files is worth telling of."""
UNTOLD, TOLD = 3600.0, 86400.0
"""Seconds between a deploy and the reload that ended it, at most: where nothing tells that there was no other reload in between (only the
last one is told by FPM itself), and where the log tells of those before the deploy too."""
_RENEWS = (EventKind.RELOAD, EventKind.RESTART)
_DIARIES = ("git", "deployer")


def doubted_since(report: Report) -> float | None:
    """Since when the app of *report* probably runs old code: the deploy that bytecode is of that is suspect now. None where there is no
    such deploy: what only looks changed (a chmod) is suspect, not probable."""
    seen = report.host
    if report.verdict is not Verdict.SUSPECT or seen is None:
        return None
    begins = [finding.since for finding in report.findings if finding.code == SUSPECT.code and finding.since is not None]
    deploys = [deploy.at for deploy in seen.release.deploys if deploy.source in _DIARIES and _changes_code(deploy)]
    return min((at for at in deploys if any(abs(at - begin) <= ONE_DEPLOY for begin in begins)), default=None)


def healed_spans(
    report: Report, events: Iterable[Event], looked_since: float, doubted: Container[float] = ()
) -> tuple[tuple[float, float], ...]:
    """Spans (begin, end), oldest first, from a deploy to the reload or reset after it, in a pool that does not notice changes by itself.

    *events*: of that server. Only what ended before *looked_since* (server's clock) is told, from then on verdicts tell; and what they
    could only suspect, the deploys *doubted* then. Nothing is told where OPcache was not seen, or where the deploy is a guess. The pool's
    settings are those of now: so it is probable, not proven.
    """
    cache = report.opcache
    if report.snapshot is None or cache is None or not cache.enabled:
        return ()
    notices = cache.revalidate_freq if cache.validate_timestamps else None
    if notices is not None and notices < NOTICED:
        return ()
    facts = SnapshotEvents(report.snapshot)
    if facts.host is None:
        return ()
    own = {pool_start(facts), float(cache.start_time), float(cache.last_restart_time)}
    renewals = sorted({*own, *_renewals(events, report.key)} - {0.0})
    found = []
    for deploy in facts.host.release.deploys:
        at = bisect_right(renewals, deploy.at)
        if at == len(renewals) or deploy.source not in _DIARIES or not _changes_code(deploy):
            continue
        end = renewals[at]
        if (end <= looked_since or deploy.at in doubted) and end - deploy.at <= (TOLD if at else UNTOLD):
            found.append((deploy.at, end if notices is None else min(end, deploy.at + notices)))
    return tuple(sorted(found))


def _renewals(events: Iterable[Event], key: AppKey) -> Iterable[float]:
    """When the pool's bytecode began to be compiled again, or a runbook fixed it."""
    for event in events:
        ours = event.kind is EventKind.ACTION and event.what.startswith("invalidate: done")
        if (event.kind in _RENEWS or ours) and (event.server, event.app) == key:
            yield event.at


def _changes_code(deploy: Deploy) -> bool:
    return not deploy.files or any(file.endswith(".php") for file in deploy.files)
