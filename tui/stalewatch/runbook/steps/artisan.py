"""What the steps that run artisan have in common. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.runbook.draft import Draft

TIMEOUT = 120.0
"""Seconds."""
ARTISAN = ("clear", "cache-clear", "rebuild", "restart-workers")
"""The kinds of steps that run it."""


def blocks(draft: Draft) -> Iterator[str]:
    """What artisan writes must be writable for FPM."""
    if not draft.access.user:
        yield "not known which user the pool runs as: FPM could not rewrite what artisan writes"
    yield from other_php(draft)


def other_php(draft: Draft) -> Iterator[str]:
    """Another version has other extensions, and may not be able to run the code at all."""
    if lacks := draft.access.lacks:
        yield f"the pool runs PHP {lacks}, and the server has no {draft.access.php}: with another version artisan would cache other values"


def warns(draft: Draft) -> Iterator[str]:
    """Files that artisan may not be able to replace."""
    user = draft.access.user
    foreign = {str(cache.stat.owner) for cache in draft.host.caches if cache.stat and cache.stat.owner and cache.stat.owner != user}
    if foreign:
        owners = ", ".join(sorted(foreign))
        yield f"cache files belong to {owners}, not to the pool's user {user}: artisan may not be able to replace them"
