"""A runbook while it runs: every step of every server, as it happens. Leaving this screen does not end it."""

from __future__ import annotations

from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from textual.binding import BindingType
from textual.containers import Vertical

from stalewatch.dashboard.actions import PROGRESS
from stalewatch.dashboard.render import report_parts
from stalewatch.dashboard.render.lines import Span, crop, line
from stalewatch.dashboard.render.progress_lines import RunState, head_lines, hint, progress_lines
from stalewatch.dashboard.render.signs import STATUS_SIGN, VERDICT_WORD
from stalewatch.dashboard.render.their_runbook import lock_of, run_state
from stalewatch.dashboard.screens.scroll_modal import ScrollModal
from stalewatch.dashboard.widgets.bindings import dialog_bindings
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.model.report import Verdict
from stalewatch.runbook.plan import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import ClassVar

    from textual.app import ComposeResult

    from stalewatch.dashboard.model import Model
    from stalewatch.dashboard.render.lines import Line
    from stalewatch.model.inventory import AppKey
    from stalewatch.model.snapshot import LockHolder
    from stalewatch.runbook.plan import Plan


def run_of(model: Model, plan: Plan) -> RunState:
    """The runbook of *plan*, which was started here, as it stands now."""
    panes = {pane.key: pane for pane in model.fleet.latest.panes}
    progress = {server.key: panes[server.key].progress if server.key in panes else () for server in plan.servers}
    future = next((future for known, future in model.fleet.runs if known is plan), None)
    if future is None or not future.done():
        return RunState(plan, progress, {})
    error = CancelledError() if future.cancelled() else future.exception()
    if error is not None:
        return RunState(plan, progress, {}, True, str(error) or type(error).__name__)
    return RunState(plan, progress, {key: status.value for key, status in future.result().items()}, True)


class TheirRun:
    """Somebody else's runbook on the server of *key*, as it stands now; once the lock is gone, what was seen of it last."""

    def __init__(self, model: Model, key: AppKey, lock: LockHolder) -> None:
        self._model, self._key, self._lock = model, key, lock

    def __call__(self) -> RunState:
        pane = next((pane for pane in self._model.fleet.latest.panes if pane.key == self._key), None)
        now = lock_of(pane) if pane is not None else None
        is_on = now is not None and (now.who, now.since) == (self._lock.who, self._lock.since)
        if is_on and now is not None:
            self._lock = now
        report = pane.report if pane is not None else None
        verdict = VERDICT_WORD[report.verdict] if report is not None else VERDICT_WORD[Verdict.UNKNOWN]
        clock = report_parts.clock_of(report, self._model.clock())
        return run_state(self._key, self._lock, clock, over="" if is_on else verdict)


class ProgressHead(LinesView):
    """The state of the runbook: always in sight."""

    def __init__(self, run: Callable[[], RunState]) -> None:
        super().__init__(id="run-head")
        self._run = run

    def build(self, width: int, height: int) -> Sequence[Line]:
        return head_lines(self._run(), width)


class ProgressHint(LinesView):
    """What keys do here."""

    def __init__(self, run: Callable[[], RunState]) -> None:
        super().__init__(id="run-hint")
        self._run = run
        self._said = ""

    def say(self, words: str) -> None:
        """*words* instead, until the dialog is closed."""
        self._said = words
        self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:
        return [crop(line(Span(self._said or hint(self._run()), "muted")), width)]


class ProgressView(LinesView):
    """The steps."""

    def __init__(self, model: Model, run: Callable[[], RunState]) -> None:
        super().__init__(id="steps", classes="-scrolls")
        self._model, self._run = model, run

    def build(self, width: int, height: int) -> Sequence[Line]:
        return progress_lines(self._run()._replace(clock=self._model.clock().coarse), width)


class ProgressScreen(ScrollModal[None]):
    """*run*: a runbook as it stands now; *copy* puts its result into the clipboard and says so. Esc hides it; ``o`` shows it again."""

    BINDINGS: ClassVar[list[BindingType]] = dialog_bindings(PROGRESS)
    DEFAULT_CSS = """
    ProgressScreen > Vertical { width: 94%; min-width: 50; max-width: 150; height: 90%; }
    ProgressScreen #run-head { height: 2; margin: 0 0 1 0; }
    ProgressScreen #steps { height: 1fr; }
    ProgressScreen #run-hint { height: 1; }
    """

    def __init__(self, model: Model, run: Callable[[], RunState], copy: Callable[[], str] | None = None) -> None:
        super().__init__()
        self._model, self._run, self._copy = model, run, copy
        self._hint = ProgressHint(run)
        self._followed: int | None = None
        self._ended = False

    def compose(self) -> ComposeResult:
        with Vertical():
            yield ProgressHead(self._run)
            yield ProgressView(self._model, self._run)
            yield self._hint

    def on_mount(self) -> None:
        self.set_interval(0.25, self.redraw)  # the future ends without a word to the board

    def redraw(self) -> None:
        """Only rows that changed are painted; the step that runs is kept in sight; at the end, what failed, else the result."""
        head, view = self.query_one(ProgressHead), self.query_one(ProgressView)
        head.styles.height = max(2, len(head_lines(self._run(), head.room[0])))
        head.redraw()
        self._hint.redraw()
        view.redraw()
        running = _first(view.lines, Status.RUNNING)
        if running is not None and running != self._followed:
            self._followed = running
            view.show_row(min(running + 3, len(view.lines) - 1))
        if self._run().done and not self._ended:
            self._ended = True
            view.show_row(_first(view.lines, Status.FAILED) or 0)

    @property
    def scrolled(self) -> ProgressView:
        return self.query_one(ProgressView)

    def action_copy_result(self) -> None:
        self._hint.say("this runbook is not yours: there is nothing to copy" if self._copy is None else self._copy())

    def action_hide(self) -> None:
        self.dismiss(None)


def _first(rows: Sequence[Line], status: Status) -> int | None:
    """Where the first step of *status* stands."""
    return next((at for at, row in enumerate(rows) if row.text.startswith(f" {STATUS_SIGN[status].text} ")), None)
