"""From the pollers to the board: the fleet is compared at most ten times a second, however many servers answer."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from stalewatch.diagnosis.unreachable import as_unreachable
from stalewatch.engine.board import Board, Pane
from stalewatch.engine.comparison import FleetComparison
from stalewatch.engine.listener import NOBODY, Listener
from stalewatch.engine.same_look import says_the_same
from stalewatch.model import reasons
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import Unseen
from stalewatch.model.text import safe
from stalewatch.probe.who import who
from stalewatch.timeline import changes, from_progress, history

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from stalewatch.model.inventory import AppKey, Fleet, Server
    from stalewatch.model.report import Report
    from stalewatch.model.text import SafeText
    from stalewatch.runbook.plan import Progress
    from stalewatch.timeline import Event
    from stalewatch.transport.link import ConnectStep

FLUSH = 0.1
MAX_PROGRESS = 60


class Publisher:
    """Holds the panes by key; everything happens in the engine's loop. *listener* is told what comes here.

    A replay has its own clock (*monotonic*), and is told the events too (*finds_events* False).
    """

    def __init__(
        self,
        board: Board,
        fleet: Fleet,
        listener: Listener = NOBODY,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        finds_events: bool = True,
    ) -> None:
        self._fleet = fleet
        self._board = board
        self._listener = listener
        self._monotonic = monotonic
        self._finds_events = finds_events
        self._panes: dict[AppKey, Pane] = {}
        self._keys: dict[str, list[AppKey]] | None = None
        self._published: dict[AppKey, Report] = {}
        self._dirty = asyncio.Event()
        self._moved: set[AppKey] = set()
        self._comparison = FleetComparison(fleet)

    def place_holder(self, server: Server) -> None:
        """The pane(s) of a server before anything is known of it, on the board at once."""
        for path in [app.path for app in server.apps] or [""]:
            pane = _empty_pane(server, safe(path))
            self._panes[pane.key] = pane
            self._board.put(pane)
        self._keys = None

    @property
    def panes(self) -> tuple[Pane, ...]:
        """All of them, not compared with each other."""
        return tuple(self._panes.values())

    def restore(self, panes: Iterable[Pane]) -> None:
        """Go on from *panes* of another moment."""
        self._panes = {pane.key: pane for pane in panes}
        self._keys = None

    def keys_of(self, server: str) -> list[AppKey]:
        """The panes of *server*."""
        if self._keys is None:
            self._keys = {}
            for key in self._panes:
                self._keys.setdefault(key[0], []).append(key)
        return self._keys.get(server, [])

    def report(self, key: AppKey) -> Report | None:
        """The latest report of a pane."""
        pane = self._panes.get(key)
        return pane.report if pane else None

    def connecting(self, server: str, step: ConnectStep) -> None:
        """A step of connecting begins; the error of the last try stays visible until a report comes."""
        self._listener.connecting(server, step)
        for key in self.keys_of(server):
            self._update(replace(self._panes[key], step=step, step_since=self._monotonic(), retry_at=None))

    def failed(self, server: str, error: Unseen, retry_at: float | None, reports: Iterable[Report]) -> None:
        """No link now. *reports*: what that makes of each pane."""
        self._listener.failed(server, error, None if retry_at is None else max(retry_at - self._monotonic(), 0.0))
        for key in self.keys_of(server):
            self._update(replace(self._panes[key], step="", error=error, retry_at=retry_at))
        for report in reports:
            self._put_report(report, received=False)

    def seen(self, server: Server, reports: tuple[Report, ...], took: float = 0.0) -> None:
        """A look succeeded. The first one takes the place of the place holder; an app that is gone is unknown from then on."""
        self._listener.seen(server.name, reports, took)
        if self._seen_again(server.name, reports):
            return
        waiting = [key for key in self.keys_of(server.name) if self._panes[key].report is None or key[1] == ""]
        for report in reports:
            if report.key not in self._panes:
                self._adopt(server, report, waiting.pop(0) if waiting else None)
            self._update(replace(self._panes[report.key], step="", error=None, retry_at=None))
            self._put_report(report, received=True)
        seen = {report.key for report in reports}
        for key in self.keys_of(server.name):
            last = self._panes[key].report
            if reports and key not in seen and last is not None and last.snapshot is not None:
                gone = reasons.APP_MISSING.unseen(f"{key[1]} was not found at the last look")
                self._update(replace(self._panes[key], step="", error=gone))
                self._put_report(as_unreachable(last, gone), received=False)

    def _seen_again(self, server: str, reports: tuple[Report, ...]) -> bool:
        """Whether a look told nothing new: then nothing is compared and nobody is told. Whoever asks gets the newest."""
        if len(reports) != len(self.keys_of(server)):
            return False
        panes: list[Pane] = []
        for report in reports:
            pane = self._panes.get(report.key)
            if pane is None or pane.report is None or report.key in self._moved or pane.step or pane.error or pane.retry_at is not None:
                return False
            if not self._comparison.is_settled(pane.report) or not says_the_same(pane.report, report):
                return False
            panes.append(replace(pane, report=report, received_at=self._monotonic()))
        for pane, report in zip(panes, reports, strict=True):
            self._panes[pane.key] = pane
            self._board.put_again(replace(pane, report=self._comparison.again(report)))
        return True

    def ended(self, why: Unseen) -> None:
        """Nobody looks any more: every pane is unknown, at once and for good. May be called when the loop is gone."""
        for pane in self._panes.values():
            report = as_unreachable(pane.report, why) if pane.report is not None else None
            self._board.put(replace(pane, report=report, error=why, step="", retry_at=None))

    def progress(self, progress: Progress) -> None:
        """One line of a running runbook, in its pane and on the timeline."""
        self._listener.progressed(progress)
        if self._finds_events:
            self._tell([from_progress(progress, who())])
        key = (progress.server, progress.app)
        if key in self._panes:
            kept = [line for line in self._panes[key].progress if line.step != progress.step]
            self._update(replace(self._panes[key], progress=tuple([*kept, progress][-MAX_PROGRESS:])))

    def clear_progress(self, key: AppKey) -> None:
        """A new runbook begins here."""
        if key in self._panes:
            self._update(replace(self._panes[key], progress=()))

    async def run(self) -> None:
        """Flush for ever."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            self.flush()
            await asyncio.sleep(FLUSH)

    def flush(self) -> None:
        """Put what changed on the board, with what only the whole fleet can tell: that may be of a server that did not answer now."""
        moved, self._moved = self._moved, set()
        reports = [pane.report for pane in self._panes.values() if pane.report is not None]
        compared = {report.key: report for report in self._comparison.update(reports)}
        for key in dict.fromkeys((*compared, *(key for key in moved if key in self._panes))):
            pane = self._panes[key]
            report = compared.get(key)
            self._board.put(pane if report is None else replace(pane, report=report))
            if report is not None and self._finds_events:
                self._add_events(report)

    def _add_events(self, report: Report) -> None:
        before = self._published.get(report.key)
        if before is report or (before is None and report.snapshot is None):
            return
        self._tell(history(report) if before is None or before.snapshot is None else changes(before, report))
        self._published[report.key] = report

    def _tell(self, events: Sequence[Event]) -> None:
        if events:
            self._listener.happened(events)
            self._board.add(events)

    def _adopt(self, server: Server, report: Report, replaces: AppKey | None) -> None:
        pane = _empty_pane(server, report.app)
        if replaces is not None:
            pane = replace(self._panes[replaces], app=report.app)
            self._panes = {(pane.key if key == replaces else key): old for key, old in self._panes.items()}
        self._panes[pane.key] = pane
        self._keys = None
        self._board.put(pane, replaces=replaces)

    def _put_report(self, report: Report, *, received: bool) -> None:
        if report.key in self._panes:
            pane = self._panes[report.key]
            self._update(replace(pane, report=report, received_at=self._monotonic() if received else pane.received_at))

    def _update(self, pane: Pane) -> None:
        self._panes[pane.key] = pane
        self._moved.add(pane.key)
        self._dirty.set()


def _empty_pane(server: Server, app: SafeText) -> Pane:
    return Pane(server=server.name, app=app, group=server.group, production=server.production, read_only=server.read_only)
