"""The question before the dashboard quits while a runbook runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from stalewatch.dashboard.actions import QUIT
from stalewatch.dashboard.render.lines import Line, Span, line, paragraph
from stalewatch.dashboard.screens.asking import AskingScreen
from stalewatch.dashboard.widgets.bindings import dialog_bindings
from stalewatch.dashboard.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import ClassVar

    from textual.app import ComposeResult

WORDS = "The step that is running finishes on the server. No later step starts, and nobody verifies the result. Staying is the safe answer."


class _Words(LinesView):
    def build(self, width: int, height: int) -> Sequence[Line]:
        return [line(Span("A runbook is running. Quit anyway?", "title")), line(""), *paragraph(WORDS, width)]


class QuitScreen(AskingScreen[bool]):
    """True: quit."""

    ACTS = "quit"
    BINDINGS: ClassVar[list[BindingType]] = dialog_bindings(QUIT)
    DEFAULT_CSS = """
    QuitScreen > Vertical { width: 64; height: 10; border: round $error; }
    QuitScreen _Words { height: 6; }
    QuitScreen Horizontal { height: 1; align-horizontal: right; }
    QuitScreen Button { margin: 0 1; }
    """

    def compose(self) -> ComposeResult:
        with Vertical():
            yield _Words()
            with Horizontal():
                yield Button("Stay", id="stay", compact=True)
                yield Button("Quit", id="quit", compact=True)

    def on_mount(self) -> None:
        self.query_one("#stay").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        quits = event.button.id == self.ACTS
        if not quits or self.may_act:
            self.dismiss(quits)

    def action_stay(self) -> None:
        self.dismiss(False)
