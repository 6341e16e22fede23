"""Lines of an application's log, or of PHP-FPM's. Pure. Laravel writes local times without a zone: the zone is guessed from the file's
own mtime."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stalewatch.model.redaction import redacted
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import LogLine
from stalewatch.model.text import safe
from stalewatch.probe.host.parsers.log_stamp import stamp_of

if TYPE_CHECKING:
    from stalewatch.model.inventory import LogWatch

MAX_LINES = 200
MAX_TEXT = 500
MAX_TRACE, MAX_FRAME = 20, 200
"""Lines of a stack trace that are kept, and characters of each."""
_LEVEL = re.compile(
    r"^[\w.-]{0,64}?\.?(ERROR|CRITICAL|ALERT|EMERGENCY)\b"
    r"|^WARNING: .{0,200}(server reached (pm\.|process\.)max|exited on signal)"
    r"|\bPHP (Fatal|Parse) error: "
)
"""Monolog's levels; FPM's own, those of its warnings that lose requests; PHP's fatal errors."""
_JUST_WRITTEN = 60.0
_ZONE_STEP = 900.0
_MAX_ZONE = 15 * 3600.0


def zone_offset(content: str, mtime: float, server: float = 0.0) -> float:
    """Seconds that the log's clock is ahead of UTC, by its last stamp against *mtime* of the file, in quarter hours; 0 when not known.

    UTC (Laravel's default) and the *server*'s own zone are preferred: they also apply if lines without a stamp came long after the last
    one with it, unless a line would then be newer than the file.
    """
    stamps = (stamp for line in reversed(content.splitlines()) if (stamp := stamp_of(line)) is not None)
    last = next(stamps, None)
    if last is None or last.east is not None:
        return 0.0
    ahead = last.naive - mtime
    for zone in (0.0, server):
        if abs(ahead - zone) <= _JUST_WRITTEN:
            return zone
    guess = round(ahead / _ZONE_STEP) * _ZONE_STEP
    likely = [zone for zone in (0.0, server) if ahead - zone <= _JUST_WRITTEN]
    if likely and abs(ahead - guess) > _JUST_WRITTEN:
        return max(likely, key=lambda zone: ahead - zone)
    return guess if abs(guess) <= _MAX_ZONE else 0.0


def parse_log(content: str, watch: LogWatch, *, read_at: float, offset: float, fpm: bool = False) -> tuple[LogLine, ...]:
    """Every line, oldest first. Stack traces and other lines without a stamp are kept with the line above them, or as a line of their own
    if a pattern matches; their time is then that of the stamp above them."""
    lines: list[LogLine] = []
    traces: list[list[str]] = []
    at = read_at
    for raw in content.splitlines():
        stamp = stamp_of(raw)
        alarm = any(pattern in raw for pattern in watch.alarm)
        reassure = any(pattern in raw for pattern in watch.reassure)
        text = raw
        if stamp is not None:
            text, at = stamp.message, min(stamp.at(offset), read_at + 60.0)
            alarm = alarm or _LEVEL.search(text) is not None
        elif not (alarm or reassure):
            if traces and raw.strip():
                traces[-1].append(raw)
            continue
        lines.append(LogLine(log=safe(watch.path), at=at, text=redacted(text, MAX_TEXT), alarm=alarm, reassure=reassure, fpm=fpm))
        traces.append([])
    return tuple(_with_trace(line, trace) if trace else line for line, trace in zip(lines, traces, strict=True))


def _with_trace(line: LogLine, trace: list[str]) -> LogLine:
    return replace(line, trace=tuple(redacted(frame, MAX_FRAME) for frame in trace[:MAX_TRACE]), trace_lines=len(trace))


def whole_lines(content: bytes) -> tuple[bytes, int]:
    """The complete lines of *content* and how many bytes they are; an incomplete last line is left for the next look."""
    end = content.rfind(b"\n") + 1
    return content[:end], end
