"""What every screen shares: the View, which panes it shows and in what order, and what keys would act on. Knows nothing of Textual."""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING

from stalewatch.dashboard import order
from stalewatch.dashboard.actions import ActionContext
from stalewatch.dashboard.fleet_state import FleetState
from stalewatch.dashboard.render import presence, report_parts, their_runbook
from stalewatch.dashboard.render.heading import Heading, Replayed
from stalewatch.dashboard.render.names import Shared
from stalewatch.dashboard.render.pane_lines import RenderOptions, verdict_of
from stalewatch.dashboard.render.times import Zone
from stalewatch.dashboard.timeline_model import TimelineModel
from stalewatch.dashboard.view import Frozen, View
from stalewatch.diagnosis.alarms import FPM_DOWN, HOST_KEY_CHANGED
from stalewatch.model.memo import Memo, Memos
from stalewatch.model.replace import replace
from stalewatch.model.report import Verdict
from stalewatch.runbook.fix_command import fix_command

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from stalewatch.dashboard.engine_port import EnginePort, Playback
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.engine.board import Pane, State
    from stalewatch.model.cause import Cause
    from stalewatch.model.inventory import AppKey
    from stalewatch.runbook.plan import Plan
    from stalewatch.timeline.incident import IncidentStory

KEPT = "read_only is set in stalewatch.toml: only who may change that acts here"
"""Who may do what the key would."""
AIMED = 1.0
"""Seconds that a key is on its way from the eye to the hand."""
DONE_BEFORE = 12 * 3600
"""Seconds before the first look from which on a report tells what was done from this machine."""


