"""One server's pane as a widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render.lines import Line
from stalewatch.dashboard.render.pane_lines import RenderOptions, pane_lines
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.dashboard.widgets.server_clicked import ServerClicked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from stalewatch.engine.board import Pane


class PaneView(LinesView):
    """Shows whichever Pane it is given: panes change places by being given other values, never by moving widgets."""

    def __init__(self) -> None:
        super().__init__()
        self._pane: Pane | None = None
        self._options: RenderOptions | None = None

    def show(self, pane: Pane | None, options: RenderOptions) -> None:
        self._pane, self._options = pane, options
        self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:
        if self._pane is None or self._options is None:
            return ()
        return pane_lines(self._pane, self._options, width, height)

    def on_click(self, event: events.Click) -> None:
        if self._pane is not None:
            self.post_message(ServerClicked(self._pane.key, event.chain > 1))
