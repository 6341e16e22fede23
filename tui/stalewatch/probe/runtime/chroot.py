"""Paths of a pool in a chroot, as the server itself sees them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from stalewatch.model.runtime import Opcache, PoolStatus, Script
    from stalewatch.model.text import SafeText


def outside_cache(cache: Opcache, root: str) -> Opcache:
    """*cache* with the paths that the server has for its scripts; *root* "" changes nothing."""
    if not root:
        return cache
    moved = None if cache.moved is None else tuple(replace(one, path=outside(one.path, root)) for one in cache.moved)
    return replace(
        cache,
        changed=tuple(_script(one, root) for one in cache.changed),
        scripts=tuple(_script(one, root) for one in cache.scripts),
        entry_points=tuple(_script(one, root) for one in cache.entry_points),
        moved=moved,
        links=cache.links and tuple(replace(one, path=outside(one.path, root), target=outside(one.target, root)) for one in cache.links),
        through=cache.through
        and tuple(
            replace(one, link=outside(one.link, root), old=outside(one.old, root), script=_script(one.script, root))
            for one in cache.through
        ),
    )


def outside_status(status: PoolStatus, root: str) -> PoolStatus:
    """The same for the scripts that its workers run."""
    if not root:
        return status
    return replace(status, workers=tuple(replace(one, script=outside(one.script, root)) if one.script else one for one in status.workers))


def inside(path: str, root: str) -> str:
    """*path* of the server as the pool sees it."""
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


def _script(script: Script, root: str) -> Script:
    return replace(script, path=outside(script.path, root))


def outside(path: str, root: str) -> SafeText:
    """*path* of the pool as the server sees it."""
    return safe(f"{root}{path}") if path.startswith("/") else safe(path)
