"""Themes: files in ``themes/`` (in a wheel: ``stalewatch/_themes``) that say what a role looks like."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec
from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from stalewatch.model.themes import THEMES

DEFAULT = "dark"
PLAIN = "ansi"
"""The sixteen colours of the terminal itself; also what NO_COLOR uses."""


class ThemeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A theme as written: *colors* and *variables* are Textual's, *roles* are styles such as ``bold #ffffff on #c62828``."""

    name: str
    label: str
    dark: bool
    colors: dict[str, str]
    roles: dict[str, str]
    variables: dict[str, str] = {}
    ansi: bool = False


class Palette:
    """What each role looks like in one theme."""

    def __init__(self, source: ThemeFile) -> None:
        self.name = source.name
        ground = source.colors["background"]
        self._ground = Style() if source.ansi else Style(bgcolor=ground)
        self.roles = {role: Style.parse(words) for role, words in source.roles.items()}
        self._made: dict[tuple[str, str], Style] = {}

    def style(self, role: str, base: str = "text") -> Style:
        """*role* on *base*. A theme that lacks a role is a mistake (KeyError)."""
        made = self._made.get((role, base))
        if made is None:
            under = self._ground + self.roles[base]
            over = self.roles[role]
            made = under if role == "text" else under + over
            self._made[role, base] = made
        return made


def folder() -> Path:
    """Where theme files are: beside the package in a wheel, else in the checkout."""
    packed = Path(__file__).parents[2] / "_themes"
    return packed if packed.is_dir() else Path(__file__).parents[4] / "themes"


@cache
def files() -> dict[str, ThemeFile]:
    """Every theme by name, in the order in which ``T`` takes them."""
    return {name: file(name) for name in THEMES}


@cache
def file(name: str) -> ThemeFile:
    """The theme *name*: one of ``THEMES``. The first frame waits for one of them, not for all."""
    return msgspec.convert(tomllib.loads((folder() / f"{name}.toml").read_text("utf-8")), ThemeFile)


def first_known(*names: str) -> str:
    """The first of *names* that is a theme; "" if none is."""
    return next((name for name in names if name in THEMES), "")


@cache
def palette(name: str) -> Palette:
    """The palette of theme *name*; of the default one where there is no such theme."""
    return Palette(file(first_known(name) or DEFAULT))


def textual(source: ThemeFile) -> Theme:
    """The same as a theme of Textual's."""
    known = BUILTIN_THEMES["ansi-dark" if source.dark else "ansi-light"].variables if source.ansi else {}
    variables = {**known, **source.variables}
    return Theme(name=source.name, dark=source.dark, ansi=source.ansi, variables=variables, **source.colors)  # type: ignore[arg-type]
