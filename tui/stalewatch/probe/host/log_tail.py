"""Follows one log on the server: first its recent history, then what is added."""

from __future__ import annotations

import shlex
from collections import Counter, deque
from typing import TYPE_CHECKING

from stalewatch.model import reasons
from stalewatch.model.inventory import LogWatch
from stalewatch.model.snapshot import LogFacts, LogMinute, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.host.parsers.log_lines import MAX_LINES, parse_log, whole_lines, zone_offset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.model.snapshot import LogLine
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.parsers.records import FileRecord

HISTORY = 64 * 1024
STEP = 16 * 1024
TAIL = 100
"""Lines that are kept to be shown."""
MINUTES = 30
"""For so many minutes the lines are counted."""


class LogTail:
    """One log. A file that became shorter, or was replaced (rotation), is read from its start. *fpm*: FPM's own log, written in the
    machine's time zone."""

    def __init__(self, watch: LogWatch, root: str, *, fpm: bool = False) -> None:
        self._watch = watch
        self.path = watch.path if watch.path.startswith("/") else f"{root}/{watch.path}"
        self.fpm = fpm
        self._named = self.path
        self._offset: int | None = None
        self._inode = 0
        self._zone = 0.0
        self._unseen: Unseen | None = None
        self._denied: tuple[object, ...] = ()
        self._tail: deque[LogLine] = deque(maxlen=TAIL)
        self._minutes: Counter[tuple[int, str]] = Counter()
        self._skipped = 0
        self._facts: LogFacts | None = None

    @property
    def daily(self) -> str:
        """The pattern of Laravel's ``daily`` channel: ``laravel-2026-11-24.log`` for ``laravel.log``."""
        stem, dot, ending = self._named.rpartition(".")
        return f"{stem}-[0-9]*{dot}{ending}" if dot and not self.fpm else ""

    def choose(self, named: FileRecord | None, daily: Iterable[FileRecord]) -> None:
        """Follow the named log if it exists, else the newest of its daily logs."""
        newest = max(daily, key=lambda record: record.mtime, default=None)
        self.path = newest.path if named is None and newest is not None else self._named

    async def read(self, host: HostProbe, record: FileRecord | None, now: float) -> tuple[LogLine, ...]:
        """New lines, at most :data:`STEP` bytes of them (of more, the beginning is skipped). Raises LinkError."""
        if record is None:
            self._see(_missing(self.path, host.hello.login))
            return ()
        first = self._offset is None
        limit = HISTORY if first else STEP
        start = self._offset or 0
        if record.inode != self._inode or record.size < start:
            start = 0
        self._inode = record.inode
        if record.size <= start:
            self._offset = record.size
            return ()
        rights = (record.inode, record.mode, record.owner, record.group)
        if rights == self._denied:
            return ()
        skipped = max(start, record.size - limit)
        (block,) = await host.ask(("log", self.path, str(skipped), str(limit)))
        section = block.first("log")
        if section is None:
            self._denied = rights
            self._see(_denied(record, host.hello.login))
            return ()
        self._see(None)
        self._skipped += 0 if first else skipped - start
        content, length = whole_lines(section.payload)
        if not length and len(section.payload) >= limit:
            length = len(section.payload)  # one line longer than the limit: skip it
        self._offset = skipped + length
        text = content.decode("utf-8", "surrogateescape")
        if skipped > start:
            text = text.partition("\n")[2]  # the first line is cut
        machine = float(host.hello.utc_offset or 0)
        if self.fpm and host.hello.utc_offset is not None:
            self._zone = machine
        elif first or not self._zone:
            self._zone = zone_offset(text, record.mtime, machine)
        return self._keep(parse_log(text, self._watch, read_at=now, offset=self._zone, fpm=self.fpm), now)

    def facts(self) -> LogFacts:
        """What is known of the log; the same value until something changes."""
        if self._facts is None:
            minutes = sorted({minute for minute, _ in self._minutes})
            self._facts = LogFacts(
                path=safe(self.path),
                fpm=self.fpm,
                unseen=self._unseen,
                tail=tuple(self._tail),
                minutes=tuple(LogMinute(60.0 * each, self._minutes[each, "alarm"], self._minutes[each, "good"]) for each in minutes),
                skipped=self._skipped,
            )
        return self._facts

    def _keep(self, lines: tuple[LogLine, ...], now: float) -> tuple[LogLine, ...]:
        """Count *lines*, keep the newest, and return what is reported."""
        if lines:
            self._facts = None
            self._tail.extend(lines)
            for line in lines:
                if line.alarm or line.reassure:
                    self._minutes[int(line.at // 60), "alarm" if line.alarm else "good"] += 1
            oldest = int(now // 60) - MINUTES
            self._minutes = Counter({key: many for key, many in self._minutes.items() if key[0] > oldest})
        return lines[-MAX_LINES:]

    def _see(self, unseen: Unseen | None) -> None:
        if unseen is None:
            self._denied = ()
        if unseen != self._unseen:
            self._unseen, self._facts = unseen, None


def fpm_tail(error_log: str, config_path: str, watches: Iterable[LogWatch]) -> LogTail | LogFacts:
    """The LogTail of FPM's own log, by the ``error_log`` of its configuration ("": the default); patterns for the same file apply.
    If it is not a file: LogFacts that say so."""
    path = error_log or "log/php-fpm.log"
    if path == "syslog" or path.startswith(("/dev/", "/proc/")):
        message = f"PHP-FPM's error_log is {path}: there is no file to follow"
        return LogFacts(path=safe(path), fpm=True, unseen=reasons.LOG_NO_FILE.unseen(message))
    if not path.startswith("/"):
        path = f"{'/usr/local' if config_path.startswith('/usr/local/') else ''}/var/{path}"
    known = next((watch for watch in watches if watch.path == path), LogWatch(path=path))
    return LogTail(known, "", fpm=True)


def _missing(path: str, login: str) -> Unseen:
    return reasons.LOG_MISSING.unseen(f"{path}: no such file yet, or not visible to {login}")


def _denied(record: FileRecord, login: str) -> Unseen:
    """Grants the one file: its group (adm, www-data) opens much more."""
    grant = f"sudo setfacl -m u:{login}:r {shlex.quote(record.path)} (and logrotate's create line)"
    return reasons.LOG_DENIED.unseen(f"{login} may not read {record.path}", grant)
