"""One server's pane as a widget."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from stalewatch.dashboard.render.lines import Line
from stalewatch.dashboard.render.pane_lines import BORDERS, RenderOptions, pane_lines, side_by_side, too_wide
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.dashboard.widgets.server_clicked import ServerClicked
from stalewatch.model.memo import Memos

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from stalewatch.engine.board import Pane


class Forms:
    """In which form rows are told: the same one in all panes on the screen, also where these are in several rows."""

    def __init__(self) -> None:
        self._panes: tuple[tuple[Pane, RenderOptions], ...] = ()
        self._made: Memos[frozenset[str]] = Memos()

    def of(self, panes: Sequence[Pane], options: Sequence[RenderOptions]) -> None:
        """*panes* are on the screen now."""
        self._panes = tuple(zip(panes, options, strict=True))

    def short(self, width: int) -> frozenset[str]:
        """Names of the rows whose wide form does not fit into *width* cells in one of them."""
        made = (
            self._made.get((pane.key, width), partial(too_wide, pane, options, width), (pane.report,), options)
            for pane, options in self._panes
        )
        return frozenset().union(*made)


class Beside:
    """Panes side by side; what is inside of them is made for all of them at once."""

    def __init__(self, panes: Sequence[Pane], options: Sequence[RenderOptions], forms: Forms | None = None) -> None:
        self._forms = forms or Forms()
        self._panes = tuple(zip(panes, options, strict=True))
        self._places = {pane.key: at for at, pane in enumerate(panes)}
        self._made: Memos[list[list[Line]]] = Memos()

    def inside(self, pane: Pane, width: int, height: int) -> list[Line]:
        """What is inside the border of one of them, in so many cells: where a row cannot be parted evenly, they differ by one."""
        short = self._forms.short(width)
        return self._made.get((width, height, short), lambda: side_by_side(self._panes, width, height, short))[self._places[pane.key]]


class PaneView(LinesView):
    """Shows whichever Pane it is given: panes change places by being given other values, never by moving widgets."""

    def __init__(self) -> None:
        super().__init__()
        self._pane: Pane | None = None
        self._options: RenderOptions | None = None
        self._beside: Beside | None = None
        self._alone: Memos[Beside] = Memos(20)
        self._drawn: Memos[list[Line]] = Memos(20)

    def show(self, pane: Pane | None, options: RenderOptions, beside: Beside | None = None) -> None:
        """*beside*: the panes of the same row, which it is aligned with."""
        self._pane, self._options, self._beside = pane, options, beside
        self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:
        pane, options = self._pane, self._options
        if pane is None or options is None:
            return ()
        beside = self._beside or self._by_itself(pane, options._replace(focused=False, marked=False))
        inside = beside.inside(pane, width - BORDERS, height - 2)
        shown = (options, width, height)
        return self._drawn.get((pane.key, options.focused), lambda: pane_lines(pane, *shown, inside), (pane, inside), shown)

    def _by_itself(self, pane: Pane, inside: RenderOptions) -> Beside:
        """Made again only where something inside of the border changed: a cursor goes and comes."""
        return self._alone.get(pane.key, lambda: Beside((pane,), (inside,)), (pane,), inside)

    def on_click(self, event: events.Click) -> None:
        if self._pane is not None:
            self.post_message(ServerClicked(self._pane.key, event.chain > 1))
