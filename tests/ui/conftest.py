"""A frozen clock, a fixed zone, and the app over a board fed by hand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from textual import _wait, events

from stalewatch.dashboard.app import StalewatchApp
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.hands import HandClock, unhurried

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.pilot import Pilot


_wait.SLEEP_GRANULARITY = 1 / 200
"""After a key the pilot waits for 20 ms in which the app hardly used its CPU, up to ten times: most of what these tests lasted. A quarter
does as well, because the pilot has all messages handled first, and the screen painted afterwards, whatever the wait was."""


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    for name in ("NO_COLOR", "COLORFGBG", "STALEWATCH_THEME", "STY"):
        monkeypatch.delenv(name, raising=False)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def app_of(engine: FakeEngine, **more: object) -> StalewatchApp:
    """The dashboard at 13:02:11 that day."""
    app = StalewatchApp(engine, title="api-gateway · prod", now=lambda: build.NOW, monotonic=lambda: 100.0, **more)  # type: ignore[arg-type]
    app.key_clock = HandClock()
    return app


def screen_text(app: StalewatchApp) -> str:
    """What stands on the screen, without colours, a line per row."""
    rows = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in rows)


async def settle(pilot: Pilot[int], times: int = 3) -> None:
    """Let messages that cause messages be handled."""
    for _ in range(times):
        await pilot.pause()


async def shown(pilot: Pilot[int], words: str, seconds: float = 30.0) -> str:
    """Wait for what a timer brings; the text of the screen then."""
    end = time.monotonic() + seconds
    while words not in (text := screen_text(pilot.app)):  # type: ignore[arg-type]
        assert time.monotonic() < end, f"never shown: {words}\n{text}"
        await pilot.pause(0.02)
    return text


async def press(pilot: Pilot[int], *keys: str) -> str:
    """Press *keys* one by one, as a person who looks before each; the text of the screen afterwards."""
    await settle(pilot)
    for key in keys:
        await unhurried(pilot)
        await pilot.press(key)
        await settle(pilot)
    await unhurried(pilot)
    await settle(pilot)
    return screen_text(pilot.app)  # type: ignore[arg-type]


def burst(app: StalewatchApp, word: str) -> None:
    """All of *word* at once, as a paste or a slow line brings it: no key is handled before the last one has come."""
    for char in word:
        app.post_message(events.Key({"/": "slash", "&": "ampersand", " ": "space", "\r": "enter"}.get(char, char), char))


async def typed(pilot: Pilot[int], word: str) -> str:
    """The text of the screen after *word* in one burst."""
    burst(pilot.app, word)  # type: ignore[arg-type]
    return await press(pilot)
