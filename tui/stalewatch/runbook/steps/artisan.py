"""What the steps that run artisan have in common. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis.cli_cache import may_run_old

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


def writing_blocks(draft: Draft) -> Iterator[str]:
    """The same where it writes, which it may do of old code."""
    yield from blocks(draft)
    yield from old_code(draft)


def old_code(draft: Draft) -> Iterator[str]:
    """The new cache would be made of old sources."""
    if may_run_old(draft.host) and not draft.access.script and draft.host.cli_cache is not None:
        folder = draft.host.cli_cache.folder
        yield f"PHP's command line runs what it keeps compiled in {folder}, which may be older than the sources: remove it first"


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
