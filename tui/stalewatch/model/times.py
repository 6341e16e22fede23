"""Epoch seconds by a server's clock -> words. A server may say any number: what is no time of this world is None or ``?``."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

import humanize

EARLIEST = 0.0
LATEST = 253_402_300_799.0  # the end of the year 9999


def iso(at: float | None) -> str | None:
    """``2026-11-24T12:49:50.123Z``; None for what is no time (0 too: PHP's "never")."""
    if at is None or not EARLIEST < at <= LATEST:
        return None
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def clock(at: float | None, now: float | None, zone: tzinfo | None) -> str:
    """``12:49:50`` on the day of *now*, else ``2026-11-24 12:49:50``, in *zone* (None: the local one)."""
    if at is None or not EARLIEST < at <= LATEST:
        return "?"
    moment = datetime.fromtimestamp(at, zone)
    today = now is not None and EARLIEST < now <= LATEST and datetime.fromtimestamp(now, zone).date() == moment.date()
    return f"{moment:%H:%M:%S}" if today else f"{moment:%Y-%m-%d %H:%M:%S}"


def ago(at: float | None, now: float | None) -> str:
    """``24 minutes ago``, ``in 12 seconds``; "" where one of both is not known."""
    if at is None or now is None or not (EARLIEST < at <= LATEST and EARLIEST < now <= LATEST):
        return ""
    return f"{span(now - at)} ago" if at <= now else f"in {span(at - now)}"


def span(seconds: float) -> str:
    """``24 minutes``; ``?`` for what is no length of time."""
    if not -LATEST < seconds < LATEST:
        return "?"
    return humanize.naturaldelta(seconds)


def size(count: float) -> str:
    """``1.2 MiB``; ``?`` for what is no size."""
    return humanize.naturalsize(count, binary=True) if 0 <= count < 2**80 else "?"
