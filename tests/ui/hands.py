"""A person at the keyboard, on a clock that is turned by hand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stalewatch.dashboard.screens.answer_guard import KeyClock
from stalewatch.dashboard.screens.asking import AskingScreen

if TYPE_CHECKING:
    from textual.events import Event
    from textual.pilot import Pilot


class HandClock(KeyClock):
    """Stands until it is turned; whatever comes, comes now, and *step* seconds after what came before it."""

    def __init__(self) -> None:
        self.at = 0.0
        self.step = 0.0

    def now(self) -> float:
        return self.at

    def arrived(self, event: Event) -> float:
        self.at += self.step
        return self.at


def clock_of(pilot: Pilot[int]) -> HandClock:
    clock = pilot.app.key_clock  # type: ignore[attr-defined]
    assert isinstance(clock, HandClock)
    return clock


async def painted(pilot: Pilot[int], seconds: float = 30.0) -> None:
    """Wait until the question, if there is one, was painted as it is now."""
    end = time.monotonic() + seconds
    while isinstance(screen := pilot.app.screen, AskingScreen) and not screen.answers.is_painted:
        assert time.monotonic() < end, f"never painted: {screen}"
        await pilot.pause(0.01)


async def unhurried(pilot: Pilot[int], seconds: float = 1.0) -> None:
    """Look at what is asked for a while."""
    await painted(pilot)
    clock_of(pilot).at += seconds
    if isinstance(screen := pilot.app.screen, AskingScreen):
        screen.look()
