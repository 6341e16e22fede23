"""Lines of spans: what every drawing function makes. Values without markup, without colours and without Textual.

A span names a *role* (``stale``, ``muted``, …); a theme says what a role looks like. *click* is the id of an action.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render.cells import cell_len, set_cell_size, split_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MORE = "…"


class Span(NamedTuple):
    """A run of text in one role."""

    text: str
    role: str = "text"
    click: str = ""


class Line(NamedTuple):
    """One row of a screen. *base* is the role under all of its spans, to the end of the row (a cursor, a band)."""

    spans: tuple[Span, ...] = ()
    base: str = ""

    @property
    def text(self) -> str:
        """What is read when nothing of the colours is left."""
        return "".join(span.text for span in self.spans)

    @property
    def width(self) -> int:
        """In terminal cells."""
        cells = 0
        for text, _, _ in self.spans:
            cells += len(text) if text.isascii() else cell_len(text)
        return cells

    def over(self, base: str) -> Line:
        """The same line on *base*."""
        return Line(self.spans, base)


BLANK = Line()


def line(*parts: Span | str, base: str = "") -> Line:
    """A line of *parts*; a plain string is in role ``text``. Empty parts are dropped."""
    spans = (Span(part) if isinstance(part, str) else part for part in parts)
    return Line(tuple(span for span in spans if span.text), base)


def join(parts: Iterable[Line], between: str = "") -> Line:
    """Lines one after the other in one row."""
    spans: list[Span] = []
    for part in parts:
        if spans and between:
            spans.append(Span(between, "muted"))
        spans.extend(part.spans)
    return Line(tuple(spans))


def crop(row: Line, width: int) -> Line:
    """*row* in at most *width* cells; what is cut is marked with ``…``."""
    if row.width <= width:
        return row
    if width <= 0:
        return Line((), row.base)
    left = width - 1
    spans: list[Span] = []
    for span in row.spans:
        size = cell_len(span.text)
        if size > left:
            spans.append(span._replace(text=set_cell_size(span.text, left) + MORE))
            break
        spans.append(span)
        left -= size
    return Line(tuple(spans), row.base)


def cut(row: Line, at: int) -> tuple[Line, Line]:
    """*row* up to cell *at*, and the rest of it. A sign of two cells that stands across becomes blanks."""
    left: list[Span] = []
    right: list[Span] = []
    for span in row.spans:
        before, behind = split_text(span.text, at)
        left.append(span._replace(text=before))
        right.append(span._replace(text=behind))
        at -= cell_len(span.text)
    return line(*left, base=row.base), line(*right, base=row.base)


def fill(row: Line, width: int, char: str = " ", role: str = "text") -> Line:
    """*row* in exactly *width* cells."""
    rest = width - row.width
    if rest <= 0:
        return crop(row, width) if rest else row
    return Line((*row.spans, Span(char * rest, role)), row.base)


def beside(left: Line, right: Line, width: int, char: str = " ", role: str = "text") -> Line:
    """*left* at the left edge and *right* at the right one. *right* is kept whole as long as it fits; *left* gives way."""
    right = crop(right, width)
    room = width - right.width
    return Line((*fill(left, room, char, role).spans, *right.spans), left.base or right.base)


def text_crop(text: str, width: int) -> str:
    """*text* in at most *width* cells, cut at the end."""
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + MORE[: max(0, width)]


def path_crop(path: str, width: int) -> str:
    """*path* in at most *width* cells, cut at its beginning: the file name says most."""
    if cell_len(path) <= width:
        return path
    tail = path[max(0, len(path) - width + 1) :]
    while cell_len(tail) > width - 1 or (tail and not cell_len(tail[0])):  # nor an accent of the sign before it
        tail = tail[1:]
    return MORE + tail


def middle_crop(name: str, width: int) -> str:
    """*name* in at most *width* cells, cut in its middle: a path tells where it begins and what it is called, servers of one kind differ at
    their end."""
    if cell_len(name) <= width:
        return name
    head = set_cell_size(name, max(0, width // 3)).rstrip()
    return head + path_crop(name, width - cell_len(head)) if width > 1 else MORE[: max(0, width)]


def flow(parts: Iterable[Line], width: int, indent: str = "  ", gap: str = "  ") -> list[Line]:
    """*parts* side by side in as many rows of *width* cells as they need; none is broken, one that is wider than a row is cut."""
    rows: list[Line] = []
    for part in parts:
        if rows and rows[-1].width + len(gap) + part.width <= width:
            rows[-1] = Line((*rows[-1].spans, Span(gap), *part.spans))
        else:
            rows.append(crop(line(indent, *part.spans), width))
    return rows


def wrap(text: str, width: int, hang: str = "") -> list[str]:
    """*text* broken at blanks into pieces of at most *width* cells; words longer than that behind a slash, else where they must be.

    Nothing is lost but the blank at a break; *hang* begins every piece but the first.
    """
    width = max(8, width)
    hang = hang if cell_len(hang) <= width // 2 else ""  # else nothing of the rest would fit behind it, for ever
    pieces: list[str] = []
    rest = text
    lead = ""
    while cell_len(lead + rest) > width:
        room = width - cell_len(lead)
        cut = len(rest)
        while cell_len(rest[:cut]) > room:
            cut -= max(1, (cell_len(rest[:cut]) - room) // 2)
        blank = rest.rfind(" ", 1, cut + 1)
        slash = rest.rfind("/", 0, cut) + 1
        at = next((place for place in (blank, slash) if place > room // 3), cut)
        pieces.append(lead + rest[:at])
        rest = rest[at + 1 :] if at == blank else rest[at:]
        lead = hang
    pieces.append(lead + rest)
    return pieces


def paragraph(text: str, width: int, role: str = "text", indent: str = "", hang: str = "") -> list[Line]:
    """*text* as wrapped lines in *role*, all indented by *indent*."""
    room = width - cell_len(indent)
    return [line(indent, Span(piece, role)) for piece in wrap(text, room, hang)]


def clamp(rows: list[Line], most: int, width: int) -> list[Line]:
    """At most *most* of *rows*; where some are left out, the last one ends with ``…``."""
    if len(rows) <= most:
        return rows
    return [*rows[: most - 1], crop(Line((*rows[most - 1].spans, Span(f" {MORE}", "muted"))), width)] if most > 0 else []


def columns(cells: Sequence[Line], widths: Sequence[int], gap: int = 1) -> Line:
    """*cells* in columns of *widths*; the last one takes what it needs."""
    spans: list[Span] = []
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        last = number == len(widths) - 1
        spans.extend((crop(cell, width) if last else fill(cell, width)).spans)
        if not last:
            spans.append(Span(" " * gap))
    return Line(tuple(spans))
