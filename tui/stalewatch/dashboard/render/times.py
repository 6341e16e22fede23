"""How times are said. Times are a server's own; the zone they are shown in is the reader's choice."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model import figures
from stalewatch.model.replace import replace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from stalewatch.model.cause import Phrase

QUARTER = 15
"""Seconds in which ages are counted."""
NEAR = 12 * 3600
"""Seconds within which the time of day alone is enough: an incident does not become unreadable at midnight."""
HALF_A_YEAR = 182 * 86400
"""Seconds within which a month needs no year."""
_WRITTEN = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ")


class Zone(StrEnum):
    """In which zone times are shown."""

    LOCAL = "local"
    SERVER = "server"
    UTC = "UTC"


class Clock(msgspec.Struct, frozen=True):
    """*now*: epoch seconds by our clock (frozen while the screen is). *relative*: ``24 min ago`` in place of ``12:38``.

    *offset*: the server's seconds east of UTC, None where they are not known; *skew*: the server's clock minus this machine's.
    *ahead*: *now* may be later than it is by so many seconds.
    """

    now: float
    zone: Zone = Zone.LOCAL
    relative: bool = False
    offset: int | None = None
    skew: float = 0.0
    ahead: int = 0

    def there(self, offset: int | None, skew: float | None) -> Clock:
        """The same for one server."""
        return replace(self, offset=offset, skew=skew or 0.0)

    @property
    def coarse(self) -> Clock:
        """The same, rounded up to a quarter of a minute: what ages are counted with, so that a tick changes nothing on the screen."""
        return replace(self, now=-(-self.now // QUARTER) * QUARTER, ahead=QUARTER)

    @property
    def here(self) -> float:
        """Now by that server's clock."""
        return self.now + self.skew

    @property
    def tz(self) -> tzinfo | None:
        if self.zone is Zone.UTC or (self.zone is Zone.SERVER and self.offset is None):
            return UTC
        if self.zone is Zone.SERVER and self.offset is not None:
            return timezone(timedelta(seconds=self.offset))
        return None

    @property
    def zone_name(self) -> str:
        """Such as ``CEST`` or ``UTC``; the server's own zone is written ``+05:30``, UTC where it is not known."""
        if self.zone is Zone.SERVER and self.offset is not None:
            return _east(self.offset)
        return datetime.fromtimestamp(self.now, self.tz).astimezone(self.tz).tzname() or "local"

    def moment(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, self.tz)

    def east(self, at: float) -> float:
        """Seconds that the shown zone is ahead of UTC at *at*."""
        ahead = self.moment(at).astimezone(self.tz).utcoffset()
        return ahead.total_seconds() if ahead else 0.0

    def hm(self, at: float) -> str:
        """``12:38``, with the date where it was another day and not just now; ``24 min ago`` where relative is asked for."""
        return self.ago(at) if self.relative else self._clock(at, "%H:%M")

    def hms(self, at: float) -> str:
        """``12:38:02``, always the clock's; of another day the date and the minute: ``Oct 24 12:38``; of another year ``2021-09-29``."""
        return self._clock(at, "%H:%M:%S")

    def brief(self, at: float) -> str:
        """The same in seven cells at most: ``12:38``, ``Oct 24``, ``2021-09``."""
        return self._clock(at, "%H:%M", "%b %d", "%Y-%m")

    def tick(self, at: float, dated: bool = False) -> str:
        """``12:38`` for an axis; *dated*: ``Oct 24`` at midnight, ``Oct 24 12:38`` else. ``-30 min`` where ages are asked for."""
        moment = self.moment(at)
        if self.relative:
            return figures.signed(at - self.now)
        if not dated:
            return moment.strftime("%H:%M")
        return moment.strftime("%b %d" if moment.hour == moment.minute == 0 else "%b %d %H:%M")

    def retold(self, words: str) -> str:
        """*words* with the moments in them (written down in UTC, as ``2025-10-24 10:38:02Z``) in this clock's zone."""
        return _WRITTEN.sub(lambda found: self._told(found[0]), words)

    def _told(self, written: str) -> str:
        try:
            at = datetime.strptime(written, "%Y-%m-%d %H:%M:%SZ").replace(tzinfo=UTC).timestamp()
        except ValueError:
            return written
        return self.ago(at) if self.relative else self.hms(at)

    def begun(self, at: float) -> str:
        """``since 12:38``; ``for 24 min`` where relative is asked for."""
        return f"for {self.since(at)}" if self.relative else f"since {self.hm(at)}"

    def told(self, phrase: Phrase, beside: Sequence[float] = ()) -> str:
        """*phrase* with its moments as a clock shows them, also where relative is asked for: an age names no version. With their seconds
        where another one, also of those *beside*, would be the same: of two versions of one minute nobody could say which is which."""
        all_of = {part for part in phrase if not isinstance(part, str)}.union(beside)
        minutes = {at: self._clock(at, "%H:%M") for at in all_of}
        many = Counter(minutes.values())
        return "".join(part if isinstance(part, str) else self.hms(part) if many[minutes[part]] > 1 else minutes[part] for part in phrase)

    def exact(self, at: float) -> str:
        """Absolute and relative: ``2025-10-24 12:38:02 (24 min ago)``."""
        return f"{self.moment(at):%Y-%m-%d %H:%M:%S} ({self.ago(at)})"

    def ago(self, at: float) -> str:
        """``24 min ago``, ``in 40 s``."""
        return f"{under} ago" if (under := self._under(self.here - at)) else figures.ago(self.here - at)

    def since(self, at: float) -> str:
        """The age alone: ``24 min``."""
        return self._under(self.here - at) or figures.span(max(0.0, self.here - at))

    def _under(self, age: float) -> str:
        """``<30 s`` of an *age* that is told by a clock which is ahead: with it, 6 s would be told as 16. "" of a minute and more."""
        return figures.under(age, self.ahead) if self.ahead and 0 <= age < 60 else ""

    def _clock(self, at: float, form: str, of_day: str = "%b %d %H:%M", of_year: str = "%Y-%m-%d") -> str:
        moment, here = self.moment(at), self.moment(self.here)
        if abs(self.here - at) < NEAR or moment.date() == here.date():
            return moment.strftime(form)
        # December is not another year to a reader in January.
        return moment.strftime(of_day if moment.year == here.year or abs(self.here - at) < HALF_A_YEAR else of_year)


def _east(seconds: int) -> str:
    """``+05:30``."""
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}"
