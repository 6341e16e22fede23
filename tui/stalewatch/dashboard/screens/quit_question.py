"""The question before the dashboard quits while something runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from stalewatch.dashboard.actions import QUIT
from stalewatch.dashboard.render.quit_words import quit_lines
from stalewatch.dashboard.screens.asking import AskingScreen
from stalewatch.dashboard.widgets.bindings import dialog_bindings
from stalewatch.dashboard.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import ClassVar

    from textual.app import ComposeResult

    from stalewatch.dashboard.render.lines import Line
    from stalewatch.dashboard.render.runbooks import Running


class _Words(LinesView):
    def __init__(self, runbooks: Sequence[Running], recording: str) -> None:
        super().__init__(classes="-scrolls")
        self.runbooks, self._recording = runbooks, recording

    def build(self, width: int, height: int) -> Sequence[Line]:
        return quit_lines(self.runbooks, self._recording, width)


class QuitScreen(AskingScreen[bool]):
    """True: quit. *runbooks*: those of ours that run at any time; *recording*: the file that this is recorded in ("" none)."""

    ACTS = "quit"
    BINDINGS: ClassVar[list[BindingType]] = dialog_bindings(QUIT)
    DEFAULT_CSS = """
    QuitScreen > Vertical { width: 94%; max-width: 72; height: auto; max-height: 100%; border: round $error; }
    QuitScreen _Words { height: auto; margin: 0 0 1 0; }
    QuitScreen Horizontal { height: 1; align-horizontal: right; }
    QuitScreen Button { margin: 0 1; }
    """

    def __init__(self, runbooks: Callable[[], Sequence[Running]], recording: str = "") -> None:
        super().__init__()
        self._runbooks = runbooks
        self._words = _Words(runbooks(), recording)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self._words
            with Horizontal():
                yield Button("Stay", id="stay", compact=True)
                yield Button("Quit", id="quit", compact=True)

    def on_mount(self) -> None:
        self.query_one("#stay").focus()
        self._fit()

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """As high as what is said, as far as the screen goes."""
        screen, words = self.app.size, self._words
        width = words.room[0] if words.size.width else min(72, screen.width * 94 // 100) - 5
        words.styles.height = min(len(words.build(max(8, width), 0)), max(3, screen.height - 4))

    def look(self) -> None:
        """What runs goes on behind the question. A step further is the same question; where a runbook has ended it is another one."""
        before, now = self._words.runbooks, self._runbooks()
        if now != before:
            self._words.runbooks = now
            self._words.redraw()
            if [(one.what, one.server) for one in now] != [(one.what, one.server) for one in before]:
                self._fit()
                self.redrawn()
        super().look()

    @property
    def scrolled(self) -> LinesView:
        return self._words

    def on_button_pressed(self, event: Button.Pressed) -> None:
        quits = event.button.id == self.ACTS
        if not quits or self.may_act:
            self.dismiss(quits)

    def action_stay(self) -> None:
        self.dismiss(False)
