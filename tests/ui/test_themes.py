"""Themes: every role in every file, verdict words that can be read (WCAG 2, ratio 4.5), and none of them the faintest."""

from __future__ import annotations

import pytest
from rich.color import Color, ColorType

from stalewatch.dashboard.widgets.theme import DEFAULT, PLAIN, Palette, files
from stalewatch.model.report import Verdict
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press, screen_text, settle

COLOURED = [name for name, theme in files().items() if not theme.ansi]
WORDS = [f"{verdict.value}{end}" for verdict in Verdict for end in ("", "-mark")]


def luminance(color: Color) -> float:
    assert color.triplet is not None
    parts = [value / 255 for value in color.triplet]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(palette: Palette, role: str, base: str = "text") -> float:
    style = palette.style(role, base)
    assert style.color is not None
    assert style.bgcolor is not None
    light, dark = sorted((luminance(style.color), luminance(style.bgcolor)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_all_themes_are_there_and_have_the_same_roles() -> None:
    assert list(files()) == ["dark", "light", "high-contrast", "colour-blind", "ansi"]
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


def test_the_plain_theme_uses_the_sixteen_colours_only() -> None:
    styles = Palette(files()[PLAIN]).roles.values()
    kinds = {color.type for style in styles for color in (style.color, style.bgcolor) if color}
    assert kinds <= {ColorType.STANDARD, ColorType.DEFAULT}


@pytest.mark.parametrize("role", WORDS)
def test_no_verdict_is_the_faintest_word_where_the_terminal_chooses_the_colours(role: str) -> None:
    """Nothing can be computed of colours that the terminal's owner chose: none is dimmed, none is dark blue or black on its ground."""
    style = Palette(files()[PLAIN]).style(role)
    assert not style.dim
    assert style.color is None or style.color.name not in ("black", "blue", "bright_black")


def test_without_colour_what_is_wrong_is_bold_and_stale_is_reversed() -> None:
    palette = Palette(files()[PLAIN])
    assert palette.style("stale").reverse
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


async def test_t_takes_the_next_theme() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "theme: light" in await press(pilot, "T")
        assert app.theme == "light"
