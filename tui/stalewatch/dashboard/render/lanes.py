"""Swim lanes: one row per server on one axis of time, signs of what happened, shading of the time in which old code ran. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render.cells import set_cell_size
from stalewatch.dashboard.render.lines import Line, Span, crop, fill, join, line, middle_crop, text_crop
from stalewatch.dashboard.render.names import Shared
from stalewatch.dashboard.render.signs import CURSOR, EVENT_RANK, EVENT_SIGN, EVENT_WORD, SHADE, event_word
from stalewatch.dashboard.render.time_window import DAY
from stalewatch.model import figures
from stalewatch.timeline import RUNBOOK, EventKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from stalewatch.dashboard.render.time_window import TimeWindow
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.timeline import Event

SKIPPED = (EventKind.LINK, EventKind.VERDICT)
"""Not drawn in lanes, only listed."""
PROBABLE = "░"
LASTS = "╍"
CROSSED = {"─": "┼", LASTS: "┼", PROBABLE: "│", SHADE: "│", " ": "│"}
"""What the cursor line makes of a cell. Signs and words are not among them: it goes on behind those."""
PART = "└"
_SIGNS = frozenset(EVENT_SIGN.values())
NARROW = 100
"""Cells below which words are shorter."""


class Lane(NamedTuple):
    """One server's row: its events sorted by time, the spans of time in which it ran old code, and those in which it *probably* did.

    *skew*: seconds that its clock is ahead of this machine's. Its events are drawn by this machine's clock, so that lanes can be
    compared.
    *longest*: seconds that one of its events lasts at most. *over*: when old code no longer ran, and what is said of that.
    """

    name: str
    events: Sequence[Event]
    stale: Sequence[tuple[float, float]] = ()
    probable: Sequence[tuple[float, float]] = ()
    skew: float = 0.0
    longest: float = DAY
    selected: bool = False
    over: Sequence[tuple[float, str]] = ()

    @property
    def label(self) -> str:
        """The name, with what its clock is off by."""
        return f"{self.name} {figures.signed(self.skew)}" if self.skew else self.name


def by_server(events: Sequence[Event]) -> dict[str, list[Event]]:
    """Events of each server, sorted by time as *events* are."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.server, []).append(event)
    return found


def lasting(events: Sequence[Event]) -> float:
    """Seconds that one of *events* lasts at most."""
    return max((event.until - event.at for event in events if event.until is not None), default=0.0)


class CursorLine(NamedTuple):
    """The line through all lanes at the event that is read out: in cell *column*, with its *moment* on the axis."""

    column: int
    moment: str


def axis(
    window: TimeWindow, clock: Clock, label: int, focused: bool, frozen: bool = False, *, mark: CursorLine | None = None, more: str = ""
) -> Line:
    """``timeline  12:20 ───────── ┤12:38:02├ ───────── now``; with the date where the window is not only today's. *frozen*: as it was then;
    *more*: how many lanes are shown, where not all are."""
    begun = window.width if window.begun is None else window.begun
    cells = ["─"] * begun + [" "] * (window.width - begun)
    end = "" if window.begun is None else " frozen" if frozen else " now"
    days = [clock.moment(at).date() for at in (window.start, window.end, clock.now)]
    other = len(set(days)) > 1
    shown, free, taken = None, 0, _moment(mark, window.width)
    # As ages, they are round seen from now.
    for at in window.ticks((lambda _at: -clock.now) if clock.relative else clock.east, 16 if other else 12):
        day = clock.moment(at).date()
        column, words = window.column(at), f" {clock.tick(at, other and day != shown)} "
        if column is None or column < free or column + len(words) > begun - len(end):
            continue
        if not taken or column + len(words) <= taken.start or column >= taken.stop:
            cells[column : column + len(words)] = words
            shown, free = day, column + len(words)
    if end:
        cells[begun - len(end) : begun] = end
    role = "accent" if focused else "axis"
    spans = [Span("".join(cells), role)]
    if taken and mark is not None:
        spans = [Span("".join(cells[: taken.start]), role), Span(f"┤{mark.moment}├", "key"), Span("".join(cells[taken.stop :]), role)]
    head = line(Span(" timeline", "key" if focused else "strong"), Span(f" {more}" if more else "", "muted"))
    return Line((*fill(head, label).spans, *spans))


