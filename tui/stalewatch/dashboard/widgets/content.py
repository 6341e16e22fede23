"""The one place where lines become what Textual draws. No markup string is ever made, and nothing unprintable passes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.content import Content
from textual.strip import Strip

from stalewatch.dashboard.render.cells import steady
from stalewatch.dashboard.render.lines import Line, fill
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from stalewatch.dashboard.widgets.theme import Palette


@lru_cache(maxsize=192)
def strip(row: Line, palette: Palette, width: int) -> Strip:
    """*row* as a Strip of exactly *width* cells in *palette*. The same one again where it was made before (a cursor that goes and comes):
    Textual keeps in it what it made of it."""
    base = row.base or "text"
    if not all(span.text.isprintable() for span in row.spans):  # widths were counted on other text
        row = Line(tuple(span._replace(text=_printable(span.text)) for span in row.spans), row.base)
    runs: list[tuple[str, Style]] = []
    for text, role, click in fill(row, width, role=base).spans:
        style = palette.style(role, base)
        _append(runs, text, _clickable(style, click) if click else style)
    return Strip([Segment(text if text.isascii() else steady(text), style) for text, style in runs], width)


def _append(runs: list[tuple[str, Style]], text: str, style: Style) -> None:
    """Add to the last run what looks the same in it: every change of style costs some 40 bytes on the line."""
    if runs:
        last, its = runs[-1]
        if style == its or (text.isspace() and _ground(style) == _ground(its)):
            runs[-1] = (last + text, its)
            return
        if last.isspace() and _ground(style) == _ground(its):
            runs[-1] = (last + text, style)
            return
    runs.append((text, style))


@lru_cache(maxsize=512)
def _ground(style: Style) -> tuple[object, ...]:
    """What of *style* is seen where there is no letter."""
    return (style.color if style.reverse else style.bgcolor, style.reverse, style.underline, style.strike, str(style.meta))


def content(text: str) -> Content:
    """*text* as a Content object: for the few places where Textual draws by itself (a button, a palette entry)."""
    return Content(_printable(text))


def text(value: str) -> Text:
    """*value* as rich's Text."""
    return Text(_printable(value))


def _printable(value: str) -> str:
    return value if value.isprintable() else safe(value)


@lru_cache(maxsize=512)
def _clickable(style: Style, action: str) -> Style:
    return style + Style.from_meta({"@click": f"app.act({action!r})"})
