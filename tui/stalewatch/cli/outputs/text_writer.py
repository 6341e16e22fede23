"""Lines of styled text -> a string. The one place that knows rich; markup, emoji and highlighting stay off, because servers speak in it."""

from __future__ import annotations

import io

from rich.console import Console
from rich.text import Text

NARROWEST = 40


class TextWriter:
    """Collects lines. *colour*: with ANSI styles. *width*: wrap there, with a hanging indent; None: never wrap (a pipe, a file)."""

    def __init__(self, *, colour: bool = False, width: int | None = None) -> None:
        self._width = None if width is None else max(width, NARROWEST)
        self._console = Console(
            file=io.StringIO(),
            force_terminal=colour,
            color_system="standard" if colour else None,
            no_color=not colour,
            markup=False,
            highlight=False,
            emoji=False,
            legacy_windows=False,
            width=self._width or NARROWEST,
            _environ={},
        )

    def line(self, *parts: str | tuple[str, str], indent: int = 0, hang: int | None = None, wrap: bool = True) -> None:
        """One line of (text, style) parts, *indent* cells in; what is wrapped goes on *hang* cells in (default: *indent* + 2).

        *wrap* False: left to the terminal, so that a command can be copied whole.
        """
        text = Text.assemble(*parts)
        text.rstrip()
        if self._width is None or not wrap:
            self._put(" " * indent, text)
            return
        further = indent + 2 if hang is None else hang
        first, *_ = text.wrap(self._console, max(self._width - indent, 1)) or [Text()]
        self._put(" " * indent, first)
        rest = text[len(first.plain) :]
        rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
        if rest.plain:
            for more in rest.wrap(self._console, max(self._width - further, 1)):
                self._put(" " * further, more)

    def gap(self) -> None:
        """An empty line."""
        self._put("", Text())

    def text(self) -> str:
        """Everything so far."""
        out = self._console.file
        assert isinstance(out, io.StringIO)
        return out.getvalue()

    def _put(self, indent: str, text: Text) -> None:
        text.rstrip()
        self._console.print(Text(indent) + text if indent and text.plain else text, soft_wrap=True)