class Model:
    """Changed by the app's thread only. *now* is epoch seconds, *monotonic* for waiting times.

    *fleet*: what the engine told; *timeline*: what lanes and list show of it. *tabular*: whether the fleet is shown as a table.
    *recording*: the file that this is recorded in ("" none). *acting*: what acts in place of a dashboard that only watches ("": the
    command for that server).
    """

    def __init__(
        self,
        engine: EnginePort,
        title: str,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        playback: Playback | None = None,
        recording: str = "",
        report: Callable[[IncidentStory], str] = lambda _: "",
        acting: str = "",
    ) -> None:
        self.engine = engine
        self.title = title
        self.playback = playback
        self.recording = recording
        self._report, self._acting = report, acting
        self.now, self.monotonic = now, monotonic
        self.view = View()
        self.fleet = FleetState(engine)
        self.timeline = TimelineModel(self)
        self.last_key: float | None = None
        self._drawn, self._came_at = "", -inf
        self._drawn_how: object = None
        self.tabular = False
        self._panes: Memo[list[Pane]] = Memo()
        self._has_groups: Memo[bool] = Memo()
        self._shared: Memo[Shared] = Memo()
        self._names: Memo[tuple[str, ...]] = Memo()
        self._watchers: Memo[tuple[str, ...]] = Memo()
        self._titles: Memo[str] = Memo()
        self._unkeyed: Memos[Cause] = Memos()
        self._worst: Memo[Pane | None] = Memo()

    # ------------------------------------------------------------------------------------------------------------- what is shown

    @property
    def shown(self) -> State:
        """The live state, or the frozen one."""
        return self.view.frozen.state if self.view.frozen else self.fleet.latest

    @property
    def is_stale(self) -> bool:
        """Whether old code runs anywhere."""
        return any(verdict_of(pane) is Verdict.STALE for pane in self.fleet.latest.panes)

    def note_before(self, plan: Plan) -> None:
        """Remember what the apps of *plan* are before it runs."""
        from stalewatch.dashboard.render.channel_lines import BeforeFix

        for server in plan.servers:
            pane = next((pane for pane in self.fleet.latest.panes if pane.key == server.key), None)
            if pane is not None and pane.report is not None:
                self.fleet.before[server.key] = BeforeFix(pane.report.stale_since, self.fleet.cause(pane))

    def incident_report(self) -> str:
        """What was seen from here since it was begun, and what was done from this machine, as ``stalewatch report`` tells it."""
        from stalewatch.runbook.audit_log import entries_since
        from stalewatch.runbook.audited_steps import steps_taken

        self.fleet.take_again()
        panes, events = self.fleet.latest.panes, self.fleet.latest.events
        looked = [pane.report.observed_at for pane in panes if pane.report is not None and pane.report.observed_at is not None]
        begun = min([*self.fleet.looked_since.values(), *looked], default=self.now())
        keys = {(pane.server, str(pane.app)) for pane in panes}
        steps = () if self.playback is not None else steps_taken(entries_since(begun - DONE_BEFORE), keys)
        return self._report(self.fleet.teller.told(events, steps, begun=begun, ended=max(looked, default=self.now())))

    def freeze(self) -> None:
        """Freeze the screen, or continue live."""
        frozen = None if self.view.frozen else Frozen(self.fleet.latest, self.now(), self.monotonic(), self.fleet.stale_spans)
        self.view = replace(self.view, frozen=frozen)

    def clock(self) -> Clock:
        """The clock to draw with; in the servers' zones it is in that of the selected one."""
        clock = self.view.clock(self.now())
        chosen = self.selected() if self.view.zone is Zone.SERVER else None
        host = chosen.report.host if chosen is not None and chosen.report is not None else None
        return clock.there(host.utc_offset, 0.0) if host is not None else clock

    def may_move(self) -> bool:
        """Whether the order may change by itself now."""
        return self.last_key is None or self.monotonic() - self.last_key >= order.QUIET

    def reorder(self, force: bool = False) -> None:
        """Put the worst first, or whatever the chosen column says, if that may be done now."""
        if force or self.may_move():
            self.fleet.reorder(self.shown.panes, self.view.sorting)

    def note_drawn(self) -> None:
        """The selected server is drawn as such from now on."""
        chosen = self.selected()
        server, how = chosen.server if chosen is not None else "", (self.view.filter, self.view.sorting, self.grouped)
        if server != self._drawn and self._drawn and self.view.selected is None and how == self._drawn_how:
            self._came_at = self.monotonic()
        self._drawn, self._drawn_how = server, how

    def has_just_come(self) -> str:
        """The server that has come under the cursor by itself so recently that a key was aimed at the one before; "" none."""
        free = self.view.selected is None and not self.view.marked
        return self._drawn if free and self.monotonic() - self._came_at < AIMED else ""

    @property
    def grouped(self) -> bool:
        """Whether servers stand group by group: as chosen, else in the table where there are groups (a filter changes nothing about it)."""
        if self.view.grouped is not None:
            return self.view.grouped
        panes = self.shown.panes
        return self.tabular and self._has_groups.get(lambda: order.has_groups(panes), (panes,))

    def panes(self) -> Sequence[Pane]:
        """What the filter lets through, in order; made once per state, order and filter."""
        shown, keys, words, grouped = self.shown, self.fleet.order, self.view.filter, self.grouped

        def make() -> list[Pane]:
            known = {pane.key: pane for pane in shown.panes}
            panes = [known[key] for key in order.keep(keys, shown.panes)]
            kept = [pane for pane in panes if order.matches(pane, words)] if words else panes
            return order.by_group(kept) if grouped else kept

        return self._panes.get(make, (shown, keys), (words, grouped))

    def selected(self) -> Pane | None:
        """The pane under the cursor: the worst until somebody chose one."""
        panes = self.panes()
        return next((pane for pane in panes if pane.key == self.view.selected), panes[0] if panes else None)

    def pane(self, key: AppKey) -> Pane | None:
        return next((pane for pane in self.shown.panes if pane.key == key), None)

    def heir(self, key: AppKey) -> AppKey:
        """*key*, or that of the first app that was found on its server meanwhile, in whose place it stood while we connected."""
        heirs = (pane.key for pane in self.shown.panes if pane.server == key[0])
        return key if self.pane(key) is not None else next(heirs, key)

    def shared(self) -> Shared:
        """What the names of all servers have in common; made once as long as they are the same."""
        panes = self.shown.panes
        names = self._names.get(lambda: tuple(pane.server for pane in panes), (panes,))
        return self._shared.get(lambda: Shared.of(names), equal=names)

    def render_options(self, panes: Sequence[Pane], focused: int) -> list[RenderOptions]:
        """How *panes* are drawn now; *focused*: the place of the one that has the keys (-1: none)."""
        monotonic = self.view.frozen.monotonic if self.view.frozen else self.monotonic()
        clock, marked, threshold = self.clock().coarse, self.view.marked, self.engine.fleet.thresholds.hit_rate
        made: dict[tuple[bool, bool, bool], RenderOptions] = {}
        shared = self.shared()
        alarms = self.fleet.alarms
        options: list[RenderOptions] = []
        for at, pane in enumerate(panes):
            kind = (bool(pane.step or pane.error), at == focused, bool(marked) and pane.key in marked)
            if kind not in made:
                made[kind] = RenderOptions(clock, monotonic if kind[0] else 0.0, kind[1], kind[2], threshold, shared=shared)
            options.append(made[kind] if pane.key not in alarms else made[kind]._replace(alarm=alarms[pane.key]))
        return options

    def with_log(self, pane: Pane, options: RenderOptions) -> RenderOptions:
        """*options* with what explains *pane*, and what its logs say."""
        options = options._replace(cause=self.cause(pane))
        return options._replace(log=self.timeline.log_of(pane, report_parts.clock_of(pane.report, options.clock).here))

    def cause(self, pane: Pane) -> Cause | None:
        """What explains *pane*, with the key that ends it where that may act now: not while a runbook runs. Where it never may, who may."""
        cause = self.fleet.cause(pane)
        kept = self._kept(pane)
        off = self.engine.read_only or kept or self.fleet.running() or self.fleet.lock_of_others(pane) is not None
        if cause is None or not cause.keyed or not off:
            return cause
        return self._unkeyed.get(pane.key, lambda: replace(cause, keyed=False, press="", kept=kept), (cause,), kept)

    def _kept(self, pane: Pane) -> str:
        """Why nothing may be done about *pane* from here, and what may; "" where it may, or it is only watched once more."""
        if self.playback is not None:
            return ""
        if pane.read_only:
            return KEPT
        if not self.engine.read_only or pane.report is None:
            return ""
        return f"read-only here: {self._acting or fix_command(pane.report)}"

    def why(self, keys: Collection[AppKey]) -> dict[AppKey, str]:
        """Of each of *keys* that is explained, the sentence: what runs, what the disk has, why nobody noticed."""
        shown = [pane for pane in self.fleet.latest.panes if pane.key in keys]
        causes = [(pane, cause) for pane in shown if (cause := self.fleet.cause(pane)) is not None and cause.sentence]
        return {pane.key: report_parts.clock_of(pane.report, self.clock()).told(cause.sentence) for pane, cause in causes}

    def worst_cause(self) -> tuple[Pane, Cause] | None:
        """What explains the worst of all panes, and that pane: of several, the one that runs old code for longest."""
        panes = self.shown.panes
        pane = self._worst.get(lambda: min(filter(_is_bad, panes), key=_worst_first, default=None), (panes,))
        cause = self.cause(pane) if pane is not None else None
        return (pane, cause) if pane is not None and cause is not None else None

    def heading(self) -> Heading:
        frozen = self.monotonic() - self.view.frozen.monotonic if self.view.frozen else None
        panes = self.shown.panes
        replay = Replayed.of(self.playback, self.clock()) if self.playback is not None else None
        return Heading(
            self.title or self._titles.get(lambda: _groups(panes), (panes,)),
            panes,
            self.engine.read_only and replay is None,
            frozen,
            self.fleet.alarms,
            *self._marks(),
            replay,
            self.fleet.under_way(),
            self._watchers.get(lambda: presence.watchers(panes), (panes,)),
            bool(self.recording),
        )

    def _marks(self) -> tuple[int, int]:
        """How many panes are marked, and how many of them the filter hides."""
        marked = self.view.marked
        hidden = len(marked - {pane.key for pane in self.panes()}) if marked and self.view.filter else 0
        return len(marked), hidden

    # ------------------------------------------------------------------------------------------------------------- what keys act on

    def targets(self, key: AppKey | None = None) -> list[Pane]:
        """The marked panes, else the focused one; *key*: that one only. What the filter hides is not acted on: nobody sees that it is
        marked."""
        live = self.fleet.latest.panes
        if key is not None:
            return [pane for pane in live if pane.key == key]
        shown = {pane.key for pane in self.panes()} if self.view.marked else set()
        marked = [pane for pane in live if pane.key in self.view.marked & shown]
        chosen = self.selected()
        return marked or ([chosen] if chosen else [])

    def _held(self, panes: Sequence[Pane]) -> str:
        """Whose runbook runs on all of *panes*; "" where one of them is free."""
        locks = [self.fleet.lock_of_others(pane) for pane in panes]
        if not panes or locks[0] is None or None in locks:
            return ""
        return their_runbook.words(locks[0], report_parts.clock_of(panes[0].report, self.clock()))

    def context(self, screen: str, key: AppKey | None = None) -> ActionContext:
        panes, alarms = self.targets(key), self.fleet.alarms
        found = [alarms.get(pane.key) for pane in panes]
        alarm = next(filter(None, found), None)
        words = {each.word if each is not None else "" for each in found}
        return ActionContext(
            screen=screen,
            read_only=self.engine.read_only,
            replay=self.playback is not None,
            kept=bool(panes) and all(pane.read_only for pane in panes),
            held=self._held(panes),
            down=words == {FPM_DOWN},
            barred=words == {HOST_KEY_CHANGED},
            alarm=alarm.word if alarm is not None else "",
            ends=alarm.command if alarm is not None else "",
            stepless=alarm is not None and not any(pane.report is not None and self.fleet.fixes(pane.report) for pane in panes),
            verdicts=tuple(verdict_of(pane) for pane in panes),
            seen=any(pane.report is not None and pane.report.snapshot is not None for pane in panes),
            running=self.fleet.running(),
            marked=len(self.view.marked),
            frozen=self.view.frozen is not None,
            filtered=bool(self.view.filter),
            sorted_by=self.view.sorting.short,
        )


def _groups(panes: Sequence[Pane]) -> str:
    groups = dict.fromkeys(pane.group for pane in panes if pane.group)
    return " · ".join(list(groups)[:3])


def _is_bad(pane: Pane) -> bool:
    return pane.report is not None and pane.report.verdict.rank >= Verdict.UNKNOWN.rank


def _worst_first(pane: Pane) -> tuple[int, float]:
    report = pane.report
    return (-report.verdict.rank, report.stale_since or inf) if report is not None else (0, inf)
