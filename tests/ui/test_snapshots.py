"""Every screen at three sizes, as text: a changed picture says what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ui import build
from tests.ui.conftest import app_of, press

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

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
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCREENS)
async def test_screen(name: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    app = app_of(build.FakeEngine(build.incident()))
    async with app.run_test(size=size) as pilot:
        text = await press(pilot, *SCREENS[name])
    assert text == snapshot
