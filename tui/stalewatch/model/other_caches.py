"""Caches that stalewatch knows of and does not judge: a report names those that are there, instead of being silent about them."""

from __future__ import annotations

from fnmatch import fnmatchcase

import msgspec

from stalewatch.model.layers import CACHED_FILES


class OtherCache(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of cache. *kinds*: of applications that can have it. *patterns*: paths below the root (``fnmatch``, name by name).
    *what*: for people, ``{}`` is the path; *why* it is not judged."""

    kinds: tuple[str, ...]
    patterns: tuple[str, ...]
    what: str
    why: str


OTHER_CACHES: tuple[OtherCache, ...] = (
    OtherCache(
        kinds=("laravel",),
        patterns=("bootstrap/cache/*.php", "bootstrap/cache/*/*.php", "bootstrap/cache/*/*/*.php"),
        what="{}",
        why="a package cached it for itself: what it is made from is not known",
    ),
    OtherCache(
        kinds=("symfony",),
        patterns=("var/cache/*/twig",),
        what="compiled templates in {}",
        why="without debug mode Twig does not look at its templates again: compile them with the container",
    ),
    OtherCache(
        kinds=("symfony",),
        patterns=("var/cache/*/translations",),
        what="compiled translations in {}",
        why="without debug mode Symfony does not look at their sources again: compile them with the container",
    ),
    OtherCache(
        kinds=("symfony",),
        patterns=(".env.local.php",),
        what="{}",
        why="composer dump-env wrote it, and while it is there no other .env file is read",
    ),
    OtherCache(
        kinds=("wordpress",),
        patterns=("wp-content/object-cache.php", "wp-content/advanced-cache.php"),
        what="{}",
        why="a plug-in answers from a cache of its own",
    ),
    OtherCache(
        kinds=("wordpress", "php"),
        patterns=("wp-content/cache/*", "sites/*/files/php/twig"),
        what="files in {}",
        why="the application or a plug-in wrote them for itself: what they are made from is not known",
    ),
)
_JUDGED = {file.path for file in CACHED_FILES.values()} | {"bootstrap/cache/routes.php"}


def patterns_of(kind: str) -> tuple[str, ...]:
    """Where an application of this *kind* can have such caches."""
    return tuple(pattern for cache in OTHER_CACHES if kind in cache.kinds for pattern in cache.patterns)


def cache_at(path: str, kind: str) -> OtherCache | None:
    """Which of them *path*, below the root, is. None: none, or one that is judged."""
    if path in _JUDGED:
        return None
    found = (cache for cache in OTHER_CACHES if kind in cache.kinds and any(_matches(path, pattern) for pattern in cache.patterns))
    return next(found, None)


def _matches(path: str, pattern: str) -> bool:
    return path.count("/") == pattern.count("/") and fnmatchcase(path, pattern)
