"""How the value of a piece of evidence is said, and what ends a finding. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import figures
from stalewatch.model.report import BY_HAND, Remedy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.report import Evidence

_FIX = {
    Remedy.CLEAR: "clear the cache",
    Remedy.REBUILD: "rebuild the cache",
    Remedy.DISCOVER: "discover packages again",
    Remedy.WIPE: "empty opcache.file_cache",
    Remedy.INVALIDATE: "invalidate the script",
    Remedy.RELOAD: "reload PHP-FPM",
    Remedy.RESTART_WORKERS: "restart the queue workers",
    Remedy.RELOAD_WEB_SERVER: "reload the web server",
    Remedy.WAIT: "wait",
    Remedy.CONFIGURE: "change its configuration",
}


def fix_words(remedies: Sequence[Remedy], by_hand: str = "") -> str:
    """``rebuild the cache, reload PHP-FPM``; what no key does is said to be done by hand: ``by hand: reload the web server``.
    *by_hand*: what a person types for that, where it is known."""
    keyed = ", ".join(_FIX[one] for one in remedies if one not in BY_HAND)
    waits = _FIX[Remedy.WAIT] if Remedy.WAIT in remedies else ""
    hand = ", ".join(_FIX[one] for one in remedies if one in BY_HAND and one is not Remedy.WAIT)
    hand = by_hand if hand and by_hand else hand
    return ", ".join(filter(None, (waits, keyed, f"by hand: {hand}" if hand else "")))


def value_words(item: Evidence, clock: Clock) -> str:
    """Times absolute and relative, ages and sizes in words, yes and no for booleans, ``unknown`` for None."""
    value = item.value
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        if item.kind == "time":
            return clock.exact(float(value))
        if item.kind == "age":
            return figures.span(float(value))
        if item.kind == "bytes":
            return figures.size(float(value))
        return f"{value:g}" if isinstance(value, float) else str(value)
    return str(value)
