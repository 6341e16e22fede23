"""Swim lanes: one row per server on one axis of time, signs of what happened, shading of the time in which old code ran. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from tui.timeline import EventKind
from tui.widgets.lines import Line, Span, crop, fill, join, line, text_crop
from tui.widgets.signs import EVENT_RANK, EVENT_SIGN, EVENT_WORD, SHADE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tui.timeline import Event
    from tui.widgets.times import Clock
    from tui.widgets.window import Window

SKIPPED = (EventKind.LINK, EventKind.VERDICT)
"""Not drawn in lanes: the list tells them."""


class Lane(NamedTuple):
    """One server's row: its events sorted by time, and the spans of time in which it ran old code."""

    name: str
    events: Sequence[Event]
    shades: Sequence[tuple[float, float]] = ()
    selected: bool = False


def by_server(events: Sequence[Event]) -> dict[str, list[Event]]:
    """Events of each server, sorted by time as *events* are."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.server, []).append(event)
    return found


def axis(window: Window, clock: Clock, label: int, focused: bool) -> Line:
    """``timeline  12:20 ───────── 12:40 ───────── now``."""
    cells = ["─"] * window.width
    live = window.end >= clock.now
    end = " now" if live else ""
    for at in window.ticks():
        column, words = window.column(at), f" {clock.tick(at)} "
        if column is not None and column + len(words) <= window.width - len(end):
            cells[column : column + len(words)] = words
    if end:
        cells[-len(end) :] = end
    head = Span(" timeline", "key" if focused else "strong")
    return Line((*fill(line(head), label).spans, Span("".join(cells), "axis" if not focused else "accent")))


def lane(row: Lane, window: Window, label: int, cursor: Event | None = None) -> Line:
    """One lane. Signs carry their word where there is room; the lane's *cursor* event is reversed."""
    cells: list[tuple[str, str]] = [("─", "lane")] * window.width
    for begin, end in row.shades:
        first, last = window.column(max(begin, window.start)), window.column(min(end, window.end))
        if first is not None and last is not None and end >= window.start and begin <= window.end:
            cells[first : last + 1] = [(SHADE, "shade")] * (last + 1 - first)
    placed = _placed(row.events, window)
    for number, (column, event) in enumerate(placed):
        until = placed[number + 1][0] if number + 1 < len(placed) else window.width
        _write(cells, column, event, until, cursor is not None and event.key == cursor.key)
    name = Span(text_crop(row.name, label - 3), "strong" if row.selected else "text")
    lead = fill(line(Span(" ▸" if row.selected else "  ", "accent"), name), label)
    return Line((*lead.spans, *_runs(cells)))


def _placed(events: Sequence[Event], window: Window) -> list[tuple[int, Event]]:
    """The event that is drawn in each cell, from left to right."""
    first = bisect_left(events, window.start, key=lambda event: event.at)
    last = bisect_right(events, window.end, key=lambda event: event.at)
    best: dict[int, Event] = {}
    for event in events[first:last]:
        column = window.column(event.at)
        if column is None or event.kind in SKIPPED:
            continue
        old = best.get(column)
        if old is None or EVENT_RANK[event.kind] >= EVENT_RANK[old.kind]:
            best[column] = event
    return sorted(best.items())


def _write(cells: list[tuple[str, str]], column: int, event: Event, until: int, cursor: bool) -> None:
    role = "notice" if cursor else str(event.kind.value)
    cells[column] = (EVENT_SIGN[event.kind], role)
    times = f" ×{event.count}" if event.count > 1 else ""
    for words in (f" {EVENT_WORD[event.kind]}{times} ", f"{times} " if times else ""):
        if words and event.kind is not EventKind.WORKERS and column + 1 + len(words) <= until:
            cells[column + 1 : column + 1 + len(words)] = [(char, role) for char in words]
            return


def _runs(cells: Sequence[tuple[str, str]]) -> list[Span]:
    """Equal neighbours as one span: the bytes of a pan are its cost."""
    spans: list[Span] = []
    chars: list[str] = []
    role = ""
    for char, its in cells:
        if its != role and chars:
            spans.append(Span("".join(chars), role))
            chars = []
        role = its
        chars.append(char)
    if chars:
        spans.append(Span("".join(chars), role))
    return spans


LEGEND = (
    EventKind.DEPLOY,
    EventKind.RELOAD,
    EventKind.CACHE,
    EventKind.ERROR,
    EventKind.ACTION,
    EventKind.RESTART,
    EventKind.REASSURE,
    EventKind.WORKERS,
)
"""What lanes draw; those without which the picture is not understood come first."""


def legend(width: int, shaded: bool, kinds: Collection[EventKind]) -> Line:
    """What the signs of *kinds* mean; closer together where there is little room."""
    drawn = [kind for kind in LEGEND if kind in kinds]
    signs = [line(Span(f"{EVENT_SIGN[kind]} {EVENT_WORD[kind]}", kind.value)) for kind in drawn]
    row = Line()
    for gap, words in (("   ", "ran old code"), (" ", "ran old code"), (" ", "old code")):
        row = join([*([line(Span(SHADE, "shade"), Span(f" {words}", "muted"))] if shaded else []), *signs], gap)
        if row.width <= width:
            return row
    return crop(row, width)


def event_line(event: Event, clock: Clock, names: Mapping[str, int], width: int, selected: bool) -> Line:
    """``12:49:50  web1  ! laravel.log  "Call context not found" ×14``."""
    when = clock.ago(event.at) if clock.relative else clock.hms(event.at)
    times = f" ×{event.count}" if event.count > 1 else ""
    until = f"  until {clock.hms(event.until)}" if event.until and event.until - event.at >= 1 else ""
    role = str(event.kind.value)
    left = line(
        Span(f" {when:<{names['when']}} ", "muted"),
        Span(f"{text_crop(event.server, names['server']):<{names['server']}}  ", "text"),
        Span(f"{EVENT_SIGN[event.kind]} ", role),
        Span(f"{text_crop(event.source, names['source']):<{names['source']}}  ", "muted"),
        Span(event.what, role if event.kind in (EventKind.ERROR, EventKind.ACTION) else "text"),
        Span(times, role),
        Span(until, "muted"),
    )
    made = fill(left, width)
    return made.over("cursor") if selected else made


def event_widths(events: Sequence[Event], clock: Clock) -> dict[str, int]:
    """Widths of the columns of the list."""
    whens = [len(clock.ago(event.at) if clock.relative else clock.hms(event.at)) for event in events[-200:]]
    return {
        "when": max([8, *whens]),
        "server": min(16, max([4, *(len(event.server) for event in events[-200:])])),
        "source": min(14, max([6, *(len(event.source) for event in events[-200:])])),
    }
