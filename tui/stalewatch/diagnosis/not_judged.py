"""What can hold old code in an application and is not looked at: said, so that a green layer does not seem to answer for it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis.opcache.app_scope import AppScope
from stalewatch.diagnosis.web_php import SETTINGS, is_told
from stalewatch.model import figures
from stalewatch.model.chain import NotJudged
from stalewatch.model.layers import Layer
from stalewatch.model.other_caches import OTHER_CACHES, cache_at
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from stalewatch.diagnosis.context import Context
    from stalewatch.model.snapshot import HostFacts

ENVIRONMENT = NotJudged(
    safe("the environment of PHP-FPM's workers"),
    safe(
        "the pool may not tell it (parse_ini_file, ini_get_all or getenv in disable_functions), or a cached configuration is longer than "
        "8 MB, so a variable of which the cached configuration holds another value is not seen"
    ),
)
NAMED = 3
"""So many paths of a kind are named; more are counted."""


def not_judged(context: Context) -> tuple[NotJudged, ...]:
    """The pool's environment, where it may not tell; code of others in its cache; caches that no rule knows, one entry for each kind."""
    host, found = context.host, [SETTINGS] if is_told(context) else []
    if (
        not found
        and host is not None
        and context.runtime is not None
        and context.runtime.environment is None
        and _cached(host, Layer.CONFIG)
    ):
        found.append(ENVIRONMENT)
    return (*found, *_asks(host), *_other_code(host), *_alone(context), *_other_caches(host)) if host is not None else tuple(found)


def _cached(host: HostFacts, layer: Layer) -> bool:
    return any(cache.name == layer.value and cache.stat is not None for cache in host.caches)


def _asks(host: HostFacts) -> tuple[NotJudged, ...]:
    """A cached configuration, or cached routes, keep what these gave when they were cached."""
    found = []
    for layer, asks, asked, kinds, again in (
        (Layer.CONFIG, host.asks, "the configuration asked when it was cached", "a listing, the clock or the network", "config:cache"),
        (Layer.ROUTES, host.route_asks, "the routes asked when they were cached", "a listing or the network", "route:cache"),
    ):
        if asks and _cached(host, layer):
            what = f"what {asked}: {figures.several([str(one) for one in asks], NAMED)}"
            found.append(NotJudged(safe(what), safe(f"what a command, {kinds} gives now is not asked: {again} asks again")))
    return tuple(found)


def _other_code(host: HostFacts) -> tuple[NotJudged, ...]:
    roots = [str(root) for root in host.unwatched or () if root != host.release.root]
    if not roots:
        return ()
    what = f"code in the same server's OPcache that is no part of what is watched: {figures.several(roots, NAMED)}"
    return (
        NotJudged(
            safe(what),
            safe("it was not asked for, or this login may not see it; without --app and [[server.app]] what can be seen is watched"),
        ),
    )


def _alone(context: Context) -> tuple[NotJudged, ...]:
    if context.opcache is None or not any(script.parent_changed is not None for script in context.opcache.changed):
        return ()
    scope = AppScope.of(context)
    moved = [str(each.path) for each in context.opcache.changed if each.parent_changed is not None and scope.stands_alone(each.path)]
    if not moved:
        return ()
    return (
        NotJudged(
            safe(f"scripts of no application that are requested themselves: {figures.several(moved, NAMED)}"),
            safe("a directory above them was renamed into place, or only changed its owner, mode or place on the disk"),
        ),
    )


def _other_caches(host: HostFacts) -> tuple[NotJudged, ...]:
    if host.other_caches is None:
        return ()
    kind = host.layout.kind
    found = []
    for cache in OTHER_CACHES:
        paths = [str(path) for path in host.other_caches if cache_at(path, kind) is cache]
        if paths:
            more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
            found.append(NotJudged(safe(cache.what.format(", ".join(paths[:NAMED]) + more)), safe(cache.why)))
    if host.more_caches:
        what = f"{figures.count(host.more_caches, 'other cache')} of these kinds"
        found.append(NotJudged(safe(what), safe("there are more than stalewatch names")))
    return tuple(found)
