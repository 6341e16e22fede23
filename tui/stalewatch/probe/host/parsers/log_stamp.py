"""When a line of a log was written, as its own stamp says it. Pure. Monolog's, and the one that FPM and PHP's error_log share."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

_ISO = re.compile(r"^\[?(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(Z|[+-]\d\d:?\d\d)?\]?\s*(.*)$")
_PHP = re.compile(r"^\[(\d\d)-([A-Z][a-z]{2})-(\d{4}) (\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?: ([A-Za-z0-9_+/-]{1,40}))?\]\s*(.*)$")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Stamp(NamedTuple):
    """*naive*: the stamp's digits as if they were UTC (epoch seconds; 0 if they are not a date); *east*: seconds that its zone is
    ahead of UTC, None where it names none. *message*: the rest of the line."""

    naive: float
    east: float | None
    message: str

    def at(self, offset: float) -> float:
        """Epoch seconds, never negative; *offset*: how far the log's clock is ahead of UTC where the stamp does not say it."""
        return max(self.naive - (offset if self.east is None else self.east), 0.0)


def stamp_of(line: str) -> Stamp | None:
    """The stamp in front of *line*: ``[2025-10-24 12:49:50]``, ``[2025-10-24T12:49:50.1+02:00]``, ``[24-Oct-2025 12:27:00]``,
    ``[24-Oct-2025 12:27:00 Europe/Berlin]``."""
    if found := _ISO.match(line):
        naive = _moment(f"{found[1]} {found[2]}")
        return Stamp(naive, _east(found[3]) if found[3] else None, found[4])
    if found := _PHP.match(line):
        month = _MONTHS.index(found[2]) + 1 if found[2] in _MONTHS else 0
        naive = _moment(f"{found[3]}-{month:02}-{found[1]} {found[4]}")
        return Stamp(naive, _named(found[5], naive) if found[5] else None, found[6])
    return None


def _moment(words: str) -> float:
    try:
        return datetime.fromisoformat(words).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0


def _east(zone: str) -> float:
    """``Z``, ``+02:00``, ``+0200`` in seconds."""
    if zone == "Z":
        return 0.0
    digits = zone[1:].replace(":", "")
    return (-1 if zone[0] == "-" else 1) * float(int(digits[:2]) * 3600 + int(digits[2:]) * 60)


def _named(zone: str, naive: float) -> float | None:
    """How far the zone of that name is ahead of UTC then; None if there is no such zone."""
    if zone == "UTC":
        return 0.0
    try:
        ahead = datetime.fromtimestamp(naive, UTC).replace(tzinfo=ZoneInfo(zone)).utcoffset()
    except (KeyError, ValueError, OSError):
        return None
    return ahead.total_seconds() if ahead is not None else None
