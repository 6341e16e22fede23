"""What a reload of an FPM master reaches: its pools, the applications that they serve, and what they handle now. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.model.snapshot import FpmFacts, MasterPool, RuntimeFacts
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalewatch.model.snapshot import Pool, Unseen
    from stalewatch.probe.host.machine import Master

Served = tuple["Master | None", "Pool | None", str]
"""What serves an application: the master, its pool, and the address."""


def pool_count(masters: Sequence[Master]) -> int:
    """Pools of every FPM that runs here; where none does, of those that are configured."""
    running = [master for master in masters if master.record is not None]
    return sum(len(master.pools) for master in running or masters)


def with_pools(
    fpm: FpmFacts | Unseen, master: Master | None, served: Mapping[str, Served], runtimes: Mapping[str, RuntimeFacts | Unseen]
) -> FpmFacts | Unseen:
    """*fpm* with all pools of its *master*. *served*: by path of the app; *runtimes*: what pools answered, by address."""
    if not isinstance(fpm, FpmFacts) or master is None or not master.pools:
        return fpm
    own = fpm.pool.name if fpm.pool is not None else ""
    pools = sorted(master.pools, key=lambda pool: pool.name != own)
    return replace(fpm, pools=tuple(_pool(pool, master, served, runtimes) for pool in pools))


def _pool(pool: Pool, master: Master, served: Mapping[str, Served], runtimes: Mapping[str, RuntimeFacts | Unseen]) -> MasterPool:
    here = {
        path: address
        for path, (its_master, its_pool, address) in served.items()
        if its_master is not None and its_master.config_path == master.config_path and its_pool is not None and its_pool.name == pool.name
    }
    requests = master.held.get(str(pool.listen))
    for address in (*here.values(), str(pool.listen)):
        facts = runtimes.get(address)
        status = facts.seen_status if isinstance(facts, RuntimeFacts) else None
        if status is not None:
            seen = status.requests(str(pool.status_path))
            requests = requests if seen is None else seen
            break
    return MasterPool(pool.name, tuple(safe(path) for path in here), requests)
