"""Pictures of a terminal -> one SVG that moves by CSS alone, so that it plays where scripts do not. Pure."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.color_triplet import ColorTriplet

    from stalewatch.cli.outputs.asciicast import Shot

CELL, ROW, SIZE, MARGIN = 8.4, 18, 14, 12
"""Pixels: the width of a cell, the height of a row, of a letter, and around all."""
LEAST, END = 1.2, 5.0
"""Seconds that a picture stays, so that it can be read; that the last one stays before it begins again."""
INK, GROUND = "#d7dde4", "#0d1117"
_MOVES = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]")


def render(shots: Sequence[Shot], *, width: int, height: int, idle: float, title: str) -> str:
    """*shots* one after the other, for ever; the first one where nothing may move. No picture stays longer than *idle* seconds but the
    last. A row that comes back is drawn once."""
    frames = _frames(shots, idle)
    rows: dict[str, int] = {}
    drawn = [_frame(number, frame, rows) for number, (_, frame) in enumerate(frames)]
    wide, high = width * CELL + 2 * MARGIN, height * ROW + 2 * MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 {wide:g} {high:g}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{_style([at for at, _ in frames])}</style>",
            f'<rect width="{wide:g}" height="{high:g}" rx="8" fill="{GROUND}"/>',
            f"<defs>{''.join(_row(number, row) for row, number in rows.items())}</defs>",
            f'<g transform="translate({MARGIN} {MARGIN})">',
            *drawn,
            "</g>",
            "</svg>\n",
        ]
    )


def _frames(shots: Sequence[Shot], idle: float) -> list[tuple[float, Sequence[str]]]:
    """When each different picture begins, from 0."""
    frames: list[tuple[float, Sequence[str]]] = []
    at, last = 0.0, 0.0
    for shot in shots:
        rows = [_MOVES.sub("", row) for row in shot.rows]
        if frames and rows == frames[-1][1]:
            continue
        at += max(LEAST, min(shot.at - last, idle)) if frames else 0.0
        frames.append((at, rows))
        last = shot.at
    return frames


def _style(begins: Sequence[float]) -> str:
    whole = begins[-1] + END
    moves = []
    for number, (begin, end) in enumerate(zip(begins, [*begins[1:], whole], strict=True)):
        first, last = begin / whole * 100, end / whole * 100
        before = "0%{visibility:hidden}" if begin else ""
        after = f"{last:.3f}%{{visibility:hidden}}" if end < whole else ""
        moves.append(f"@keyframes f{number}{{{before}{first:.3f}%{{visibility:visible}}{after}}}#f{number}{{animation-name:f{number}}}")
    return (
        f"text{{font:{SIZE}px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre;fill:{INK}}}.b{{font-weight:bold}}"
        f".f{{visibility:hidden;animation:{whole:.3f}s step-end infinite}}#f0{{visibility:visible}}"
        f"{''.join(moves)}@media(prefers-reduced-motion){{.f{{animation:none}}}}"
    )


def _frame(number: int, frame: Iterable[str], rows: dict[str, int]) -> str:
    used = [(at, rows.setdefault(row, len(rows))) for at, row in enumerate(frame) if Text.from_ansi(row).plain.strip()]
    uses = "".join(f'<use href="#r{row}" y="{at * ROW}"/>' for at, row in used)
    return f'<g id="f{number}" class="f">{uses}</g>'


def _row(number: int, row: str) -> str:
    """A run has its own place and length: no font is as wide as another."""
    text = Text.from_ansi(row)
    parts, at = [], 0
    marks = sorted({0, len(text.plain), *(end for span in text.spans for end in (span.start, span.end))})
    for begin, end in pairwise(marks):
        words = text.plain[begin:end]
        style = next((span.style for span in text.spans if span.start <= begin < span.end), "")
        cells = cell_len(words)
        parts.append(_run(words, style if isinstance(style, Style) else Style(), at, cells))
        at += cells
    return f'<g id="r{number}">{"".join(parts)}</g>'


def _run(words: str, style: Style, at: int, cells: int) -> str:
    ink, ground = _colour(style, INK, front=not style.reverse), _colour(style, "", front=bool(style.reverse))
    x, long = at * CELL, cells * CELL
    box = f'<rect x="{x:g}" width="{long:g}" height="{ROW}" fill="{ground}"/>' if ground not in ("", GROUND) else ""
    if not words.strip():
        return box
    bold, fill = ' class="b"' if style.bold else "", f' style="fill:{ink}"' if ink != INK else ""
    return f'{box}<text x="{x:g}" y="{SIZE}" textLength="{long:g}"{bold}{fill}>{escape(words)}</text>'


def _colour(style: Style, otherwise: str, *, front: bool) -> str:
    colour = style.color if front else style.bgcolor
    found: ColorTriplet | None = colour.triplet if colour is not None else None
    return found.hex if found is not None else otherwise
