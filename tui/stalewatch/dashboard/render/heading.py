"""The first line: what is watched, what must be known before anything is read, the verdicts, and that it is live. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render.lines import Line, Span, beside, crop, line, middle_crop
from stalewatch.dashboard.render.pane_lines import verdict_of
from stalewatch.dashboard.render.signs import ALARM, MARK, VERDICT_SIGN
from stalewatch.model import figures
from stalewatch.model.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from stalewatch.dashboard.engine_port import Playback
    from stalewatch.dashboard.render.runbooks import Running
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.engine.board import Pane
    from stalewatch.model.inventory import AppKey

SHOWN = (Verdict.STALE, Verdict.SUSPECT, Verdict.UNKNOWN, Verdict.PENDING, Verdict.FRESH)
LATE = 3
"""Looks that did not come, after which that is said."""
LATE_STEP = 5
"""Seconds in which it is then counted for how long: the clock beside it tells that the screen lives."""
SECONDS = len("10 s")
"""Cells of how late it is in the first minute: with a longer number nothing beside it moves, which would be sent again."""
DOT = 2
"""Cells of the dot of the pulse and the blank behind it."""
GIVES_WAY = (
    *("watchers", "watchers", "pulse", "clock", "title", "name", "badges", "marks", "runbooks"),
    *("title", "watchers", "pulse", "title", "clock", "counts", "title", "title", "runbooks", "marks", "clock", "badges"),
)
"""Where the row is too narrow: each part in its turn takes its next shorter form, until what is left fits."""


class Replayed(NamedTuple):
    """A recording of *day* is shown, ``x10`` as fast, ``paused`` or at its ``end``."""

    day: str
    how: str

    @classmethod
    def of(cls, playback: Playback, clock: Clock) -> Replayed:
        """Where *playback* is."""
        how = "end" if playback.ended else f"x{playback.speed}" if playback.going else "paused"
        return cls(f"{clock.moment(playback.now()):%Y-%m-%d}", how)


class Heading(NamedTuple):
    """*title*, all *panes* (a filter changes nothing here), and what must be known before anything is read: badges. *marked*: how many,
    and how many of these are *hidden* by the filter. *runbooks*: those under way. *watchers*: who else looks. *recorded*: into a file."""

    title: str
    panes: Sequence[Pane]
    read_only: bool = False
    frozen_for: float | None = None
    alarms: Collection[AppKey] = ()
    marked: int = 0
    hidden: int = 0
    replay: Replayed | None = None
    runbooks: tuple[Running, ...] = ()
    watchers: tuple[str, ...] = ()
    recorded: bool = False


class Pulse(NamedTuple):
    """That it is live. *interval*: seconds from one look to the next; *silent_for*: seconds since one last ended (None: none has yet);
    *full*: changes with each look."""

    interval: float
    silent_for: float | None
    full: bool = True

    @property
    def is_late(self) -> bool:
        """Whether looks should have come and did not."""
        return self.silent_for is not None and self.silent_for >= max(LATE * self.interval, LATE)


class HeaderLine(NamedTuple):
    """The *row*; its last *ticking* cells change each second, and the dot of the pulse is the first of them."""

    row: Line
    ticking: int


def header_line(heading: Heading, clock: Clock, pulse: Pulse | None, width: int) -> HeaderLine:
    """The row in *width* cells.

    ``stalewatch  PROD  ▸ fix web1 2/5  api-gateway · 3 servers     ✗ 1 stale  ✓ 2 fresh  every 2 s ● 13:02:11 CEST``."""
    parts = _parts(heading, clock, pulse)
    for name in GIVES_WAY:
        if sum(forms[0].width for forms in parts.values()) <= width:
            break
        if len(parts[name]) > 1:
            parts[name] = parts[name][1:]
    row = {name: forms[0].spans for name, forms in parts.items()}
    left = [span for name in ("name", "badges", "runbooks", "marks", "title") for span in row[name]]
    counted = [span for name in ("counts", "watchers") for span in row[name]]
    live = crop(Line((*row["pulse"], *row["clock"]), "band"), width)
    data = beside(Line(tuple(left), "band"), Line(tuple(counted)), width - live.width, role="band")
    ticking = parts["clock"][0].width + (DOT if row["pulse"] else 0)
    return HeaderLine(Line((*data.spans, *live.spans), "band"), min(ticking, live.width))


def counts(panes: Sequence[Pane], alarms: Collection[AppKey]) -> Line:
    """``▼ 1 urgent  ✗ 1 stale  ✓ 2 fresh``: the bad ones in reverse, none of them faint; each server once."""
    waiting = [pane for pane in panes if pane.report is None and pane.error is None]
    tally = Counter(verdict_of(pane) for pane in panes if pane not in waiting and pane.key not in alarms)
    spans: list[Span] = []
    if alarmed := sum(pane.key in alarms for pane in panes):
        spans += [Span(f" {ALARM} {alarmed} urgent ", "alarm"), Span(" ")]
    for verdict in SHOWN:
        if tally[verdict]:
            words = f" {VERDICT_SIGN[verdict]} {tally[verdict]} {verdict.value} "
            spans += [Span(words, verdict.value), Span(" ")]
    if waiting:
        spans.append(Span(f" {len(waiting)} connecting ", "pending-mark"))
    return Line(tuple(spans))


def _parts(heading: Heading, clock: Clock, pulse: Pulse | None) -> dict[str, list[Line]]:
    """Each part in its forms, the longest first; the last is never given up."""
    whole = counts(heading.panes, heading.alarms)
    return {
        "name": [line(Span(" stalewatch ", "title")), line(" ")],
        "badges": _badges(heading),
        "runbooks": _runbooks(heading.runbooks),
        "marks": _marks(heading),
        "title": _title(heading),
        "counts": [whole, Line(tuple(_without_words(span) for span in whole.spans))],
        "watchers": _watchers(heading.watchers),
        "pulse": _pulse(pulse),
        "clock": _clock(clock),
    }


def _badges(heading: Heading) -> list[Line]:
    long: list[Span] = []
    short: list[Span] = []
    for words, brief, role in _told(heading):
        long += [Span(f" {words} ", role), Span(" ")]
        short += [Span(f" {brief} ", role), Span(" ")]
    return [Line(tuple(long)), Line(tuple(short))]


def _told(heading: Heading) -> list[tuple[str, str, str]]:
    """(words, fewer words, role) of each badge."""
    told = []
    if heading.replay is not None:
        told.append((f"REPLAY {heading.replay.day} {heading.replay.how}", f"REPLAY {heading.replay.how}", "frozen"))
    if heading.frozen_for is not None:
        age = figures.span(heading.frozen_for)
        told.append((f"FROZEN {age} old · {key_of('freeze')} continues", f"FROZEN {age}", "frozen"))
    if any(pane.production for pane in heading.panes):
        told.append(("PROD", "PROD", "production"))
    if heading.recorded:
        told.append(("● RECORDING", "● REC", "notice"))
    if heading.read_only:
        told.append(("READ-ONLY", "READ-ONLY", "shield"))
    return told


def _runbooks(running: Sequence[Running]) -> list[Line]:
    """``▸ fix web1 2/5``, ``★ anna@laptop: fix web2``; of several their number."""
    if not running:
        return [Line()]
    if len(running) > 1:
        return [line(Span(f" ▸ {len(running)} runbooks ", "notice"), " "), line(Span(f" ▸ {len(running)} ", "notice"), " ")]
    one = running[0]
    return [line(Span(f" {one.sign} {words} ", "notice"), " ") for words in dict.fromkeys((one.words, one.short, one.shortest))]


def _marks(heading: Heading) -> list[Line]:
    """``■ 2 marked``, ``■ 2 marked, 1 hidden: left alone``."""
    if not heading.marked:
        return [Line()]
    hidden = (f", {heading.hidden} hidden: left alone", f", {heading.hidden} hidden") if heading.hidden else ("", "")
    words = (f"{heading.marked} marked{hidden[0]}", f"{heading.marked}{hidden[1]}")
    return [line(Span(f" {MARK} {said} ", "notice"), " ") for said in words] + [Line()]


def _title(heading: Heading) -> list[Line]:
    servers = figures.count(len({pane.server for pane in heading.panes}), "server")
    words = [" · ".join(filter(None, [heading.title, servers])), heading.title or servers]
    words += [middle_crop(words[-1], width) for width in (28, 20, 12)]
    return [line(f" {said}  ") for said in words] + [Line()]


def _without_words(span: Span) -> Span:
    """`` ✗ 1 stale `` as `` ✗ 1 ``: signs are enough for who knows them, and the row has no room for more."""
    return span._replace(text=f" {' '.join(span.text.split()[:2])} ") if span.text.strip() else span


def _watchers(names: Sequence[str]) -> list[Line]:
    """``anna@laptop looks too``."""
    if not names:
        return [Line()]
    several = figures.several(names, 1)
    words = (f"{several} {figures.agree(len(names), 'looks', 'look')} too", f"{figures.count(len(names), 'other looks', 'others look')}")
    return [line(Span(f"{said}  ", "band")) for said in words] + [Line()]


def _pulse(pulse: Pulse | None) -> list[Line]:
    """``every 2 s ●``; ``! late 12 s`` where it stands still."""
    if pulse is None or pulse.interval <= 0:
        return [Line()]
    if pulse.is_late and pulse.silent_for is not None:
        silent = pulse.silent_for
        words = figures.span(silent - silent % LATE_STEP if silent > LATE_STEP else silent)
        return [line(Span(f" ! late {words:>{SECONDS}} ", "notice"), Span(" " * DOT, "band"))]
    dot = "●" if pulse.full and pulse.silent_for is not None else "○"
    return [line(Span(f"{words}{dot} ", "band")) for words in (f"every {pulse.interval:g} s ", f"{pulse.interval:g} s ", "")]


def _clock(clock: Clock) -> list[Line]:
    """``13:02:11 CEST``."""
    now = clock.moment(clock.now)
    words = (f"{now:%H:%M:%S} {clock.zone_name}", f"{now:%H:%M:%S}", f"{now:%H:%M}")
    return [line(Span(f"{said} ", "band")) for said in words] + [Line()]