def _moment(mark: CursorLine | None, width: int) -> range:
    """The cells of the axis in which the moment of *mark* is written: around its column, as far as the edges let it."""
    size = len(mark.moment) + 2 if mark is not None else 0
    if mark is None or size > width:
        return range(0)
    start = max(0, min(mark.column - size // 2, width - size))
    return range(start, start + size)


def lane(
    row: Lane,
    window: TimeWindow,
    label: int,
    cursor: Event | None = None,
    mark: int | None = None,
    shared: Shared = Shared(),  # noqa: B008  a constant value
) -> Line:
    """One lane. Signs carry their word where there is room; the lane's *cursor* event is reversed. *mark*: the column of the cursor line,
    which hides no sign and no word."""
    window = window._replace(start=window.start + row.skew, end=window.end + row.skew)
    begun = window.width if window.begun is None else window.begun
    cells: list[tuple[str, str]] = [("─", "lane")] * begun + [(" ", "lane")] * (window.width - begun)
    for spans, cell in ((row.probable, (PROBABLE, "suspect-mark")), (row.stale, (SHADE, "shade"))):
        for begin, end in spans:
            _stretch(cells, window, begin, end, cell)
    placed = _placed(row, window, cursor)
    for _, event in placed:
        if _lasts(event, window):
            _stretch(cells, window, event.at, event.until or event.at, (LASTS, str(event.kind.value)), over="─")
            if event.kind is EventKind.ERROR:
                _stretch(cells, window, event.at, event.until or event.at, (SHADE, "shade-errors"), over=SHADE)
    for number, (column, event) in enumerate(placed):
        until = placed[number + 1][0] if number + 1 < len(placed) else window.width
        _write(cells, window, (column, event), until, cursor is not None and event.key == cursor.key)
    for at, words in row.over:
        _write_behind(cells, window.column(at), words)
    if mark is not None and cells[mark][0] in CROSSED:
        cells[mark] = (CROSSED[cells[mark][0]], "key")
    name = Span(shared.cut(row.label, label - 3), "strong" if row.selected else "text")
    lead = fill(line(Span(" ▸" if row.selected else "  ", "accent"), name), label)
    return Line((*lead.spans, *_runs(cells)))


def _lasts(event: Event, window: TimeWindow) -> bool:
    """Whether it went on for so long that its end is another place than its begin."""
    return event.until is not None and min(event.until, window.end) - max(event.at, window.start) >= 2 * window.cell


def _stretch(
    cells: list[tuple[str, str]], window: TimeWindow, begin: float, end: float, cell: tuple[str, str], over: str = f"─{PROBABLE}{SHADE}"
) -> None:
    """*cell* from *begin* to *end*, as far as the window shows it, in the place of signs that are *over*: errors do not hide old code."""
    first, last = window.column(max(begin, window.start)), window.column(min(end, window.end))
    if first is not None and last is not None:
        cells[first : last + 1] = [cell if old[0] in over else old for old in cells[first : last + 1]]


def _placed(row: Lane, window: TimeWindow, cursor: Event | None) -> list[tuple[int, Event]]:
    """The event that is drawn in each cell, from left to right: the one under the *cursor*, else the most telling. What began before the
    window and goes on in it is in its first cell."""
    events = row.events
    first = bisect_left(events, window.start - row.longest, key=lambda event: event.at)
    last = bisect_right(events, window.end, key=lambda event: event.at)
    best: dict[int, Event] = {}
    for event in events[first:last]:
        if event.kind in SKIPPED or (event.until or event.at) < window.start:
            continue
        column = window.column(max(event.at, window.start))
        if column is None:
            continue
        old = best.get(column)
        if old is None or event is cursor or (old is not cursor and EVENT_RANK[event.kind] >= EVENT_RANK[old.kind]):
            best[column] = event
    return sorted(best.items())


def _write(cells: list[tuple[str, str]], window: TimeWindow, placed: tuple[int, Event], until: int, cursor: bool) -> None:
    """The sign, and its word behind it (behind its end where it lasted), if there is room before the next one."""
    column, event = placed
    role = "notice" if cursor else str(event.kind.value)
    cells[column] = (EVENT_SIGN[event.kind], role)
    last = window.column(min(event.until or event.at, window.end)) if _lasts(event, window) else None
    after = (column if last is None else max(column, last)) + 1
    times = f" ×{event.count}" if event.count > 1 else ""
    for words in (f" {event_word(event)}{times} ", f"{times} " if times else ""):
        if words and event.kind is not EventKind.WORKERS and after + len(words) <= until:
            cells[after : after + len(words)] = [(char, role) for char in words]
            return


def _write_behind(cells: list[tuple[str, str]], column: int | None, words: str) -> None:
    """*words* behind *column*, and behind the sign that stands there, if there is room before the next one."""
    if column is None:
        return
    plain = "".join(char for char, _ in cells)
    start = plain.find("──", column)
    behind = plain[column:start] if start >= 0 else ""
    signs = sum(char in _SIGNS for char in behind)
    if start >= 0 and signs <= 1 and plain[start:].startswith("─" * (len(words) + 3)):
        cells[start : start + len(words) + 2] = [(char, "muted") for char in f" {words} "]


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
    EventKind.DOWN,
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


class Shading(NamedTuple):
    """Which shadings are drawn: *old* code ran, and it *probably* did."""

    old: bool = False
    probably: bool = False


def legend(width: int, shading: Shading, kinds: Collection[EventKind]) -> Line:
    """What the signs of *kinds* mean; closer together where there is little room."""
    drawn = [kind for kind in LEGEND if kind in kinds]
    signs = [line(Span(f"{EVENT_SIGN[kind]} {EVENT_WORD[kind]}", kind.value)) for kind in drawn]
    row = Line()
    for gap, words in (("   ", "ran old code"), (" ", "ran old code"), (" ", "old code")):
        old = [line(Span(SHADE, "shade"), Span(f" {words}", "muted"))] if shading.old else []
        likely = "probably" if shading.old else f"probably {words}"
        old += [line(Span(PROBABLE, "suspect-mark"), Span(f" {likely}", "muted"))] if shading.probably else []
        row = join([*old, *signs], gap)
        if row.width <= width:
            return row
    while row.width > width and signs:  # what was drawn least and is understood without a word goes whole
        signs.pop()
        row = join([*old, *signs], " ")
    return crop(row, width)


def event_line(
    event: Event,
    clock: Clock,
    names: Mapping[str, int],
    width: int,
    selected: bool,
    fold: str = "",
    shared: Shared = Shared(),  # noqa: B008  a constant value
) -> Line:
    """``12:49:50  web1  ! laravel.log  "Call context not found" ×14  until 12:50:49``; *clock*: for its server. *fold*: what is said behind
    it of its parts; ``PART`` where it is one itself."""
    lasted = event.until is not None and event.until - event.at >= 1
    until = f"  {'until' if width >= NARROW else 'to'} {_when(event.until or 0.0, clock)}" if lasted else ""
    role = str(event.kind.value)
    head = line(
        Span(CURSOR if selected else " ", "accent"),
        Span(f"{_when(event.at, clock):<{names['when']}} ", "muted"),
        Span(set_cell_size(PART if fold == PART else shared.cut(event.server, names["server"]), names["server"] + 2), "text"),
        Span(f"{EVENT_SIGN[event.kind]} ", role),
        Span(set_cell_size(text_crop(event.source, names["source"]), names["source"] + 2), "muted"),
    )
    more = f"  {fold}" if fold and fold != PART else ""
    tail = line(Span(f" ×{event.count}" if event.count > 1 else "", role), Span(f"{until}{more}", "muted"))
    cut = middle_crop if event.source == RUNBOOK else text_crop  # how it ended stands at its end
    words = cut(clock.retold(event.what), max(8, width - head.width - tail.width))
    what = Span(words, role if event.kind in (EventKind.DOWN, EventKind.ERROR, EventKind.ACTION) else "text")
    made = fill(Line((*head.spans, what, *tail.spans)), width)
    return made.over("cursor") if selected else made


def _when(at: float, clock: Clock) -> str:
    return clock.ago(at) if clock.relative else clock.hms(at)


def event_widths(events: Sequence[Event], clocks: Callable[[str], Clock], width: int = NARROW) -> dict[str, int]:
    """Widths of the columns of the list in *width* cells; *clocks*: the clock of a server."""
    return {
        "when": max([8, *(len(_when(event.at, clocks(event.server))) for event in events[-200:])]),
        "server": min(max(16, width // 6), max([4, *(len(event.server) for event in events[-200:])])),
        "source": min(14, max([6, *(len(event.source) for event in events[-200:])])),
    }
