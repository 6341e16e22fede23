"""What the watched logs say lately: alarms and reassurances of the last quarter of an hour, and their newest lines. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render.lines import BLANK, Line, Span, crop, line, paragraph
from stalewatch.dashboard.render.spark import BLOCKS
from stalewatch.model import figures
from stalewatch.timeline import EventKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.snapshot import LogFacts
    from stalewatch.timeline import Event

RECENT = 900
"""Seconds."""
KEPT = 26
"""Cells of the log's own words that are worth more than when and how often they came."""
NEWEST = 5
"""Lines of each log on the server's page; all of them are in the log itself."""
LONGEST = 1800
"""Seconds that one event of a log lasts at most: an older one cannot reach into RECENT."""


class LogSummary(NamedTuple):
    """*many* lines from *first* to *last* (epoch seconds), the newest of them *words*."""

    kind: EventKind
    many: int
    first: float
    last: float
    words: str

    @property
    def per_minute(self) -> int:
        """Lines a minute while they came."""
        return round(self.many / max(1.0, (self.last - self.first) / 60))


def summarise(events: Sequence[Event], app: str, now: float) -> LogSummary | None:
    """The alarms of *app* in *events* (sorted by time) lately; the reassurances where there are none, or where those began after the last
    alarm: that is what a fix looks like. None where the logs are silent."""
    found: dict[EventKind, list[Event]] = {EventKind.ERROR: [], EventKind.REASSURE: []}
    for event in reversed(events):
        if event.at < now - RECENT - LONGEST:
            break
        if event.kind in found and event.app == app and (event.until or event.at) >= now - RECENT:
            found[event.kind].append(event)
    alarms, good = found.values()
    healed = alarms and good and max(one.at for one in good) > max(map(_end, alarms))
    for kind, those in reversed(found.items()) if healed else found.items():
        if those:
            newest = max(those, key=_end)
            return LogSummary(kind, sum(one.count for one in those), min(one.at for one in those), _end(newest), str(newest.what))
    return None


def _end(event: Event) -> float:
    return event.until or event.at


def per_minute(logs: Sequence[LogFacts], kind: EventKind, now: float, minutes: int) -> list[int]:
    """Lines of *kind* in each of the last *minutes* minutes up to *now* (server's clock), oldest first, in all *logs* together."""
    last = int(now // 60)
    counts = [0] * minutes
    for log in logs:
        for each in log.minutes:
            at = int(each.at // 60) - last + minutes - 1
            if 0 <= at < minutes:
                counts[at] += each.alarms if kind is EventKind.ERROR else each.good
    return counts


def bars(counts: Sequence[int]) -> str:
    """A block for each of *counts*, the highest is the most of them; ``·`` is nothing at all."""
    most = max(counts, default=0)
    return "".join(BLOCKS[-(-8 * each // most) - 1] if each else "·" for each in counts)


def log_line(summary: LogSummary, clock: Clock, label: int, width: int, logs: Sequence[LogFacts] = ()) -> tuple[int, Line]:
    """``log      ! ·····▂▇█ 14 alarms, 14 a minute, last 12:50  "Call context not found"``, and how telling it is (a verdict's rank).

    A bar is a minute; they are drawn where there is room for them beside everything that is summary in words. Where there is not even room
    for those, the time and then the pace give way: what the log says is not on the screen a second time.
    """
    alarm = summary.kind is EventKind.ERROR
    role = "error" if alarm else "reassure"
    many = figures.count(summary.many, "alarm" if alarm else "good line")
    pace, quick = (f", {summary.per_minute} a minute", f", {summary.per_minute}/min") if summary.per_minute > 1 else ("", "")
    last = clock.hm(summary.last)
    lead = line(Span(f"{'log':<{label}}", "muted"), Span("! " if alarm else "+ ", role))
    words, loud = Span(f"{many}{pace}, last {last}", role if alarm else "text"), Span(f"  {summary.words}", role)
    short, bare = words._replace(text=f"{many}{quick}, {last}"), words._replace(text=many)
    kept = min(line(loud).width, KEPT)
    room = width - lead.width - kept
    told_so = (words, short, words._replace(text=f"{many}{quick}"), bare)
    whole = Line((*lead.spans, next((each for each in told_so if len(each.text) <= room), bare), loud))
    for minutes, told_as in ((15, words), (10, words), (15, short), (10, short)):
        counts = per_minute(logs, summary.kind, clock.here, minutes)
        drawn = Line((*lead.spans, Span(f"{bars(counts)} ", role), told_as, loud))
        if any(counts) and drawn.width <= width:
            whole = drawn
            break
    return (4 if alarm else 0), crop(whole, width)


def log_rows(logs: Sequence[LogFacts], clock: Clock, width: int) -> list[Line]:
    """Each followed log: whether it can be read (else what to grant), how much came in which minute, and its newest lines."""
    rows: list[Line] = []
    for log in logs:
        rows += [BLANK] if rows else []
        rows.append(crop(line("  ", Span(log.path, "strong"), Span("  PHP-FPM log" if log.fpm else "", "muted")), width))
        if log.unseen is not None:
            rows += paragraph(f"? {log.unseen.message}", width, "unknown-mark", "    ", "  ")
            rows += paragraph(f"→ {log.unseen.grant}", width, "command", "    ", "  ") if log.unseen.grant else []
        for kind, word, role in ((EventKind.ERROR, "! alarms", "error"), (EventKind.REASSURE, "+ good", "reassure")):
            counts = per_minute([log], kind, clock.here, 15)
            if any(counts):
                counted = f"{sum(counts)} in 15 min, at most {max(counts)} in one"
                rows.append(crop(line("    ", Span(f"{word:<9}{bars(counts)} ", role), Span(counted)), width))
        if log.skipped:
            words = f"! {figures.size(log.skipped)} not read: lines came faster than they can be read, so the counts are minimums"
            rows += paragraph(words, width, "warning", "    ", "  ")
        for entry in log.tail[-NEWEST:]:
            role = "error" if entry.alarm else "reassure" if entry.reassure else "text"
            rows += paragraph(f"{clock.hms(entry.at)} {entry.text}", width, role, "    ", "         ")
        if log.unseen is None and not log.tail:
            rows.append(line(Span("    empty", "muted")))
    return rows
