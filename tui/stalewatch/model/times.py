"""Moments (epoch seconds by a server's clock) -> words. A server may say any number: what is no time of this world is None or ``?``."""

from __future__ import annotations

import math
from datetime import UTC, datetime, tzinfo

from stalewatch.model.figures import ago

EARLIEST = 0.0
LATEST = 253_402_300_799.0  # the end of the year 9999


def known(at: float | None) -> bool:
    """Whether *at* is a moment (0 is none: it is PHP's "never")."""
    return at is not None and EARLIEST < at <= LATEST


def iso(at: float | None) -> str | None:
    """``2026-11-24T12:49:50.123Z``, for programs; None for what is no time."""
    if at is None or not known(at):
        return None
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def utc(at: float) -> str:
    """``2026-11-24 12:38:02Z``, for reasons and evidence, whose reader's time zone is the screens' business; what is no time as it is."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return str(at)


def clock(at: float | None, now: float | None, zone: tzinfo | None) -> str:
    """``12:49:50`` on the day of *now*, else ``2026-11-24 12:49:50``, in *zone* (None: the local one)."""
    if at is None or not known(at):
        return "?"
    moment = datetime.fromtimestamp(at, zone)
    today = now is not None and known(now) and datetime.fromtimestamp(now, zone).date() == moment.date()
    return f"{moment:%H:%M:%S}" if today else f"{moment:%Y-%m-%d %H:%M:%S}"


def exact(at: float | None, now: float | None, zone: tzinfo | None) -> str:
    """The same and how long ago that was, where both are known: ``12:49:50 (24 min ago)``."""
    words = clock(at, now, zone)
    return f"{words} ({ago(now - at)})" if at is not None and now is not None and known(at) and known(now) else words


SET = 2.0
"""Seconds by which an mtime may be later than the same file's ctime, or than the clock at the beginning of a look."""


def is_writing_time(mtime: float, ctime: float | None, now: float = math.inf) -> bool:
    """Whether *mtime* can be when the content was written (``docs/facts.md#future-times``).

    Writing moves both times, so one that is later than the file's own *ctime* was set by hand: by tar, rsync or touch, with the time of a
    clock that went ahead. One that is later than *now* tells nothing either.
    """
    return mtime <= now + SET and (ctime is None or mtime <= ctime + SET)


def written_by(mtime: float, ctime: float) -> float:
    """The latest moment at which the content can have been written: the *mtime*, or the *ctime* where that one was set by hand."""
    return mtime if is_writing_time(mtime, ctime) else ctime
