"""What is searched for, and where it stands in lines. Pure.

What is typed is found as it stands, and also as a regular expression where it is one: ``reset(`` and ``res.t`` both work. Case counts
only where a capital letter is typed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render.lines import Line, Span
from stalewatch.model import figures

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MATCH, HERE = "match", "match-here"
"""Roles of a match, and of the one that ``n`` goes on from."""
_ESCAPED = re.compile(r"\\.")


_OR = "|(?:"
"""Between what is typed as it stands and as a pattern: as it stands this is escaped."""
_SLACK = 8
"""Cells at the right edge that a text may leave free where it is broken: of borders, indents and scrollbars."""


class Match(NamedTuple):
    """Characters *begin* to *end* of row *row*; *below*: where a text is broken, those of the next row that belong to it."""

    row: int
    begin: int
    end: int
    below: tuple[int, int] | None = None


class Tally(NamedTuple):
    """The match number *at* (from 0; None: none yet) of *many*."""

    at: int | None
    many: int

    @property
    def words(self) -> str:
        """``3 of 12``, ``no match``."""
        if not self.many:
            return "no match"
        return figures.whole(self.many) if self.at is None else f"{figures.whole(self.at + 1)} of {figures.whole(self.many)}"


def pattern_of(typed: str) -> re.Pattern[str] | None:
    """What *typed* looks for; None where it looks for nothing."""
    if not typed:
        return None
    capitals = any(char.isupper() for char in _ESCAPED.sub("", typed))
    flags = re.NOFLAG if capitals else re.IGNORECASE
    plain = re.escape(typed)
    try:
        return re.compile(f"{plain}{_OR}{typed})", flags)
    except (re.error, OverflowError, RecursionError):
        return re.compile(plain, flags)


def matches_in(pattern: re.Pattern[str], rows: Iterable[str], width: int = 0) -> list[Match]:
    """Every match, row by row. What matches nothing at all (``x*``) is none. *width*: of the rows; then what is typed is found as it
    stands also where a text is broken and goes on in the next row."""
    found: list[Match] = []
    above = ""
    plain = re.compile(pattern.pattern.partition(_OR)[0], pattern.flags)
    for row, text in enumerate(rows):
        if width and row and (broken := _broken(plain, above, text, width)) is not None:
            found.append(Match(row - 1, *broken))
        found += [Match(row, *each.span()) for each in pattern.finditer(text) if each[0]]
        above = text
    return found


def _broken(plain: re.Pattern[str], above: str, below: str, width: int) -> tuple[int, int, tuple[int, int]] | None:
    """What *plain* matches across the end of *above*: begin and end there, and where it goes on in *below*. Only where *below* may be the
    rest of that text: its first word had no room."""
    head, rest = above.rstrip(), below.lstrip()
    indent, first = len(below) - len(rest), rest.partition(" ")[0]
    if not head or not first or len(head) + 1 + len(first) <= width - _SLACK:
        return None
    for between in (" ", "") if len(head) >= width - _SLACK or head.endswith("/") else (" ",):
        for each in plain.finditer(f"{head}{between}{rest.rstrip()}"):
            over = each.end() - len(head) - len(between)
            if each.start() < len(head) and over > 0:
                return each.start(), len(head), (indent, indent + over)
    return None


def first_from(matches: Sequence[Match], row: int) -> int | None:
    """The number of the first match in *row* or below it, else of the first one."""
    return next((at for at, match in enumerate(matches) if match.row >= row), 0 if matches else None)


def lit(row: Line, places: Iterable[tuple[int, int, str]]) -> Line:
    """*row* with some of its characters in other roles; *places*: begin, end and role of each, from left to right."""
    spans: list[Span] = []
    at = 0
    rest = list(places)
    for span in row.spans:
        text, start = span.text, at
        at += len(text)
        cut = start
        for begin, end, role in rest:
            first, last = max(begin, cut), min(end, at)
            if first >= last:
                continue
            spans.append(span._replace(text=text[cut - start : first - start]))
            spans.append(span._replace(text=text[first - start : last - start], role=role))
            cut = last
        spans.append(span._replace(text=text[cut - start :]))
    return Line(tuple(span for span in spans if span.text), row.base)


def lit_rows(rows: Sequence[Line], matches: Sequence[Match], here: int | None) -> tuple[Line, ...]:
    """*rows* with *matches* lit, number *here* most of all."""
    places: dict[int, list[tuple[int, int, str]]] = {}
    for at, (row, begin, end, below) in enumerate(matches):
        role = HERE if at == here else MATCH
        places.setdefault(row, []).append((begin, end, role))
        if below is not None:
            places.setdefault(row + 1, []).append((*below, role))
    return tuple(lit(row, places[number]) if number in places else row for number, row in enumerate(rows))
