"""Follows one watched log over there: the recent history at first, then what was added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.probe.laravel_log import parse_log, whole_lines, zone_offset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.inventory import LogWatch
    from tui.probe.host import Host
    from tui.probe.records import FileRecord
    from tui.snapshot import LogLine

HISTORY = 64 * 1024
STEP = 16 * 1024


class LogTail:
    """One log. A file that became shorter, or another one (rotation), is read from its start."""

    def __init__(self, watch: LogWatch, root: str) -> None:
        self._watch = watch
        self.path = watch.path if watch.path.startswith("/") else f"{root}/{watch.path}"
        self._named = self.path
        self._offset: int | None = None
        self._inode = 0
        self._zone = 0.0

    @property
    def daily(self) -> str:
        """The pattern of Laravel's ``daily`` channel: ``laravel-2026-11-24.log`` beside ``laravel.log``."""
        stem, dot, ending = self._named.rpartition(".")
        return f"{stem}-[0-9]*{dot}{ending}" if dot else ""

    def choose(self, named: FileRecord | None, daily: Iterable[FileRecord]) -> None:
        """Follow the named log where it is there, else the newest of its daily ones."""
        newest = max(daily, key=lambda record: record.mtime, default=None)
        self.path = newest.path if named is None and newest is not None else self._named

    async def read(self, host: Host, record: FileRecord | None, now: float) -> tuple[LogLine, ...]:
        """New lines, at most :data:`STEP` bytes of them (what is skipped of a flood is its beginning). Raises LinkError."""
        if record is None:
            return ()
        first = self._offset is None
        limit = HISTORY if first else STEP
        start = self._offset or 0
        if record.inode != self._inode or record.size < start:
            start = 0
        self._inode = record.inode
        skipped = max(start, record.size - limit)
        if record.size <= start:
            self._offset = record.size
            return ()
        (block,) = await host.ask(("log", self.path, str(skipped), str(limit)))
        section = block.first("log")
        content, length = whole_lines(section.payload if section else b"")
        if not length and section is not None and len(section.payload) >= limit:
            length = len(section.payload)  # one line longer than we take: leave it behind
        self._offset = skipped + length
        text = content.decode("utf-8", "surrogateescape")
        if skipped > start:
            text = text.partition("\n")[2]  # the first line is cut
        if first or not self._zone:
            self._zone = zone_offset(text, record.mtime)
        return parse_log(text, self._watch, read_at=now, offset=self._zone)
