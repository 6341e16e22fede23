"""Entries of a recording -> the board, by the same publisher that shows what is live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.engine.board import Board
from stalewatch.engine.failures import unknown_reports
from stalewatch.engine.publisher import Publisher
from stalewatch.recording.entries import Connecting, Failed, Happened, Looked, Planned, Stepped
from stalewatch.recording.judged_again import JudgedAgain

if TYPE_CHECKING:
    from typing import Any

    from stalewatch.engine.board import Pane, State
    from stalewatch.model.inventory import AppKey, Fleet
    from stalewatch.recording.entries import Entry


class Moment:
    """How all was once: what :meth:`Stage.set` goes back to."""

    def __init__(self, at: float, shown: State, panes: tuple[Pane, ...], known: dict[AppKey, Any]) -> None:
        self.at = at
        self.shown = shown
        self.panes = panes
        self.known = known


class Stage:
    """Plays entries in their order. *at*: the time of the last one, by the clock of whoever recorded; it is the board's time too."""

    def __init__(self, fleet: Fleet, begun: float) -> None:
        self.board = Board()
        self.judge = JudgedAgain(fleet.thresholds)
        self.at = begun
        self._fleet = fleet
        self._servers = {server.name: server for server in fleet.servers}
        self._publisher = self._made()
        for server in fleet.servers:
            self._publisher.place_holder(server)

    def _made(self) -> Publisher:
        return Publisher(self.board, self._fleet, monotonic=lambda: self.at, finds_events=False)

    def play(self, entry: Entry) -> None:
        """Show what *entry* tells. One of a server that the first line does not name is left out."""
        self.at = max(self.at, entry.at)
        match entry:
            case Looked(server=name) if name in self._servers:
                if reports := self.judge.looked(entry):
                    self._publisher.seen(self._servers[name], reports)
            case Failed(server=name) if name in self._servers:
                self._failed(entry)
            case Connecting(server=name, step=step):
                self._publisher.connecting(name, step)
            case Happened(events=events):
                self.board.add(events)
            case Planned(servers=servers):
                for server in servers:
                    self._publisher.clear_progress((server.server, server.app))
            case Stepped(progress=progress):
                self._publisher.progress(progress)
        self._publisher.flush()

    def moment(self) -> Moment:
        """How all is now."""
        return Moment(self.at, self.board.snapshot(), self._publisher.panes, self.judge.known())

    def set(self, moment: Moment) -> None:
        """Be again as in *moment*."""
        self.at = moment.at
        self.judge.restore(moment.known)
        self._publisher = self._made()
        self._publisher.restore(moment.panes)
        self.board.restore(moment.shown)

    def _failed(self, entry: Failed) -> None:
        server = self._servers[entry.server]
        keys = self._publisher.keys_of(server.name)
        last = [report for key in keys if (report := self._publisher.report(key)) is not None]
        retry_at = None if entry.retry_in is None else entry.at + entry.retry_in
        reports = unknown_reports(server, [app for _, app in keys], last, entry.error)
        self._publisher.failed(server.name, entry.error, retry_at, reports)
