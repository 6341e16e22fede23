"""What the keys of a replay do, on every screen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.screens.base import LiveScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stalewatch.dashboard.engine_port import Playback
    from stalewatch.dashboard.screens.app_port import AppPort

MINUTE = 60.0


class PlaybackActions:
    """What these actions do, where a recording is replayed."""

    def __init__(self, app: AppPort) -> None:
        self._app = app
        self._model = app.model

    def methods(self) -> Mapping[str, Callable[[], None]]:
        """By the id of the action; nothing where no recording is replayed."""
        playback = self._model.playback
        if playback is None:
            return {}
        return {
            "play": lambda: self._told(playback, playback.toggle),
            "faster": lambda: self._told(playback, playback.faster),
            "forward": partial(self._go, playback, MINUTE),
            "rewind": partial(self._go, playback, -MINUTE),
            "next_event": lambda: self._found(playback.next_event(), "next"),
            "previous_event": lambda: self._found(playback.previous_event(), "previous"),
        }

    @property
    def _screen(self) -> LiveScreen:
        return next(screen for screen in reversed(self._app.screen_stack) if isinstance(screen, LiveScreen))

    def _told(self, playback: Playback, change: Callable[[], None]) -> None:
        change()
        self._shown()
        if not playback.going:
            self._screen.say(f"paused; {key_of('play')} plays")

    def _go(self, playback: Playback, seconds: float) -> None:
        playback.seek(playback.now() + seconds)
        self._shown()

    def _found(self, found: bool, which: str) -> None:
        self._shown()
        if not found:
            self._screen.say(f"there is no {which} event in this recording")

    def _shown(self) -> None:
        """The clock may have gone back: what waits for a time without keys must not wait for what is past."""
        self._model.last_key = None
        self._screen.redraw()
