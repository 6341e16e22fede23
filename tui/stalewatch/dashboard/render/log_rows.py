"""The lines of logs as rows: time, sign, file, words; a stack trace under its line. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, overload

from stalewatch.dashboard.render.lines import BLANK, Line, Span, crop, line, text_crop, wrap
from stalewatch.dashboard.render.searching import HERE, MATCH, lit, matches_in
from stalewatch.dashboard.render.signs import CURSOR
from stalewatch.model import figures

if TYPE_CHECKING:
    from stalewatch.dashboard.log_book import LogEntry
    from stalewatch.dashboard.render.times import Clock

LEVEL = re.compile(
    r"(?:^|\.)(?:(?P<error>EMERGENCY|ALERT|CRITICAL|ERROR)|(?P<warning>WARNING)|(?P<notice>NOTICE)|(?P<info>INFO)|(?P<debug>DEBUG))(?=:)"
    r"|\bPHP (?:(?P<fatal>(?:Fatal|Parse) error)|(?P<caution>Warning)|(?P<remark>Notice|Deprecated))(?=:)"
)
"""Monolog's ``production.ERROR:``, FPM's ``NOTICE:``, PHP's ``PHP Fatal error:``."""
ROLES = {
    "error": "error",
    "fatal": "error",
    "warning": "warning",
    "caution": "warning",
    "notice": "accent",
    "remark": "accent",
    "info": "strong",
    "debug": "muted",
}
SEARCHED = 80
"""Characters at the begin of a line in which its level stands."""
NAME = 16
"""Cells of the name of a file, at most."""


class LogLook(NamedTuple):
    """How the lines are drawn. *names*: cells for the name of the file, 0 where there is one log only. *marked*: the number of the line
    that is lit, -1: none. *found*: what is searched for."""

    clock: Clock
    width: int
    wrapped: bool = False
    unfolded: bool = False
    names: int = 0
    marked: int = -1
    found: re.Pattern[str] | None = None


def level_of(text: str) -> tuple[str, int, int]:
    """The role of the level that *text* names, and where its word stands; "" where it names none."""
    found = LEVEL.search(text, 0, SEARCHED)
    if found is None or found.lastgroup is None:
        return "", 0, 0
    return ROLES[found.lastgroup], *found.span(found.lastgroup)


def names_width(entries: Sequence[LogEntry]) -> int:
    """Cells for the names of the files of *entries*; 0 where all are of one."""
    names = {_short(entry.name) for entry in entries}
    return min(NAME, max(map(len, names))) if len(names) > 1 else 0


def _short(name: str) -> str:
    return name.removesuffix(".log")


def entry_rows(entry: LogEntry, look: LogLook) -> list[Line]:
    """``▸12:49:50 ! laravel production.ERROR: Call context not found  ▸ 12 lines``, and the trace under it where it is unfolded."""
    said, marked = entry.line, entry.number == look.marked
    sign, role = ("! ", "error") if said.alarm else ("+ ", "reassure") if said.reassure else ("  ", "")
    head = [Span(CURSOR if marked else " ", "accent"), Span(f"{look.clock.hms(said.at)} ", "muted"), Span(sign, role or "text")]
    if look.names:
        head.append(Span(f"{text_crop(_short(entry.name), look.names):<{look.names}} ", "muted"))
    before = line(*head).width
    folded = f" {CURSOR} {figures.count(said.trace_lines, 'line')}" if said.trace_lines and not look.unfolded else ""
    room = look.width - before
    cut = text_crop(said.text, max(8, room - len(folded)))
    if look.found is not None and not look.found.search(said.text if look.wrapped else cut) and _matches(entry, look.found):
        look, folded = look._replace(wrapped=True, unfolded=True), ""  # the hit would be cut off, or folded away
    pieces = wrap(said.text + folded, room) if look.wrapped else [cut + folded]
    rows = [Line((*head, *_words(pieces[0], role)))]
    rows += [line(" " * before, Span(piece, role or "text")) for piece in pieces[1:]]
    if look.unfolded and said.trace_lines:
        rows += _trace(entry, look, before)
    if entry.gap:
        rows.insert(0, line(Span(f"{'':{before}}… lines before this one came too fast to be read", "warning")))
    rows = [crop(row, look.width) for row in rows]
    if look.found is not None:
        rows = [_searched(row, look.found, marked) for row in rows]
    return [row.over("cursor") for row in rows] if marked else rows


