"""Whether something that is bad stands, or comes and goes. Pure: the time is given."""

from __future__ import annotations

import math

import msgspec

from stalewatch.model.replace import replace

FLAPS = 5
"""So many changes within :data:`WINDOW` are flapping."""
WINDOW = 10.0
"""Times *settle*."""
CALM = 5.0
"""Flapping is over when nothing has changed for so many times *settle*."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is looked at again and again. *bad*: what was seen last, and *since* when it is so; *changes*: the moments of the last
    changes. Moments are seconds of any one clock; *settle* is how long something must be so before it stands."""

    bad: bool = False
    since: float = -math.inf
    changes: tuple[float, ...] = ()
    flapping: bool = False

    def seen(self, bad: bool, now: float, settle: float) -> Standing:
        """What it is after one more look."""
        changed = bad is not self.bad
        since = now if changed else self.since
        if self.flapping:
            calm = now - since >= CALM * settle
            return replace(self, bad=bad, since=since, flapping=not calm, changes=() if calm else self.changes)
        changes = (*self.changes, now) if changed else self.changes
        recent = tuple(at for at in changes if now - at <= WINDOW * settle)
        return replace(self, bad=bad, since=since, changes=recent, flapping=len(recent) >= FLAPS)

    def stands(self, now: float, settle: float) -> bool:
        """Whether it has been so for long enough to be told."""
        return not self.flapping and now - self.since >= settle
