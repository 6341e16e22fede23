"""Panes side by side, all of one size; scrolls where they are many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import VerticalScroll

from stalewatch.dashboard.widgets.pane import PaneView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.dashboard.render.pane_lines import RenderOptions
    from stalewatch.engine.board import Pane

PANE_WIDTH = 40
PANE_HEIGHT = 14


def across(width: int, count: int) -> int:
    """How many panes stand side by side in *width* cells."""
    return max(1, min(count, width // PANE_WIDTH))


class PaneGrid(VerticalScroll, can_focus=False):
    """The places are widgets; :meth:`show` says which pane is drawn in which place."""

    DEFAULT_CSS = """
    PaneGrid { layout: grid; grid-gutter: 0; scrollbar-size-vertical: 1; background: $background; }
    """

    def __init__(self) -> None:
        super().__init__(id="grid")
        self._shape = (0, 0)
        self._row = 0

    def show(self, panes: Sequence[Pane], options: Sequence[RenderOptions], selected: int, columns: int, height: int) -> None:
        """Put *panes* into the places, *columns* side by side and *height* rows each, and keep the selected one in sight."""
        self._make(len(panes), columns, height)
        places = list(self.query(PaneView))
        for place, pane, each in zip(places, panes, options, strict=False):
            place.show(pane, each)
        if 0 <= selected < len(places) and selected // columns != self._row:
            self._row = selected // columns
            self.scroll_to(y=max(0, (self._row + 1) * height - self.size.height), animate=False)

    def _make(self, count: int, columns: int, height: int) -> None:
        have = len(self.query(PaneView))
        if have < count:
            self.mount_all([PaneView() for _ in range(count - have)])
        for place in list(self.query(PaneView))[count:]:
            place.remove()
        if self._shape != (columns, height):
            self._shape = (columns, height)
            self.styles.grid_size_columns = columns
            self.styles.grid_rows = str(height)
