"""Panes side by side, all of one size; scrolls where they are many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import VerticalScroll

from stalewatch.dashboard.widgets.pane import Beside, Forms, PaneView
from stalewatch.model.memo import Memos

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.dashboard.render.pane_lines import RenderOptions
    from stalewatch.engine.board import Pane

PANE_WIDTH = 40
PANE_HEIGHT = (12, 22)
"""Rows of a pane, at least, and with everything that it can say."""
_SQUARE = 4


def across(width: int, count: int) -> int:
    """How many panes stand side by side in *width* cells: as many in each row, and four of them two by two."""
    most = max(1, min(count, width // PANE_WIDTH))
    return min(most, 2) if count == _SQUARE else -(-count // -(-count // most))


class PaneGrid(VerticalScroll, can_focus=False):
    """The places are widgets; :meth:`show` says which pane is drawn in which place."""

    DEFAULT_CSS = """
    PaneGrid { layout: grid; grid-gutter: 0; scrollbar-size-vertical: 1; background: $background; }
    """

    def __init__(self) -> None:
        super().__init__(id="grid")
        self._shape = (0, 0)
        self._row = 0
        self._rows: Memos[Beside] = Memos()
        self._forms = Forms()

    def show(self, panes: Sequence[Pane], options: Sequence[RenderOptions], selected: int, columns: int, height: int) -> None:
        """Put *panes* into the places, *columns* side by side and *height* rows each, and keep the selected one in sight."""
        self._make(len(panes), columns, height)
        places = list(self.query(PaneView))
        self._forms.of(panes, [_inside(each) for each in options])
        for first in range(0, len(panes), columns):
            row = slice(first, first + columns)
            beside = self._beside(panes[row], options[row], first)
            for place, pane, each in zip(places[row], panes[row], options[row], strict=False):
                place.show(pane, each, beside)
        if 0 <= selected < len(places) and selected // columns != self._row:
            self._row = selected // columns
            self.scroll_to(y=max(0, (self._row + 1) * height - self.size.height), animate=False)

    def _beside(self, panes: Sequence[Pane], options: Sequence[RenderOptions], first: int) -> Beside:
        """A row of panes, the same as before where nothing inside of them changed: where the cursor is, their borders tell."""
        inside = tuple(map(_inside, options))
        return self._rows.get(first, lambda: Beside(panes, inside, self._forms), tuple(panes), inside)

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


def _inside(options: RenderOptions) -> RenderOptions:
    """What counts inside of a border: where the cursor is, and what is marked, that alone tells."""
    return options._replace(focused=False, marked=False)
