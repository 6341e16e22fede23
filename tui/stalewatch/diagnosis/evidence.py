"""Builders of evidence: one fact with its label. Times stay epoch seconds, because only a screen knows the reader's time zone."""

from __future__ import annotations

import shlex

from stalewatch.model.report import Evidence
from stalewatch.model.text import is_exact, safe


def time(label: str, at: float | None) -> Evidence:
    return Evidence(label, at, "time")


def age(label: str, seconds: float) -> Evidence:
    return Evidence(label, seconds, "age")


def text(label: str, value: str) -> Evidence:
    return Evidence(label, safe(value))


def number(label: str, value: float) -> Evidence:
    return Evidence(label, value)


def size(label: str, value: int) -> Evidence:
    return Evidence(label, value, "bytes")


def command(*argv: str) -> Evidence:
    """The look to repeat by hand, quoted for a shell."""
    return commands(shlex.join(argv))


def commands(line: str) -> Evidence:
    """The same of a *line* that is quoted already."""
    shown = safe(line)
    return Evidence("repeat", shown, "command") if is_exact(line, shown) else unsayable()


def unsayable() -> Evidence:
    """In the place of a command with a name that had to be changed to be shown."""
    return Evidence("repeat", safe("(a name in it cannot be shown exactly)"), "command")


def stat(*paths: str) -> Evidence:
    """``stat`` of *paths*: modified, changed, name."""
    return command("stat", "-c", "%y %z %n", "--", *paths)
