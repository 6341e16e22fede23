"""Words -> Markdown that says just those words, whoever wrote them: no link, no heading, no picture, nobody mentioned."""

from __future__ import annotations

import re

from stalewatch.model.text import safe

_SPECIAL = re.compile(r"([\\`*\[\]<>~$&|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=\bwww)\.)")
_MENTION = re.compile(r"(?<!\w)([@#])(?=\w)")
_JOINER = "\N{WORD JOINER}"
MAX_WORDS = 400
MAX_CODE = 2_000
"""Characters: a command is not cut, as a rule."""


def words(said: str) -> str:
    """*said* as a part of a paragraph or of a line of a list."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(safe(said, MAX_WORDS).split()))
    return _MENTION.sub(rf"\1{_JOINER}", escaped)


def code(said: str) -> str:
    """*said* as it is, in the letters of code."""
    told = " ".join(safe(said, MAX_CODE).split())
    fence = "`" * (_longest_run(told) + 1)
    space = " " if told[:1] == "`" or told[-1:] == "`" else ""
    return f"{fence}{space}{told}{space}{fence}" if told else ""


def block(lines: list[str], language: str = "") -> list[str]:
    """*lines* as a block of code."""
    told = [safe(line, MAX_CODE) for line in lines]
    fence = "`" * max(3, *(_longest_run(line) + 1 for line in told), 3)
    return [f"{fence}{language}", *told, fence]


def section(title: str, lines: list[str], level: int = 2) -> list[str]:
    """A heading, its *lines*, and an empty line; nothing where there are no lines."""
    return [f"{'#' * level} {title}", "", *lines, ""] if lines else []


def _longest_run(told: str) -> int:
    return max((len(run) for run in re.findall("`+", told)), default=0)
