"""What stands above the lines of a log: whose it is, whether it follows, the alarms in short, and what cannot be read. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render.lines import Line, Span, beside, clamp, crop, line, middle_crop, paragraph, text_crop
from stalewatch.dashboard.render.log_lines import log_line
from stalewatch.dashboard.render.names import name_of
from stalewatch.model import figures
from stalewatch.timeline import EventKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.dashboard.render.log_lines import LogSummary
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.engine.board import Pane
    from stalewatch.model.snapshot import LogFacts
    from stalewatch.timeline import Event

ALARMS = 3
"""Different alarms that are named, at most."""


class LogShown(NamedTuple):
    """*many* lines of *every* are shown; *later* of them came since it stopped to follow. *only*: what they match, "" where all are shown.
    *cut*: older lines were dropped."""

    follows: bool
    wrapped: bool
    many: int
    every: int
    later: int
    only: str = ""
    cut: bool = False


def head_lines(pane: Pane, shown: LogShown, width: int) -> list[Line]:
    """``web1  api-gateway  log   340 lines, following``; where lines are left out, how many and what brings them back."""
    follows = Span(" following ", "fresh-mark") if shown.follows else Span(f" not following: {key_of('follow')} goes on ", "notice")
    later = Span(f"{figures.count(shown.later, 'new line')} below ", "warning") if shown.later else Span("")
    cut = Span(f"{key_of('wrap')} {'cuts' if shown.wrapped else 'wraps'} ", "muted")
    right = line(Span(f"{'newest ' if shown.cut else ''}{figures.count(shown.every, 'line')} ", "muted"), cut, later, follows)
    names = Span(f" {middle_crop(pane.server, max(8, width // 4))}", "title"), Span(f"  {name_of(pane)}  log ", "muted")
    rows = [beside(crop(line(*names), width - right.width), right, width)]
    if shown.only:
        hidden = shown.every - shown.many
        words = f" only /{shown.only}/: {figures.whole(shown.many)} of {figures.count(shown.every, 'line')}, {figures.whole(hidden)} hidden"
        rows.append(crop(line(Span(f"{words} ({key_of('only')} and enter, or {key_of('back')}, shows all) ", "notice")), width))
    return rows


def alarm_rows(summary: LogSummary | None, events: Sequence[Event], logs: Sequence[LogFacts], clock: Clock, width: int) -> list[Line]:
    """The alarms of the last minutes in one row, then the newest different ones; *events*: of this app, newest first."""
    rows = [Line((Span(" "), *log_line(summary, clock, 5, width - 1, logs)[1].spans))] if summary is not None else []
    told = [event for event in events if event.kind is EventKind.ERROR][:ALARMS]
    for event in told if len(told) > 1 or summary is None else ():
        times = f" ×{event.count}" if event.count > 1 else ""
        words = f" {clock.hms(event.at)} ! {event.source}{times}  {event.what}"
        rows.append(line(Span(text_crop(words, width), event.kind.value)))
    return rows


def unread_rows(logs: Sequence[LogFacts], width: int) -> list[Line]:
    """The logs that cannot be read, and what to grant; what came too fast to be read."""
    rows: list[Line] = []
    for log in logs:
        if log.unseen is not None:
            rows += clamp(paragraph(f"? {log.unseen.message}", width, "unknown-mark", " ", "  "), 2, width)
            rows += clamp(paragraph(f"→ {log.unseen.grant}", width, "command", " ", "  "), 2, width) if log.unseen.grant else []
        if log.skipped:
            rows.append(crop(line(Span(f" ! {figures.size(log.skipped)} of {log.path} came too fast to be read", "warning")), width))
    return rows
