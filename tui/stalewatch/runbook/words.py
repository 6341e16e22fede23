"""How a moment is written in reasons and evidence: UTC, because the reader's time zone is the screens' business."""

from __future__ import annotations

import datetime


def moment(at: float) -> str:
    """``2026-11-24 12:38:02Z``; what is not a time that a calendar has is written as it is."""
    try:
        return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return str(at)
