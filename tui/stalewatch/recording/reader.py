"""Reads a recording: its header, then its entries with their times; and ``frames``, what was shown at each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stalewatch.model import figures
from stalewatch.model.errors import UsageError
from stalewatch.model.report import Report
from stalewatch.recording.codec import DamagedLine, entry_of, header_of
from stalewatch.recording.entries import Entry
from stalewatch.recording.judged_again import JudgedAgain
from stalewatch.recording.recording_file import RecordedLines
from stalewatch.recording.stage import Stage
from stalewatch.timeline import Event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMED = 3


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What was shown once *entry* had come: a report of every app that was looked at, and all events so far, sorted by time."""

    at: float
    entry: Entry
    reports: tuple[Report, ...]
    events: tuple[Event, ...]


class Recording:
    """The recording at *path*. Raises UsageError where it is none, or is of a version that is newer than we are.

    *lost*: the numbers of the lines that are damaged, known when they have been read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = RecordedLines(path)
        first = next(iter(self._lines), None)
        if first is None:
            raise UsageError(f"{path} is empty, or was cut off in its first line", grant="stalewatch record FILE makes a recording")
        self.header = header_of(first, str(path))
        self.lost: list[int] = []
        self._judge = JudgedAgain(self.header.fleet.thresholds)

    def entries(self) -> Iterator[Entry | None]:
        """All of them, in the order in which they came; None in the place of a line that is damaged."""
        self.lost.clear()
        for number, line in enumerate(self._lines, 1):
            if number == 1 or not line:
                continue
            try:
                yield entry_of(line)
            except DamagedLine:
                self.lost.append(number)
                yield None

    def frames(self) -> Iterator[Frame]:
        """What was shown, entry by entry: reports are diagnosed again, as they were then."""
        stage = Stage(self.header.fleet, self.header.begun)
        self._judge = stage.judge
        for entry in self.entries():
            if entry is None:
                stage.judge.lost()
                continue
            stage.play(entry)
            shown = stage.board.snapshot()
            reports = tuple(pane.report for pane in shown.panes if pane.report is not None)
            yield Frame(at=entry.at, entry=entry, reports=reports, events=shown.events)

    def remarks(self) -> tuple[str, ...]:
        """What is wrong with the file, in words; known when it has been read."""
        said = []
        if self._lines.ends_early:
            said.append(f"{self._path} ends early: it was not stopped but cut off")
        if self.lost:
            numbers = figures.several([str(number) for number in self.lost], NAMED)
            also = f", and {figures.count(self._judge.skipped, 'look')} that built on them" if self._judge.skipped else ""
            said.append(f"{self._path} is damaged: line {numbers} left out{also}")
        return tuple(said)
