"""Figures -> words: spans of time, ages, sizes, counts, shares. One form each, in findings, the dashboard and the command line alike.

humanize splits a span into units but has only their full names ("1 hour and 30 minutes"), so the names are shortened here. A limit or a
setting is no figure: it stays in the unit that a person set it in (``no answer within 90 s``).
"""

from __future__ import annotations

import math
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import humanize

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 1_000 * 365 * 86_400.0
"""Seconds; no longer span of time is believed (humanize counts back from today and fails before the year 1)."""
LARGEST = 2.0**80
_SHORT = {"second": "s", "minute": "min", "hour": "h", "day": "d"}


def span(seconds: float) -> str:
    """At most two units, rounded down, without a sign: ``40 s``, ``24 min``, ``1 h 30 min``, ``3 d 4 h``; ``<1 s``. Whole minutes from
    60 s on, whole hours from a day on. ``an unknown time`` for what is none."""
    length = abs(seconds)
    if not length < LONGEST:
        return "an unknown time"
    if 0 < length < 1:
        return "<1 s"
    return _span(int(length if length < 60 else length // 60 * 60 if length < 86_400 else length // 3_600 * 3_600))


@lru_cache(maxsize=2048)
def _span(seconds: int) -> str:
    unit = "seconds" if seconds < 60 else "minutes" if seconds < 86_400 else "hours"
    words = humanize.precisedelta(timedelta(seconds=seconds), minimum_unit=unit, suppress=["months", "years"], format="%d")
    parts = words.replace(" and ", " ").replace(",", "").split()
    return " ".join(_SHORT.get(part.removesuffix("s"), part) for part in parts)


def ago(seconds: float) -> str:
    """How long *seconds* have passed: ``24 min ago``; ``in 40 s`` where negative; ``now`` within a second."""
    if -1 <= seconds < 1:
        return "now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(seconds)}"


def under(seconds: float, step: int) -> str:
    """The next multiple of *step* that *seconds* are not more than, as what they are less than: ``<30 s``, ``<1 min``."""
    return f"<{span(max(1, math.ceil(seconds / step)) * step)}"


def signed(seconds: float) -> str:
    """A difference: ``+3 s``, ``-2 min``; ``0 s``."""
    return f"{'+' if seconds > 0 else '-' if seconds < 0 else ''}{span(seconds)}"


def size(count: float) -> str:
    """*count* bytes: ``12.4 MiB``; ``?`` for what is no size."""
    return humanize.naturalsize(count, binary=True) if 0 <= count < LARGEST else "?"


def percent(share: float, digits: int = 1) -> str:
    """*share* of 1: ``71.3 %``."""
    return f"{share * 100:.{digits}f} %"


def whole(number: float) -> str:
    """``1,234``."""
    return humanize.intcomma(int(number))


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 script``, ``3 scripts``, ``1,234 scripts``."""
    return f"{whole(number)} {agree(number, noun, plural or noun + 's')}"


def agree(number: int, singular: str, plural: str) -> str:
    """The word that goes with *number* things: ``agree(2, "runs", "run")``."""
    return singular if number == 1 else plural


def several(names: Sequence[str], most: int = 3) -> str:
    """``a``; ``a, b and c``; ``a, b, c and 4 more``; ``nothing``."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {whole(len(names) - most)} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0] if names else "nothing"
