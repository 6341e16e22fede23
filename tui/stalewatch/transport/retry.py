"""When to connect again. Pure, so that the screen can show the countdown and a test needs no clock.

OpenSSH 9.8 and later penalises an address after failed logins, and a whole office may share one address: login and host-key failures are
never retried automatically, everything else backs off with jitter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from stalewatch.model.errors import LinkError

FIRST: Final = 5.0
LONGEST: Final = 60.0


def pause(failures: int, roll: float) -> float:
    """Seconds to wait after the *failures*-th failure in a row (from 1); *roll* in [0, 1) is the jitter.

    The upper bound doubles (7.5, 15, 30, 60 s), the lower one is half of it and never below 5 s, so that a fleet that
    lost its bastion does not reconnect all at the same time.
    """
    upper = min(LONGEST, 1.5 * FIRST * 2.0 ** min(max(failures, 1) - 1, 10))
    lower = max(FIRST, upper / 2)
    return lower + (upper - lower) * roll


def next_pause(error: LinkError, failures: int, roll: float) -> float | None:
    """Seconds until the next try after *error*, or None: only when a person asks for it."""
    return pause(failures, roll) if error.retry else None


def burst_pause(roll: float) -> float:
    """Seconds until the next try after sshd dropped a connection before it showed its key, as it does at random in a burst."""
    return 0.2 + 0.8 * roll
