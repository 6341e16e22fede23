"""Panes side by side, all of one size; scrolls where they are many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import VerticalScroll

from tui.widgets.pane import PaneView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.board import Pane
    from tui.widgets.pane_lines import Look

PANE_WIDTH = 39
PANE_HEIGHT = 14


def across(width: int, count: int) -> int:
    """How many panes stand side by side in *width* cells."""
    return max(1, min(count, (width + 1) // PANE_WIDTH))


def rows(width: int, count: int) -> int:
    """How many rows of panes that makes."""
    return -(-count // across(width, count)) if count else 0


class PaneGrid(VerticalScroll, can_focus=False):
    """Places are widgets; which pane stands in which place is told by :meth:`show`."""

    DEFAULT_CSS = """
    PaneGrid { layout: grid; grid-gutter: 0 1; scrollbar-size-vertical: 1; background: $background; }
    """

    def show(self, panes: Sequence[Pane], looks: Sequence[Look], selected: int) -> None:
        """Put *panes* into the places, in this order, and keep the selected one in sight."""
        self._make(len(panes))
        places = list(self.query(PaneView))
        for place, pane, look in zip(places, panes, looks, strict=False):
            place.show(pane, look)
        if 0 <= selected < len(places):
            self.scroll_to_widget(places[selected], animate=False)

    def _make(self, count: int) -> None:
        have = len(self.query(PaneView))
        if have < count:
            self.mount_all([PaneView() for _ in range(count - have)])
        elif have > count:
            for place in list(self.query(PaneView))[count:]:
                place.remove()
        columns = across(self.app.size.width, count)
        if self.styles.grid_size_columns != columns:
            self.styles.grid_size_columns = columns
        height = PANE_HEIGHT if rows(self.app.size.width, count) > 1 else max(8, self.size.height or PANE_HEIGHT)
        if str(self.styles.grid_rows) != str(height):
            self.styles.grid_rows = str(height)
