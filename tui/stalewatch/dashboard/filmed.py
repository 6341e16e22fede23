"""The dashboard on a recording without a terminal: what it shows, moment by moment."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console

from stalewatch.dashboard.app import StalewatchApp
from stalewatch.dashboard.widgets.theme import DEFAULT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from stalewatch.recording.replay import Replay


async def filmed(replay: Replay, moments: Sequence[float], size: tuple[int, int]) -> AsyncIterator[list[str]]:
    """The rows of the screen at each of *moments* (recorder's clock), with ANSI styles. *replay* is not started."""
    app = StalewatchApp(replay, theme=DEFAULT, playback=replay)
    async with app.run_test(size=size) as pilot:
        for at in moments:
            replay.seek(at)
            while replay.show(at) == 0.0:
                pass
            app.flush()
            await pilot.pause()
            yield _rows(app, size)
    app.shutdown.over()


def _rows(app: StalewatchApp, size: tuple[int, int]) -> list[str]:
    """As Textual makes its own screenshots, but with ANSI styles."""
    width, height = size
    out = io.StringIO()
    console = Console(
        width=width, height=height, file=out, force_terminal=True, color_system="truecolor", legacy_windows=False, _environ={}
    )
    console.print(app.screen._compositor.render_update(full=True), end="")
    return out.getvalue().split("\n")[:height]
