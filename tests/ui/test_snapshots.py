"""Every screen at three sizes, as text: a changed picture says what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ui import build
from tests.ui.conftest import app_of, press, settle
from tui.runbook.plan import Status
from tui.screens.progress import ProgressScreen
from tui.widgets.theme import files

if TYPE_CHECKING:
    from rich.style import Style
    from syrupy.assertion import SnapshotAssertion

THEMES = [*files(), "NO_COLOR"]
SIZES = [(80, 24), (120, 40), (200, 60)]
SCREENS = {
    "fleet": (),
    "table": ("t",),
    "timeline": ("tab", "down", "down"),
    "frozen": ("p",),
    "server": ("enter",),
    "caches": ("enter", "2"),
    "bytecode": ("enter", "3"),
    "workers": ("enter", "4"),
    "pool": ("enter", "5"),
    "log": ("L",),
    "confirm": ("f",),
    "help": ("question_mark",),
    "finding": ("enter", "n", "n"),
    "filter": ("slash", *"!fresh"),
}
ENDS = {"verified": Status.DONE, "failed": Status.FAILED}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCREENS)
async def test_screen(name: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    app = app_of(build.FakeEngine(build.incident()))
    async with app.run_test(size=size) as pilot:
        text = await press(pilot, *SCREENS[name])
    assert text == snapshot


@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("how", ["running", "verified", "failed", "leave"])
async def test_a_runbook(how: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    engine = build.FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "f", "tab", "enter")
        assert isinstance(app.screen, ProgressScreen)
        if how == "verified":
            engine.progress("web1", *(step.id for step in build.STEPS))
        else:
            engine.progress("web1", "preflight-fpm", running="rebuild-config")
        app.flush()
        if how in ENDS:
            engine.futures[0].set_result({("web1", build.APP): ENDS[how]})
            app.screen.redraw()
        text = await press(pilot, *(("escape", "q") if how == "leave" else ()))
        engine.futures[0].cancel()
    assert text == snapshot


@pytest.mark.parametrize("theme", THEMES)
async def test_the_main_screen_in_every_theme(theme: str, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run of cells with the style it is sent in."""
    if theme == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    app = app_of(build.FakeEngine(build.incident()), theme="" if theme == "NO_COLOR" else theme)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        rows = app.screen._compositor.render_strips()
    styled = ["  ".join(f"{part.text.strip()} [{_plain(part.style)}]" for part in row if part.text.strip(" ─│")) for row in rows]
    assert "\n".join(styled) == snapshot


def _plain(style: Style | None) -> str:
    """*style* without what a click does."""
    return str(style.clear_meta_and_links()) if style else ""
