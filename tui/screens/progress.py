"""A runbook while it runs: every step of every server, as it happens. Leaving this screen does not end it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.runbook.plan import Status
from tui.widgets.lines_view import LinesView
from tui.widgets.progress_lines import progress_lines
from tui.widgets.signs import STATUS_SIGN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import ClassVar

    from textual.app import ComposeResult

    from tui.runbook.plan import Plan
    from tui.screens.model import Model
    from tui.widgets.lines import Line


class ProgressView(LinesView):
    """The steps."""

    def __init__(self, model: Model, plan: Plan) -> None:
        super().__init__(id="steps", classes="-scrolls")
        self._model, self._plan = model, plan

    def build(self, width: int, height: int) -> Sequence[Line]:
        panes = {pane.key: pane for pane in self._model.state.panes}
        future = next((future for plan, future in self._model.runs if plan is self._plan), None)
        outcome: dict[tuple[str, str], str] = {}
        failure = ""
        if future is not None and future.done():
            error = future.exception()
            failure = str(error) or type(error).__name__ if error else ""
            outcome = {} if error else {key: status.value for key, status in future.result().items()}
        done = future is not None and future.done()
        progress = {server.key: panes[server.key].progress if server.key in panes else () for server in self._plan.servers}
        return progress_lines(self._plan, progress, outcome, done, failure, width)


class ProgressScreen(ModalScreen[None]):
    """Esc hides it; ``o`` shows it again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c,enter,o", "hide", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pageup", "scroll(-8)", show=False),
        Binding("pagedown,space", "scroll(8)", show=False),
    ]
    DEFAULT_CSS = """
    ProgressScreen { align: center middle; background: $background 60%; }
    ProgressScreen:ansi { background: ansi_default; }
    ProgressScreen > Vertical {
        width: 90%; min-width: 58; max-width: 120; height: 80%;
        border: round $primary; padding: 0 1; background: $background;
    }
    ProgressScreen #steps { height: 1fr; }
    """

    def __init__(self, model: Model, plan: Plan) -> None:
        super().__init__()
        self._model, self._plan = model, plan
        self._followed: int | None = None

    def compose(self) -> ComposeResult:
        with Vertical():
            yield ProgressView(self._model, self._plan)

    def on_mount(self) -> None:
        self.set_interval(0.25, self.redraw)  # the future ends without a word to the board

    def redraw(self) -> None:
        """Only rows that changed are painted; the step that runs is kept in sight."""
        view = self.query_one(ProgressView)
        view.redraw()
        running = next((at for at, row in enumerate(view.lines) if row.text.startswith(f" {STATUS_SIGN[Status.RUNNING].text} ")), None)
        if running is not None and running != self._followed:
            self._followed = running
            view.show_row(min(running + 3, len(view.lines) - 1))

    def action_hide(self) -> None:
        self.dismiss(None)

    def action_scroll(self, rows: int) -> None:
        view = self.query_one(ProgressView)
        view.scroll_to(y=view.scroll_offset.y + rows, animate=False)
