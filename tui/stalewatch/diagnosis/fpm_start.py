"""Since when PHP-FPM runs what it runs: the later of the pool's and OPcache's start, because the master's own does not move on a reload."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from stalewatch.diagnosis.context import Context
    from stalewatch.model.snapshot import FpmFacts


class Start(NamedTuple):
    """Epoch seconds; 0.0 where it was not seen."""

    pool: float
    cache: float
    master: float

    @property
    def known(self) -> float:
        """When it last read its configuration; 0.0 where only the master is seen, which may have read it again since its start."""
        return max(self.pool, self.cache)

    @property
    def latest(self) -> float:
        """The best that is known of it."""
        return max(self.known, self.master)


def start_of(context: Context, fpm: FpmFacts) -> Start:
    """The three witnesses of one look."""
    return Start(
        pool=context.status.started if context.status is not None and not context.set_back else 0.0,
        cache=float(context.opcache.start_time) if context.opcache is not None else 0.0,
        master=fpm.master.started if fpm.master is not None else 0.0,
    )
