"""The dashboard on a recording without a terminal: what it shows, moment by moment."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console

from stalewatch.dashboard.app import StalewatchApp
from stalewatch.dashboard.widgets.theme import DEFAULT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from textual.pilot import Pilot

    from stalewatch.recording.replay import Replay

SAME = 5
"""So many rounds of messages that change nothing, and nothing comes any more: a layout takes three."""


async def filmed(replay: Replay, moments: Sequence[float], size: tuple[int, int]) -> AsyncIterator[list[str]]:
    """The rows of the screen at each of *moments* (recorder's clock), with ANSI styles. *replay* is not started."""
    app = StalewatchApp(replay, theme=DEFAULT, playback=replay)
    async with app.run_test(size=size) as pilot:
        for at in moments:
            replay.seek(at)
            while replay.show(at) == 0.0:
                pass
            app.draw()
            yield await _settled(app, pilot, size)
    app.shutdown.over()


async def _settled(app: StalewatchApp, pilot: Pilot[int], size: tuple[int, int]) -> list[str]:
    """The rows once no message changes them any more. Textual's own wait takes a machine that is busy elsewhere for an idle screen."""
    rows: list[str] = []
    same = 0
    while same < SAME:
        await pilot.pause(0)
        before, rows = rows, _rows(app, size)
        same = same + 1 if rows == before else 0
    return rows


def _rows(app: StalewatchApp, size: tuple[int, int]) -> list[str]:
    """As Textual makes its own screenshots, but with ANSI styles."""
    width, height = size
    out = io.StringIO()
    console = Console(
        width=width, height=height, file=out, force_terminal=True, color_system="truecolor", legacy_windows=False, _environ={}
    )
    console.print(app.screen._compositor.render_update(full=True), end="")
    return out.getvalue().split("\n")[:height]
