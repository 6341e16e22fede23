"""What came from the engine: the latest State, since when each app is looked at, when old code ran, which alarms there are, and the
runbooks started here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard import order
from stalewatch.diagnosis.alarms import alarm_of
from stalewatch.engine.board import State
from stalewatch.timeline import doubted_since
from stalewatch.timeline.stale_spans import Spans, stale_spans

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from stalewatch.dashboard.engine_port import EnginePort
    from stalewatch.dashboard.render.sorting import Sorting
    from stalewatch.engine.board import Pane
    from stalewatch.model.alarm import Alarm
    from stalewatch.model.inventory import AppKey
    from stalewatch.model.report import Report
    from stalewatch.runbook.plan import Plan, Status


class FleetState:
    """Changed by the app's thread only, and by data only. *looked_since* and *doubted*: epoch seconds by the server's clock."""

    def __init__(self, engine: EnginePort) -> None:
        self._engine = engine
        self.latest = State(0, (), ())
        self.order: list[AppKey] = []
        self.stale_spans: dict[str, Spans] = {}
        self.alarms: dict[AppKey, Alarm] = {}
        self._units: dict[AppKey, str] = {}
        self.looked_since: dict[AppKey, float] = {}
        self.doubted: dict[AppKey, frozenset[float]] = {}
        self.runs: list[tuple[Plan, Future[dict[AppKey, Status]]]] = []

    def update(self) -> bool:
        """Take the board's newest; whether anything changed."""
        state = self._engine.board.consume()
        if state.version == self.latest.version:
            return False
        if state.restored != self.latest.restored:
            self._forget()
        self.stale_spans = stale_spans(self.stale_spans, _reports(state), _reports(self.latest))
        self.alarms = self._alarms(state.panes)
        self.latest = state
        if len(self.looked_since) < len(state.panes):
            first = {pane.key: pane.report.observed_at for pane in state.panes if pane.report and pane.report.observed_at is not None}
            self.looked_since = first | self.looked_since
        for pane in state.panes:
            if pane.report is not None and (at := doubted_since(pane.report)) is not None:
                self.doubted[pane.key] = self.doubted.get(pane.key, frozenset()) | {at}
        self.order = order.keep(self.order, state.panes)
        return True

    def _forget(self) -> None:
        """Another moment is shown: what came after it is not known yet."""
        self.latest = State(0, (), ())
        self.stale_spans, self.alarms, self.looked_since, self.doubted = {}, {}, {}, {}

    def _alarms(self, panes: Sequence[Pane]) -> dict[AppKey, Alarm]:
        """Of every pane that has one; what goes on keeps its *since*."""
        found = {}
        for pane in panes:
            if pane.report is not None and pane.report.fpm is not None and pane.report.fpm.unit:
                self._units[pane.key] = str(pane.report.fpm.unit)
            if (alarm := alarm_of(pane.report, pane.error, self._units.get(pane.key, ""))) is not None:
                known = self.alarms.get(pane.key)
                seen = pane.report.observed_at if pane.report is not None else None
                found[pane.key] = alarm._replace(since=known.since if known is not None and known.word == alarm.word else seen)
        return found

    def reorder(self, panes: Sequence[Pane], sorting: Sorting) -> None:
        """Order *panes* by *sorting*."""
        self.order = order.ordered(panes, sorting, self.alarms)

    def running(self) -> bool:
        """Whether a runbook that was started here is under way."""
        return any(not future.done() for _, future in self.runs)


def _reports(state: State) -> list[Report]:
    return [pane.report for pane in state.panes if pane.report is not None]
