"""A terminal that takes slowly gets fewer pictures: whoever types on a bad line sees what is, not what was ten keys ago."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, TypeVar, cast

from textual.screen import Screen

if TYPE_CHECKING:
    from textual.app import App
    from textual.timer import Timer

ASKS = (0.02, 0.5)
"""Seconds between two looks at whether the terminal has taken the last picture: at first, twice as long each time, at most."""
MOMENT = 0.0005
"""Seconds in which the thread that writes can begin: with a terminal that takes what it is given, it is done by then."""

Answer = TypeVar("Answer")


def taken(app: App[int]) -> bool:
    """Whether the terminal took everything that was painted: Textual queues its output, and a terminal may take none for a while."""
    writer = getattr(app._driver, "_writer_thread", None)
    if writer is None:
        return app.is_headless
    return writer._queue.empty() and bool(select.select([], [writer.fileno()], [], 0)[1])


def _takes(app: App[int]) -> bool:
    if not taken(app):
        time.sleep(MOMENT)
    return taken(app)


class PacedScreen(Screen[Answer]):
    """Paints when the terminal has taken the picture before. What changes meanwhile is painted once, as it is then.

    Beside another screen it stands last: Textual takes styles and bindings of the first base alone.
    """

    _waits: Timer | None = None
    _patience = ASKS[0]

    @property
    def is_behind(self) -> bool:
        """Whether a picture waits for the terminal."""
        return self._waits is not None

    # Textual has no hook for this: by itself it queues thirty writes, then stands still with every key behind them.
    def _compositor_refresh(self) -> None:
        app = cast("App[int]", self.app)
        if self is not app.screen or app.is_headless or _takes(app):
            self._patience = ASKS[0]
            super()._compositor_refresh()
            return
        self._dirty_widgets.clear()  # their rows are noted already; left here, the screen would try sixty times a second
        if self._waits is None:
            self._waits = self.set_timer(self._patience, self._paint_late)

    def _paint_late(self) -> None:
        self._waits = None
        self._patience = min(2 * self._patience, ASKS[1])
        self._compositor_refresh()
