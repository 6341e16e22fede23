"""What is known of one server now. Values only."""

from __future__ import annotations

import msgspec

from stalewatch.model.report import Report
from stalewatch.model.snapshot import Unseen


class SeenServer(msgspec.Struct, frozen=True, kw_only=True):
    """One server as it is known now. *error*: why there is no look now (None: the last one succeeded). *took*: seconds of the last look
    that succeeded (None: none did yet). *reports*: one per app of it, ``unknown`` while there is no look."""

    server: str
    error: Unseen | None = None
    took: float | None = None
    reports: tuple[Report, ...] = ()

    @property
    def up(self) -> bool:
        """Whether the last look succeeded."""
        return self.error is None and self.took is not None
