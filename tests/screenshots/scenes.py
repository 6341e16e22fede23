"""What is on which picture: the incident at 12:50, in the order in which a person would live through it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.app import StalewatchApp
from stalewatch.dashboard.screens.confirm import ConfirmScreen
from stalewatch.model.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.pilot import Pilot

    from stalewatch.engine.engine import Engine

TITLE = "api-gateway"
SIZE = (120, 40)
PATIENCE = 60.0


class Scene(NamedTuple):
    """*keys* are pressed one by one once the fleet is seen; *ready*: what must be so before the picture is taken."""

    name: str
    theme: str = "dark"
    size: tuple[int, int] = SIZE
    keys: tuple[str, ...] = ()
    ready: Callable[[StalewatchApp], bool] = lambda app: True


def _asks(app: StalewatchApp) -> bool:
    return isinstance(app.screen, ConfirmScreen)


SCENES = (
    Scene("dark"),
    Scene("light", "light"),
    Scene("high-contrast", "high-contrast"),
    Scene("colour-blind", "colour-blind"),
    Scene("ansi", "ansi"),
    Scene("small-80x24", size=(80, 24)),
    Scene("wide-200x60", size=(200, 60)),
    Scene("server", keys=("enter",)),
    Scene("dialog", keys=("f",), ready=_asks),
)
AFTER_FIX = "after-fix"


async def draw(engine: Engine, scene: Scene) -> str:
    """The scene as SVG. Raises TimeoutError where it does not come about."""
    app = StalewatchApp(engine, title=TITLE, theme=scene.theme)
    async with app.run_test(size=scene.size) as pilot:
        await _until(pilot, lambda: _verdicts(engine) == {Verdict.STALE, Verdict.FRESH})
        await _press(pilot, scene.keys)
        await _until(pilot, lambda: scene.ready(app))
        return await _picture(app, pilot)


async def draw_after_fix(engine: Engine) -> str:
    """The dashboard when ``f`` was pressed, confirmed and done. Raises TimeoutError where the servers do not become fresh."""
    app = StalewatchApp(engine, title=TITLE, theme="dark")
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot, lambda: Verdict.STALE in _verdicts(engine))
        await _press(pilot, ("f",))
        await _until(pilot, lambda: _asks(app))
        await _press(pilot, ("tab", "enter"))
        await _until(pilot, lambda: _verdicts(engine) == {Verdict.FRESH} and not app.model.fleet.running())
        await _press(pilot, ("escape",))
        return await _picture(app, pilot)


def _verdicts(engine: Engine) -> set[Verdict | None]:
    return {pane.report.verdict if pane.report else None for pane in engine.board.snapshot().panes}


async def _press(pilot: Pilot[int], keys: Sequence[str]) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause(0.6)  # a question that was just asked takes no answer


async def _until(pilot: Pilot[int], done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE:g} s; the screen is {pilot.app.screen!r}")
        await asyncio.sleep(0.1)


async def _picture(app: StalewatchApp, pilot: Pilot[int]) -> str:
    await pilot.pause(1.0)
    return app.export_screenshot(title="stalewatch")
