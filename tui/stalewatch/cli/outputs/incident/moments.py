"""Moments of an incident, in UTC and in the reader's zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render.times import Clock, Zone
from stalewatch.model.times import known

if TYPE_CHECKING:
    from datetime import tzinfo


class Moments(NamedTuple):
    """*zone* None: the local one. *day*: what is of another day than this moment has its date."""

    zone: tzinfo | None
    day: float

    def both(self, at: float) -> str:
        """``12:38:02 CEST (10:38:02 UTC)``; once where the zone is UTC."""
        here = self._moment(at)
        if here is None:
            return "an unknown time"
        utc = here.astimezone(UTC)
        if here.utcoffset() == utc.utcoffset():
            return f"{self._clock(utc)} UTC"
        return f"{self._clock(here)} {here.tzname()} ({utc:%H:%M:%S} UTC)"

    def short(self, at: float) -> str:
        """``12:38:02``, in the zone."""
        here = self._moment(at)
        return self._clock(here) if here is not None else "an unknown time"

    @property
    def date(self) -> str:
        """``2025-10-24``."""
        here = self._moment(self.day)
        return f"{here:%Y-%m-%d}" if here is not None else ""

    def retold(self, said: str) -> str:
        """*said* with the moments in it, which are written in UTC, in the zone."""
        return self.clock().retold(said)

    def clock(self) -> Clock:
        """What lanes are drawn with."""
        here = self._moment(self.day)
        ahead = here.utcoffset() if here is not None else None
        return Clock(self.day, Zone.SERVER, offset=int(ahead.total_seconds()) if ahead is not None else 0)

    def _moment(self, at: float) -> datetime | None:
        if not known(at):
            return None
        return datetime.fromtimestamp(at, UTC).astimezone(self.zone)

    def _clock(self, moment: datetime) -> str:
        day = datetime.fromtimestamp(self.day, UTC).astimezone(self.zone)
        return f"{moment:%H:%M:%S}" if moment.date() == day.date() else f"{moment:%Y-%m-%d %H:%M:%S}"
