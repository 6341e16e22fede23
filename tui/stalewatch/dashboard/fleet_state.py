"""What came from the engine: the latest State, since when each app is looked at, when old code ran, which alarms there are, what explains
them, and the runbooks started here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard import order
from stalewatch.dashboard.log_book import LogBook
from stalewatch.dashboard.render.runbooks import ours
from stalewatch.dashboard.render.their_runbook import lock_of, running
from stalewatch.diagnosis.alarms import alarm_of
from stalewatch.engine.board import State
from stalewatch.model.memo import Memos
from stalewatch.model.step_names import LOCK
from stalewatch.probe.who import who
from stalewatch.runbook.plan import Status
from stalewatch.timeline import doubted_since
from stalewatch.timeline.incident import IncidentTeller
from stalewatch.timeline.stale_spans import Spans, stale_spans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from stalewatch.dashboard.engine_port import EnginePort
    from stalewatch.dashboard.render.channel_lines import BeforeFix, EndedRunbook
    from stalewatch.dashboard.render.runbooks import Running
    from stalewatch.dashboard.render.sorting import Sorting
    from stalewatch.engine.board import Pane
    from stalewatch.model.alarm import Alarm
    from stalewatch.model.cause import Cause
    from stalewatch.model.inventory import AppKey
    from stalewatch.model.report import Remedy, Report
    from stalewatch.model.snapshot import LockHolder
    from stalewatch.runbook.ending import Ending
    from stalewatch.runbook.plan import Plan


class FleetState:
    """Changed by the app's thread only, and by data only. *looked_since* and *doubted*: epoch seconds by the server's clock."""

    def __init__(self, engine: EnginePort) -> None:
        self._engine = engine
        self.latest = State(0, (), ())
        self._known: dict[AppKey, Pane] = {}
        self._locked: list[Pane] = []
        self._newest: list[Report] = []
        self._again = 0
        self.order: list[AppKey] = []
        self.logs = LogBook()
        self.stale_spans: dict[str, Spans] = {}
        self.alarms: dict[AppKey, Alarm] = {}
        self._causes: Memos[Cause | None] = Memos()
        self._planned: Memos[Ending] = Memos()
        self._endings: Memos[Mapping[tuple[str, str], tuple[Remedy, ...]]] = Memos()
        self._units: dict[AppKey, str] = {}
        self.looked_since: dict[AppKey, float] = {}
        self.doubted: dict[AppKey, frozenset[float]] = {}
        self.before: dict[AppKey, BeforeFix] = {}
        self.teller = IncidentTeller()
        self._own_locks: set[tuple[str, str, float]] = set()
        self.runs: list[tuple[Plan, Future[dict[AppKey, Status]]]] = []

    def update(self) -> bool:
        """Take the board's newest; whether anything changed."""
        state = self._engine.board.consume()
        if state.version == self.latest.version:
            return False
        if state.restored != self.latest.restored:
            self._forget()
        known = self._known
        moved = [pane for pane in state.panes if known.get(pane.key) is not pane]
        reports, servers = [pane.report for pane in moved if pane.report is not None], {pane.server for pane in moved}
        around = [pane.report for pane in state.panes if pane.server in servers and pane.report is not None]
        earlier = [report for report in self._newest if report.server in servers]
        self.stale_spans = stale_spans(self.stale_spans, around, earlier)
        self._newest, self._again = _reports(state), state.again
        self._note_alarms(moved, state.panes)
        self.logs.take(moved)
        self._show(state)
        self.teller.saw(reports, self.stale_spans)
        self._remember_own_locks()
        if len(self.looked_since) < len(state.panes):
            first = {report.key: report.observed_at for report in self._newest if report.observed_at is not None}
            self.looked_since = first | self.looked_since
        for report in reports:
            if (at := doubted_since(report)) is not None:
                self.doubted[report.key] = self.doubted.get(report.key, frozenset()) | {at}
        if known.keys() != self._known.keys():
            self.order = order.keep(self.order, state.panes)
        return True

    def _show(self, state: State) -> None:
        self.latest = state
        self._known = {pane.key: pane for pane in state.panes}
        self._locked = [pane for pane in state.panes if lock_of(pane) is not None]

    def take_again(self) -> bool:
        """Take what was looked at again and told nothing new; whether there is any. What counts the time since a look wants it."""
        if self._engine.board.again == self.latest.again:
            return False
        state = self._engine.board.snapshot()
        if state.version != self.latest.version:  # more than that: it is taken by `update`
            return False
        self._show(state)
        self._newest, self._again = _reports(state), state.again
        return True

    def note_again(self) -> None:
        """Remember when everything was last seen as it is, without drawing it: when old code ended is told by it."""
        if self._engine.board.again != self._again:
            state = self._engine.board.snapshot()
            if state.version == self.latest.version:
                self._newest, self._again = _reports(state), state.again

    def _forget(self) -> None:
        """Another moment is shown: what came after it is not known yet."""
        self.teller = IncidentTeller()
        self._show(State(0, (), ()))
        self._newest = []
        self.logs.forget()
        self.stale_spans, self.alarms, self.looked_since, self.doubted = {}, {}, {}, {}

    def _note_alarms(self, moved: Sequence[Pane], panes: Sequence[Pane]) -> None:
        """Of every pane that has one, in their order; what goes on keeps its *since*."""
        found: dict[AppKey, Alarm | None] = {}
        for pane in moved:
            if pane.report is not None and pane.report.fpm is not None and pane.report.fpm.unit:
                self._units[pane.key] = str(pane.report.fpm.unit)
            found[pane.key] = alarm = alarm_of(pane.report, pane.error, self._units.get(pane.key, ""))
            if alarm is not None:
                known = self.alarms.get(pane.key)
                goes_on = known is not None and known.word == alarm.word
                found[pane.key] = alarm._replace(since=known.since, began=known.began) if goes_on and known else self._begun(alarm, pane)
        if any(found.values()) or self.alarms:
            now = self.alarms | found
            self.alarms = {pane.key: alarm for pane in panes if (alarm := now.get(pane.key)) is not None}

    def _begun(self, alarm: Alarm, pane: Pane) -> Alarm:
        """*alarm* of *pane*, which it had not when it was seen before."""
        before = self._known.get(pane.key)
        well = before is not None and before.report is not None and before.report.snapshot is not None and before.report.last_seen is None
        return alarm._replace(since=pane.report.observed_at if pane.report is not None else None, began=well)

    def cause(self, pane: Pane) -> Cause | None:
        """Why the code of *pane* is not known to be that on its disk; made once per report. None: it is, or nothing was seen yet."""
        report = pane.report
        if report is None:
            return None
        return self._causes.get(pane.key, lambda: _explained(report, self._ending(report)), (report,))

    def endings(self, report: Report) -> Mapping[tuple[str, str], tuple[Remedy, ...]]:
        """What the key that fixes would do about each finding of *report*; made once per report."""
        return self._endings.get(report.key, lambda: _endings(self._ending(report)), (report,))

    def fixes(self, report: Report) -> bool:
        """Whether the key that fixes would do anything about *report*."""
        return bool(self._ending(report).acting)

    def _ending(self, report: Report) -> Ending:
        """What the key that fixes would do about *report*: planned once for the cause and for each finding."""
        return self._planned.get(report.key, lambda: _ending(report), (report,))

    def reorder(self, panes: Sequence[Pane], sorting: Sorting) -> None:
        """Order *panes* by *sorting*."""
        self.order = order.ordered(panes, sorting, self.alarms)

    def under_way(self) -> tuple[Running, ...]:
        """The runbooks that run now: ours, and other people's, each once although all apps of a server share its lock."""
        locks = [(pane.server, lock) for pane in self._locked if (lock := self.lock_of_others(pane)) is not None]
        theirs = {(server, lock.who, lock.since): running(server, lock) for server, lock in locks}
        progress = {pane.key: pane.progress for pane in self.latest.panes} if self.runs else {}
        return (*(ours(plan, progress) for plan, future in self.runs if not future.done()), *theirs.values())

    def lock_of_others(self, pane: Pane) -> LockHolder | None:
        """Who else runs a runbook there."""
        lock = lock_of(pane)
        return lock if lock is not None and (pane.server, lock.who, lock.since) not in self._own_locks else None

    def _remember_own_locks(self) -> None:
        """While a runbook of ours runs on a server, the lock there is ours: also when a look shows it a moment longer."""
        servers = {server.server for plan, future in self.runs if not future.done() for server in plan.servers}
        if servers:
            seen = ((pane, lock_of(pane)) for pane in self._locked if pane.server in servers and _has_lock(pane))
            self._own_locks |= {(pane.server, lock.who, lock.since) for pane, lock in seen if lock is not None}

    def last_ended(self, key: AppKey | None = None) -> EndedRunbook | None:
        """The last runbook that was started here (*key*: for that app, too), once it has ended as it should."""
        from stalewatch.dashboard.render.channel_lines import BeforeFix, EndedRunbook

        runs = (run for run in reversed(self.runs) if key is None or any(server.key == key for server in run[0].servers))
        plan, future = next(runs, (None, None))
        if plan is None or future is None or not future.done() or future.cancelled() or future.exception() is not None:
            return None
        before = {server.key: self.before.get(server.key, BeforeFix(None, None)) for server in plan.servers}
        return EndedRunbook(plan, future.result(), before, who())

    def running(self) -> bool:
        """Whether a runbook that was started here is under way."""
        return any(not future.done() for _, future in self.runs)


# What plans needs all rules: the first frame needs none, and the engine has them before a report.


def _explained(report: Report, ending: Ending) -> Cause | None:
    from stalewatch.runbook.ending import explained

    return explained(report, ending)


def _ending(report: Report) -> Ending:
    from stalewatch.runbook.ending import Ending

    return Ending(report)


def _endings(ending: Ending) -> Mapping[tuple[str, str], tuple[Remedy, ...]]:
    from stalewatch.runbook.ending import endings

    return endings(ending)


def _reports(state: State) -> list[Report]:
    return [pane.report for pane in state.panes if pane.report is not None]


def _has_lock(pane: Pane) -> bool:
    """Whether our runbook there has the lock."""
    return any(item.step == LOCK and item.status is Status.DONE for item in pane.progress)
