"""Themes: every role in every file, verdict words that can be read (WCAG 2, ratio 4.5), and none of them the faintest."""

from __future__ import annotations

import re

import pytest
from rich.color import Color, ColorType

from stalewatch.dashboard.widgets.theme import DEFAULT, PLAIN, Palette, files, textual
from stalewatch.model.report import Verdict
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press, screen_text, settle

COLOURED = [name for name, theme in files().items() if not theme.ansi]
WORDS = [f"{verdict.value}{end}" for verdict in Verdict for end in ("", "-mark")]


FRAMES = ("border", "border-focus", "border-stale", "axis", "lane", "shade")
"""Roles that are drawn, not read."""
XTERM = [(0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)]
GROUNDS = {"ansi": ((255, 255, 255), (0, 0, 0)), "ansi-light": ((0, 0, 0), (255, 255, 255))}
"""The terminal's own letters and ground, where a theme leaves them to it."""


def luminance(color: Color) -> float:
    assert color.triplet is not None
    return brightness(color.triplet)


def brightness(triplet: tuple[int, int, int]) -> float:
    parts = [value / 255 for value in triplet]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(palette: Palette, role: str, base: str = "text") -> float:
    style = palette.style(role, base)
    assert style.color is not None
    assert style.bgcolor is not None
    light, dark = sorted((luminance(style.color), luminance(style.bgcolor)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", COLOURED)
def test_every_role_can_be_seen_and_what_is_text_can_be_read(name: str) -> None:
    palette = Palette(files()[name])
    needed = {role: 3.0 if role in FRAMES else 4.5 for role in palette.roles}
    assert {role: round(ratio, 2) for role, least in needed.items() if (ratio := contrast(palette, role)) < least} == {}


@pytest.mark.parametrize("name", GROUNDS)
def test_every_role_can_be_seen_in_the_usual_eight_colours(name: str) -> None:
    letters, ground = GROUNDS[name]
    poor = {}
    for role, style in Palette(files()[name]).roles.items():
        pair = [
            XTERM[color.number] if color and color.number is not None else default
            for color, default in ((style.color, letters), (style.bgcolor, ground))
        ]
        light, dark = sorted(map(brightness, pair), reverse=True)
        if (ratio := (light + 0.05) / (dark + 0.05)) < 3.0:
            poor[role] = round(ratio, 2)
    assert poor == {}


def test_all_themes_are_there_and_have_the_same_roles() -> None:
    assert list(files()) == ["dark", "light", "high-contrast", "colour-blind", "ansi", "ansi-light"]
    assert all(theme.roles.keys() == files()[DEFAULT].roles.keys() for theme in files().values())


@pytest.mark.parametrize("name", COLOURED)
@pytest.mark.parametrize("base", ["text", "cursor", "band"])
def test_words_that_matter_can_be_read(name: str, base: str) -> None:
    palette = Palette(files()[name])
    roles = [*WORDS, "text", "muted", "warning", "key", "error", "command", "notice", "shield", "frozen"]
    poor = {role: round(ratio, 2) for role in roles if (ratio := contrast(palette, role, base)) < 4.5}
    if base == "band":
        poor = {
            role: ratio for role, ratio in poor.items() if role in (*(verdict.value for verdict in Verdict), "text", "shield", "frozen")
        }
    assert poor == {}


@pytest.mark.parametrize("name", COLOURED)
def test_stale_is_never_fainter_than_fresh_text_and_is_always_bold(name: str) -> None:
    palette = Palette(files()[name])
    assert palette.style("stale").bold
    assert palette.style("stale").bgcolor != palette.style("text").bgcolor
    assert contrast(palette, "stale") >= 4.5


@pytest.mark.parametrize("name", GROUNDS)
def test_the_plain_themes_use_the_eight_colours_only(name: str) -> None:
    """The bright ones are shown as black, or not at all, where there are only eight."""
    source = files()[name]
    colors = [color for style in Palette(source).roles.values() for color in (style.color, style.bgcolor) if color]
    assert {color.type for color in colors} <= {ColorType.STANDARD, ColorType.DEFAULT}
    assert {color.number for color in colors if color.type is ColorType.STANDARD} <= set(range(8))
    made = textual(source)
    assert [words for words in (*source.colors.values(), *made.variables.values()) if "bright" in words] == []


@pytest.mark.parametrize("role", WORDS)
def test_no_verdict_is_the_faintest_word_where_the_terminal_chooses_the_colours(role: str) -> None:
    """Nothing can be computed of colours that the terminal's owner chose: none is dimmed, none is dark blue or black on its ground."""
    style = Palette(files()[PLAIN]).style(role)
    assert not style.dim
    assert style.color is None or style.color.name not in ("black", "blue", "bright_black")


def test_without_colour_what_is_wrong_is_bold_and_stale_is_reversed() -> None:
    palette = Palette(files()[PLAIN])
    assert palette.style("stale").reverse
    assert palette.style("alarm").reverse, "what is worse is not fainter"
    wrong = [role for role in WORDS if not role.startswith(("fresh", "absent"))]
    assert [role for role in wrong if not palette.style(role).bold] == []


@pytest.mark.parametrize("name", list(files()))
async def test_every_theme_draws_the_same_words(name: str) -> None:
    texts = []
    for theme in (DEFAULT, name):
        app = app_of(FakeEngine(build.incident()), theme=theme)
        async with app.run_test(size=(120, 40)) as pilot:
            await settle(pilot)
            texts.append(screen_text(app))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("name", list(files()))
async def test_every_theme_draws_both_answers_of_a_plan_also_the_one_that_is_off(name: str) -> None:
    app = app_of(FakeEngine(build.incident(), production=True), theme=name)
    async with app.run_test(size=(80, 24)) as pilot:
        row = next(row for row in (await press(pilot, "f")).splitlines() if "Cancel" in row)
    assert re.search(r"tab, then type the name below +Cancel +Run +", row)


async def test_t_takes_the_next_theme() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "theme: light" in await press(pilot, "T")
        assert app.theme == "light"
