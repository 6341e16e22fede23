"""What can hold old code in an application and is not looked at: said, so that a green layer does not seem to answer for it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.chain import NotJudged
from stalewatch.model.other_caches import OTHER_CACHES, cache_at
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from stalewatch.diagnosis.context import Context

_EXTENSIONS = NotJudged(
    safe("the PHP extensions that PHP-FPM has loaded"),
    safe("the pool may not read /proc/self/maps (open_basedir, disable_functions), which names those that were replaced on the disk"),
)
NAMED = 3
"""So many paths of a kind are named; more are counted."""


def not_judged(context: Context) -> tuple[NotJudged, ...]:
    """Caches that are there and that no rule knows, one entry for each kind of them; and what the pool may not tell of itself."""
    found = [_EXTENSIONS] if context.fpm is not None and context.runtime is not None and context.runtime.replaced is None else []
    host = context.host
    if host is None or host.other_caches is None:
        return tuple(found)
    kind = host.layout.kind
    for cache in OTHER_CACHES:
        paths = [str(path) for path in host.other_caches if cache_at(path, kind) is cache]
        if paths:
            more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
            found.append(NotJudged(safe(cache.what.format(", ".join(paths[:NAMED]) + more)), safe(cache.why)))
    return tuple(found)
