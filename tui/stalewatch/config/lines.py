"""Where in a TOML file a mistake stands: tomllib does not tell the line. Pure."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

from stalewatch.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 100_000
"""Characters. Of a longer text no line is told: it would be read over and over."""


class TablePlace(NamedTuple):
    """Something in *file*, whose *text* is right TOML: *path* leads to it; *shown* is how a person is told of it: ``[[server]] 2``."""

    file: str
    text: str = ""
    path: tuple[str | int, ...] = ()
    shown: str = ""

    def inside(self, *path: str | int, shown: str) -> TablePlace:
        """What *path* leads to from here."""
        return self._replace(path=(*self.path, *path), shown=f"{self.shown}: {shown}" if self.shown else shown)

    def wrong(self, what: str, *path: str | int, grant: str = "") -> UsageError:
        """``FILE:LINE: [[server]] 2: what is wrong``, at what *path* leads to from here, or at its table where it is missing."""
        line = line_of(self.text, (*self.path, *path)) or line_of(self.text, self.path)
        return UsageError(": ".join(filter(None, (f"{self.file}:{line}" if line else self.file, self.shown, what))), grant=grant)


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line on which what *path* names begins in *text*, which is right TOML; 0: not told.

    What the first lines say still holds when more of them follow. So the shortest beginning that has it ends where it stands.
    """
    lines = text.split("\n")
    if not path or len(text) > LONGEST or not _has(_beginning(lines, len(lines)), path):
        return 0
    return bisect_left(range(len(lines)), x=True, key=lambda count: _has(_beginning(lines, count), path))


def _beginning(lines: Sequence[str], count: int) -> dict[str, Any]:
    """What the first *count* lines say, and as many more as end what they have begun."""
    for end in range(count, len(lines) + 1):
        try:
            return tomllib.loads("\n".join(lines[:end]))
        except (ValueError, RecursionError):
            continue
    return {}


def _has(tables: Any, path: Sequence[str | int]) -> bool:
    for part in path:
        known = range(len(tables)) if isinstance(tables, list) else tables if isinstance(tables, dict) else ()
        if part not in known:
            return False
        tables = tables[part]
    return True
