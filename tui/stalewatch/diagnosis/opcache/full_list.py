"""The full list of a pool, of which each of its applications makes nearly the same: it is gone through once for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stalewatch.diagnosis.context import Context
    from stalewatch.diagnosis.memory import Seen
    from stalewatch.model.snapshot import Opcache, Script

T = TypeVar("T")


class _Made(NamedTuple):
    """What the first application made of each script, and what it remembered of them."""

    scripts: Mapping[str, Seen]
    uncached: Mapping[str, float]
    results: tuple[Any, ...]


def of_each(name: str, make: Callable[[Script], T], context: Context, opcache: Opcache) -> tuple[T, ...]:
    """*make* of each script of the full list. It may depend on that script, on this look at the cache, and on what is remembered of that
    script and of the list as a whole; not on the application. So it is called only where this one remembers another thing than the first.
    """
    memory = context.memory
    same_cache = memory.since == opcache.since
    scripts = memory.scripts if same_cache else {}
    look = (name, context.now, same_cache, memory.whole_at if same_cache else None)
    first: _Made = context.shared.get(look, lambda: _Made(scripts, memory.uncached, tuple(map(make, opcache.scripts))), (opcache,))
    results: tuple[T, ...] = first.results
    others = _differing(scripts, first.scripts) | _differing(memory.uncached, first.uncached)
    if not others:
        return results
    return tuple(make(script) if script.path in others else known for script, known in zip(opcache.scripts, results, strict=True))


def _differing(one: Mapping[str, T], other: Mapping[str, T]) -> set[str]:
    """The paths of which the two do not hold the same."""
    if one is other:
        return set()
    found = {path for path, held in one.items() if (known := other.get(path)) is not held and known != held}
    return found | (other.keys() - one.keys())
