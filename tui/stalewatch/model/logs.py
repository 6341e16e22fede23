"""What the watched logs of an app say.

Times are epoch seconds by the server's clock, sizes bytes, durations seconds unless the name says otherwise.
"""

from __future__ import annotations

import msgspec

from stalewatch.model.text import SafeText
from stalewatch.model.unseen import Unseen


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a watched log. *at* by the line itself where it has a time, else when it was read. *alarm*: an error level or pattern.
    *fpm*: FPM itself wrote it. *trace*: the first of the *trace_lines* lines without a time that stand under it, such as a stack trace."""

    log: SafeText
    at: float
    text: SafeText
    alarm: bool = False
    reassure: bool = False
    fpm: bool = False
    trace: tuple[SafeText, ...] = ()
    trace_lines: int = 0


class LogMinute(msgspec.Struct, frozen=True):
    """How many lines came in the minute that began at *at*."""

    at: float
    alarms: int = 0
    good: int = 0


class LogFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One log that is followed. *unseen*: why it can't be. *tail*: its newest lines, oldest first. *minutes*: those in which something
    came, oldest first. *skipped*: bytes of floods that were passed over, so that the counts are the least there was. *fpm*: FPM's own."""

    path: SafeText
    fpm: bool = False
    unseen: Unseen | None = None
    tail: tuple[LogLine, ...] = ()
    minutes: tuple[LogMinute, ...] = ()
    skipped: int = 0
