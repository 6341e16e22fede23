"""Lines of an application's log. Pure. Laravel writes local times without a zone: the zone is guessed from the file's own mtime."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui.snapshot import LogLine
from tui.text import safe

if TYPE_CHECKING:
    from tui.inventory import LogWatch

MAX_LINES = 200
MAX_TEXT = 500
_STAMP = re.compile(r"^\[?(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(Z|[+-]\d\d:?\d\d)?\]?\s*(.*)$")
_LEVEL = re.compile(r"^[\w.-]{0,64}?\.?(ERROR|CRITICAL|ALERT|EMERGENCY)\b")
_ZONE_STEP = 900.0
_MAX_ZONE = 15 * 3600.0


def zone_offset(content: str, mtime: float) -> float:
    """Seconds that the log's clock is ahead of UTC: its last stamp against *mtime* of the file, by quarter hours; 0 when not known."""
    for line in reversed(content.splitlines()):
        stamp = _STAMP.match(line)
        if stamp is None:
            continue
        if stamp[3]:
            return 0.0
        ahead = round((_naive(stamp) - mtime) / _ZONE_STEP) * _ZONE_STEP
        return ahead if abs(ahead) <= _MAX_ZONE else 0.0
    return 0.0


def parse_log(content: str, watch: LogWatch, *, read_at: float, offset: float) -> tuple[LogLine, ...]:
    """The newest lines, oldest first. Stack traces and other lines without a stamp are kept only where a pattern asks for them."""
    lines = []
    for raw in content.splitlines():
        stamp = _STAMP.match(raw)
        alarm = any(pattern in raw for pattern in watch.alarm)
        reassure = any(pattern in raw for pattern in watch.reassure)
        if stamp is None:
            if alarm or reassure:
                lines.append(LogLine(log=safe(watch.path), at=read_at, text=safe(raw, MAX_TEXT), alarm=alarm, reassure=reassure))
            continue
        message = stamp[4]
        alarm = alarm or _LEVEL.match(message) is not None
        at = min(_moment(stamp, offset), read_at + 60.0)
        lines.append(LogLine(log=safe(watch.path), at=at, text=safe(message, MAX_TEXT), alarm=alarm, reassure=reassure))
    return tuple(lines[-MAX_LINES:])


def whole_lines(content: bytes) -> tuple[bytes, int]:
    """The complete lines of *content* and how many bytes they are; a last line without its end stays for the next look."""
    end = content.rfind(b"\n") + 1
    return content[:end], end


def _moment(stamp: re.Match[str], offset: float) -> float:
    if not stamp[3]:
        return max(_naive(stamp) - offset, 0.0)
    zone = "+00:00" if stamp[3] == "Z" else stamp[3]
    try:
        return max(datetime.fromisoformat(f"{stamp[1]}T{stamp[2]}{zone}").timestamp(), 0.0)
    except ValueError:
        return max(_naive(stamp), 0.0)


def _naive(stamp: re.Match[str]) -> float:
    try:
        return datetime.fromisoformat(f"{stamp[1]}T{stamp[2]}").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0
