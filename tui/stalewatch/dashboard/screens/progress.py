"""A runbook while it runs: every step of every server, as it happens. Leaving this screen does not end it."""

from __future__ import annotations

from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from textual.binding import BindingType
from textual.containers import Vertical

from stalewatch.dashboard.actions import PROGRESS
from stalewatch.dashboard.render.lines import Span, line
from stalewatch.dashboard.render.progress_lines import RunState, head_lines, hint, progress_lines
from stalewatch.dashboard.render.signs import STATUS_SIGN
from stalewatch.dashboard.screens.scroll_modal import ScrollModal
from stalewatch.dashboard.widgets.bindings import dialog_bindings
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.runbook.plan import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import ClassVar

    from textual.app import ComposeResult

    from stalewatch.dashboard.model import Model
    from stalewatch.dashboard.render.lines import Line
    from stalewatch.runbook.plan import Plan


def run_of(model: Model, plan: Plan) -> RunState:
    """The runbook of *plan* as it stands now."""
    panes = {pane.key: pane for pane in model.fleet.latest.panes}
    progress = {server.key: panes[server.key].progress if server.key in panes else () for server in plan.servers}
    future = next((future for known, future in model.fleet.runs if known is plan), None)
    if future is None or not future.done():
        return RunState(plan, progress, {})
    error = CancelledError() if future.cancelled() else future.exception()
    if error is not None:
        return RunState(plan, progress, {}, True, str(error) or type(error).__name__)
    return RunState(plan, progress, {key: status.value for key, status in future.result().items()}, True)


class ProgressHead(LinesView):
    """The state of the runbook: always in sight."""

    def __init__(self, model: Model, plan: Plan) -> None:
        super().__init__(id="run-head")
        self._model, self._plan = model, plan

    def build(self, width: int, height: int) -> Sequence[Line]:
        return head_lines(run_of(self._model, self._plan), width)


class ProgressHint(LinesView):
    """What keys do here."""

    def __init__(self, model: Model, plan: Plan) -> None:
        super().__init__(id="run-hint")
        self._model, self._plan = model, plan

    def build(self, width: int, height: int) -> Sequence[Line]:
        return [line(Span(hint(run_of(self._model, self._plan)), "muted"))]


class ProgressView(LinesView):
    """The steps."""

    def __init__(self, model: Model, plan: Plan) -> None:
        super().__init__(id="steps", classes="-scrolls")
        self._model, self._plan = model, plan

    def build(self, width: int, height: int) -> Sequence[Line]:
        return progress_lines(run_of(self._model, self._plan)._replace(clock=self._model.clock().coarse), width)


class ProgressScreen(ScrollModal[None]):
    """Esc hides it; ``o`` shows it again."""

    BINDINGS: ClassVar[list[BindingType]] = dialog_bindings(PROGRESS)
    DEFAULT_CSS = """
    ProgressScreen > Vertical { width: 94%; min-width: 58; max-width: 150; height: 90%; }
    ProgressScreen #run-head { height: 2; margin: 0 0 1 0; }
    ProgressScreen #steps { height: 1fr; }
    ProgressScreen #run-hint { height: 1; }
    """

    def __init__(self, model: Model, plan: Plan) -> None:
        super().__init__()
        self._model, self._plan = model, plan
        self._followed: int | None = None
        self._ended = False

    def compose(self) -> ComposeResult:
        with Vertical():
            yield ProgressHead(self._model, self._plan)
            yield ProgressView(self._model, self._plan)
            yield ProgressHint(self._model, self._plan)

    def on_mount(self) -> None:
        self.set_interval(0.25, self.redraw)  # the future ends without a word to the board

    def redraw(self) -> None:
        """Only rows that changed are painted; the step that runs is kept in sight; at the end, what failed, else the result."""
        head, view = self.query_one(ProgressHead), self.query_one(ProgressView)
        head.styles.height = max(2, len(head_lines(run_of(self._model, self._plan), head.room[0])))
        head.redraw()
        self.query_one(ProgressHint).redraw()
        view.redraw()
        running = _first(view.lines, Status.RUNNING)
        if running is not None and running != self._followed:
            self._followed = running
            view.show_row(min(running + 3, len(view.lines) - 1))
        if run_of(self._model, self._plan).done and not self._ended:
            self._ended = True
            view.show_row(_first(view.lines, Status.FAILED) or 0)

    @property
    def scrolled(self) -> ProgressView:
        return self.query_one(ProgressView)

    def action_hide(self) -> None:
        self.dismiss(None)


def _first(rows: Sequence[Line], status: Status) -> int | None:
    """Where the first step of *status* stands."""
    return next((at for at, row in enumerate(rows) if row.text.startswith(f" {STATUS_SIGN[status].text} ")), None)
