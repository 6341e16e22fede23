"""How a fleet wants to be fixed: the defaults of ``fix`` and of the dashboard's plans, which stalewatch.toml may change."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class InFlight(StrEnum):
    """What to do where a reload would kill requests in flight: ``wait`` until there are none, and refuse where that does not come;
    ``invalidate`` scripts one by one instead, where that does the job, else wait; ``kill`` them."""

    WAIT = "wait"
    INVALIDATE = "invalidate"
    KILL = "kill"


class WhenUnreachable(StrEnum):
    """What to do where a server of the fleet can't be reached. ``stop``: nothing is run while one that was asked for is not seen;
    ``skip``: it is left out, also where it is lost before its turn; ``lost``: left out when the plan is made, and one that is lost later
    stops the rest."""

    LOST = "lost"
    STOP = "stop"
    SKIP = "skip"


class Fixing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """*in_flight_wait*: for how many seconds at most a reload waits for requests in flight to end."""

    in_flight: InFlight = InFlight.WAIT
    in_flight_wait: float = 30.0
