"""The lines of every watched log that were read since the dashboard began: a look tells the newest ones, here they are joined."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.timeline.logs import message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stalewatch.engine.board import Pane
    from stalewatch.model.inventory import AppKey
    from stalewatch.model.snapshot import LogFacts, LogLine
    from stalewatch.timeline import Event

KEPT, ALL_KEPT, LEAST_KEPT = 10_000, 50_000, 200
"""Lines of one log at most; of all logs together, but not less than so many of each: a line takes some 400 bytes."""


class LogEntry(NamedTuple):
    """One line. *number*: no other line has it, later ones have higher ones. *name*: of the file. *gap*: lines before it were not read."""

    number: int
    line: LogLine
    name: str
    gap: bool = False


class LogBook:
    """Changed by data only."""

    def __init__(self) -> None:
        self._logs: dict[tuple[str, str], deque[LogEntry]] = {}
        self._seen: dict[AppKey, tuple[LogFacts, ...]] = {}
        self._merged: tuple[object, list[LogEntry]] = (None, [])
        self._cut: set[tuple[str, str]] = set()
        self._next = 0

    def take(self, panes: Iterable[Pane]) -> None:
        """Add what is new in the logs of *panes*."""
        for pane in panes:
            logs = logs_of(pane)
            if logs is not self._seen.get(pane.key):
                self._seen[pane.key] = logs
                for log in logs:
                    self._add(pane.server, log)

    def forget(self) -> None:
        """Another moment is shown."""
        self._logs, self._seen, self._cut = {}, {}, set()

    def entries(self, pane: Pane) -> list[LogEntry]:
        """The lines of all logs of *pane* by time, those of one log in its own order; the same list until there is another line."""
        those = [found for log in logs_of(pane) if (found := self._logs.get((pane.server, log.path)))]
        key = (pane.key, *((each[0].number, each[-1].number) for each in those))
        if key != self._merged[0]:
            self._merged = (key, sorted((entry for each in those for entry in each), key=lambda entry: entry.line.at))
        return self._merged[1]

    def is_cut(self, pane: Pane) -> bool:
        """Whether older lines of its logs were dropped for newer ones."""
        return any((pane.server, log.path) in self._cut for log in logs_of(pane))

    def _add(self, server: str, log: LogFacts) -> None:
        known = self._logs.setdefault((server, log.path), deque())
        again = shared([entry.line for entry in islice(reversed(known), len(log.tail))][::-1], log.tail)
        gap = bool(known) and not again
        if gap and log.tail and log.tail[-1].at < known[-1].line.at:
            known.clear()  # another file has its name, or an earlier moment is shown
            gap = False
        name = log.path.rsplit("/", 1)[-1]
        for line in log.tail[again:]:
            known.append(LogEntry(self._next, line, name, gap))
            self._next += 1
            gap = False
        while len(known) > self._most:
            known.popleft()
            self._cut.add((server, log.path))

    @property
    def _most(self) -> int:
        return min(KEPT, max(LEAST_KEPT, ALL_KEPT // max(1, len(self._logs))))


def logs_of(pane: Pane) -> tuple[LogFacts, ...]:
    """The logs that are followed for *pane*."""
    host = pane.report.host if pane.report is not None else None
    return host.logs if host is not None else ()


def place_of(event: Event, entries: Sequence[LogEntry]) -> tuple[LogEntry, bool] | None:
    """The line that *event* tells of, and True; where that is not there any more the next one of the same log, else its last one, and
    False. None where nothing of that log was read."""
    those = [entry for entry in entries if entry.name == event.source]
    exact = [entry for entry in those if entry.line.at == event.at and f'"{message(entry.line)}"' == event.what]
    if exact:
        return exact[0], True
    later = [entry for entry in those if entry.line.at >= event.at] or those[-1:]
    return (later[0], False) if later else None


def shared(known: Sequence[LogLine], tail: Sequence[LogLine]) -> int:
    """How many lines at the begin of *tail* are those at the end of *known*."""
    return next((many for many in range(min(len(known), len(tail)), 0, -1) if list(known[-many:]) == list(tail[:many])), 0)
