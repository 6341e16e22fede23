"""Who else is here: who runs a runbook on this server, and which other stalewatches look at it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render.lines import Line, Span, crop, line, paragraph

if TYPE_CHECKING:
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.report import Report


def holder_lines(report: Report, clock: Clock, width: int) -> list[Line]:
    """``★ mara@laptop runs a runbook here since 12:49 (step config:cache, pid 4711)``, where somebody holds the lock."""
    host = report.host
    if host is None or host.lock is None:
        return []
    since = f" since {clock.hm(host.lock.since)}" if host.lock.since else ""
    return paragraph(f"★ {host.lock.who} runs a runbook here{since}{host.lock.process}", width, "warning", hang="  ")


def watcher_lines(report: Report, clock: Clock, width: int) -> list[Line]:
    """``also watched by mara@laptop since 12:31, ben@desk since 12:40``."""
    host = report.host
    if host is None or not host.watchers:
        return []
    named = ", ".join(f"{watcher.who} since {clock.hm(watcher.since)}" for watcher in host.watchers)
    return [crop(line(Span(f"also watched by {named}", "muted")), width)]