def _words(text: str, role: str) -> list[Span]:
    """*text* with its level in colour; all of it where it is an alarm or good."""
    level, begin, end = level_of(text)
    if role or not level:
        return [Span(text, role or "text")]
    return [span for span in (Span(text[:begin]), Span(text[begin:end], level), Span(text[end:])) if span.text]


def _trace(entry: LogEntry, look: LogLook, before: int) -> list[Line]:
    lead = f"{'':{before}}│ "
    rows = []
    for frame in entry.line.trace:
        for piece in wrap(frame, look.width - len(lead)) if look.wrapped else [frame]:
            rows.append(line(Span(lead, "border"), Span(piece, "muted")))
    if more := entry.line.trace_lines - len(entry.line.trace):
        rows.append(line(Span(lead, "border"), Span(f"… and {figures.count(more, 'line')} more: read them on the server", "muted")))
    return rows


def _searched(row: Line, pattern: re.Pattern[str], here: bool) -> Line:
    found = matches_in(pattern, (row.text,))
    return lit(row, [(match.begin, match.end, HERE if here else MATCH) for match in found])


def _matches(entry: LogEntry, pattern: re.Pattern[str]) -> bool:
    """In its line or in its trace."""
    return pattern.search(entry.line.text) is not None or any(map(pattern.search, entry.line.trace))


def matching(entries: Sequence[LogEntry], pattern: re.Pattern[str] | None, clock: Clock) -> list[LogEntry]:
    """Those whose line, trace, file or time matches; the time as *clock* shows it."""
    if pattern is None:
        return list(entries)
    search, timed = pattern.search, ":" in pattern.pattern
    return [entry for entry in entries if _matches(entry, pattern) or search(entry.name) or (timed and search(clock.hms(entry.line.at)))]


class LogRows(Sequence[Line]):
    """The rows of *entries*, each made when it is asked for. *known*: how many rows entries have, by number, as drawn in *look*."""

    def __init__(self, entries: Sequence[LogEntry], look: LogLook, known: dict[int, int]) -> None:
        self._entries, self._look = entries, look
        self._made: dict[int, list[Line]] = {}
        heights = [known.get(entry.number) or known.setdefault(entry.number, _height(entry, look)) for entry in entries]
        self._ends = list(accumulate(heights))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, y: int) -> Line: ...
    @overload
    def __getitem__(self, y: slice) -> Sequence[Line]: ...
    def __getitem__(self, y: int | slice) -> Line | Sequence[Line]:
        if isinstance(y, slice):
            return [self[at] for at in range(*y.indices(len(self)))]
        if not 0 <= y < len(self):
            raise IndexError(y)
        at = self.entry_at(y)
        if at not in self._made:
            self._made[at] = entry_rows(self._entries[at], self._look)
        rows, row = self._made[at], y - self.start_of(at)
        return rows[row] if row < len(rows) else BLANK

    def entry_at(self, y: int) -> int:
        """The place of the entry that row *y* belongs to."""
        return bisect_right(self._ends, y)

    def start_of(self, at: int) -> int:
        """The first row of the entry at place *at*."""
        return self._ends[at - 1] if at else 0


def _height(entry: LogEntry, look: LogLook) -> int:
    """Rows of *entry*; most lines need no drawing for that."""
    hit = look.found is not None and _matches(entry, look.found)
    if not look.wrapped and not (look.unfolded and entry.line.trace_lines) and not entry.gap and not hit:
        return 1
    return len(entry_rows(entry, look._replace(marked=-1)))
