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
    from collections.abc import Sequence
    from typing import ClassVar

    from textual.app import ComposeResult


class TooSmallView(LinesView):
    """A polite line, with the size that is needed."""

    def build(self, width: int, height: int) -> Sequence[Line]:
        return [
            line("stalewatch needs"),
            line(f"{LEAST[0]}×{LEAST[1]} cells,"),
            line(f"here are {width}×{height}."),
            line(f"({key_of('leave_small')} quits)"),
        ]


class TooSmallScreen(ModalScreen[None]):
    """Covers everything; it goes by itself when there is room."""

    BINDINGS: ClassVar[list[BindingType]] = dialog_bindings(TOO_SMALL)
    DEFAULT_CSS = "TooSmallScreen { background: $background; } TooSmallScreen TooSmallView { width: 1fr; height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield TooSmallView()

    async def action_leave_small(self) -> None:
        await self.app.action_quit()
