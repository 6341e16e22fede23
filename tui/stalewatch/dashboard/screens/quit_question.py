"""The question before leaving while a runbook runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from stalewatch.dashboard.render.lines import Line, Span, line, paragraph
from stalewatch.dashboard.screens.asking import AskingScreen
from stalewatch.dashboard.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import ClassVar

    from textual.app import ComposeResult

WORDS = (
    "The step that runs over there ends by itself; steps after it are not started, and nobody here verifies the result. "
    "Staying is the safe answer."
)


class _Words(LinesView):
    def build(self, width: int, height: int) -> Sequence[Line]:
        return [line(Span("A runbook is running. Leave all the same?", "title")), line(""), *paragraph(WORDS, width)]


class QuitScreen(AskingScreen[bool]):
    """True: leave."""

    ACTS = "leave"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "stay", show=False),
        Binding("left,right,h,l", "app.focus_next", show=False),
    ]
    DEFAULT_CSS = """
    QuitScreen { align: center middle; }
    QuitScreen > Vertical { width: 64; height: 10; border: round $error; padding: 0 1; background: $background; }
    QuitScreen _Words { height: 6; }
    QuitScreen Horizontal { height: 1; align-horizontal: right; }
    QuitScreen Button { margin: 0 1; background: $panel; color: $foreground; }
    QuitScreen Button:focus { text-style: bold reverse; }
    """

    def compose(self) -> ComposeResult:
        with Vertical():
            yield _Words()
            with Horizontal():
                yield Button("Stay", id="stay", compact=True)
                yield Button("Leave", id="leave", compact=True)

    def on_mount(self) -> None:
        self.query_one("#stay").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        leaves = event.button.id == self.ACTS
        if not leaves or self.may_act:
            self.dismiss(leaves)

    def action_stay(self) -> None:
        self.dismiss(False)
