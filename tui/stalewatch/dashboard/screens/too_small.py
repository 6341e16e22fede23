"""What is shown where nothing else fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import BindingType
from textual.screen import ModalScreen

from stalewatch.dashboard.actions import TOO_SMALL, key_of
from stalewatch.dashboard.render.lines import Line, line
from stalewatch.dashboard.screens.sizes import LEAST
from stalewatch.dashboard.widgets.bindings import dialog_bindings
from stalewatch.dashboard.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import ClassVar

    from textual.app import ComposeResult


class TooSmallView(LinesView):
    """One line: the size that is needed, and how to leave. *stays*: it was tried, and has to be asked about first."""

    stays = False

    def build(self, width: int, height: int) -> Sequence[Line]:
        size = f"{LEAST[0]}×{LEAST[1]}"
        needed, leave = f"needs {size}", f"{key_of('leave_small')} quits"
        words = (f"stalewatch {needed} cells, here are {width}×{height} ({leave})", f"stalewatch {needed}, {leave}", f"{needed}, {leave}")
        if self.stays:
            words = (f"something still runs: make the window {size}, then quit", f"still runs: {size} to quit", f"runs; quit at {size}")
        return [line(next((each for each in words if len(each) <= width), words[-1]))]


class TooSmallScreen(ModalScreen[None]):
    """Covers everything; it goes by itself when there is room. *leave* quits; false: what runs has to be asked about, so it did not."""

    BINDINGS: ClassVar[list[BindingType]] = dialog_bindings(TOO_SMALL)
    DEFAULT_CSS = "TooSmallScreen { background: $background; } TooSmallScreen TooSmallView { width: 1fr; height: 1fr; }"

    def __init__(self, leave: Callable[[], bool]) -> None:
        super().__init__()
        self._leave = leave

    def compose(self) -> ComposeResult:
        yield TooSmallView()

    def action_leave_small(self) -> None:
        if not self._leave():
            view = self.query_one(TooSmallView)
            view.stays = True
            view.redraw()
