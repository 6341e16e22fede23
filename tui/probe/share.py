"""One OPcache holds the scripts of every application of its master: which of them concern one application. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tui.snapshot import RuntimeFacts, Unseen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.probe.places import Place
    from tui.snapshot import Script


def share_of(runtime: RuntimeFacts | Unseen, place: Place, others: Sequence[Place]) -> RuntimeFacts | Unseen:
    """*runtime* without the scripts that lie in another application. What lies in none (a shared library) concerns all of them."""
    if not others or isinstance(runtime, Unseen) or isinstance(runtime.opcache, Unseen):
        return runtime
    foreign = tuple(home for other in others for home in _homes(other) if home not in _homes(place))
    ours = _homes(place)
    opcache = runtime.opcache

    def kept(scripts: tuple[Script, ...]) -> tuple[Script, ...]:
        return tuple(script for script in scripts if _concerns(script.path, ours, foreign))

    changed = kept(opcache.changed)
    return msgspec.structs.replace(
        runtime,
        opcache=msgspec.structs.replace(
            opcache,
            changed=changed,
            changed_total=opcache.changed_total - (len(opcache.changed) - len(changed)),
            scripts=kept(opcache.scripts),
            entry_points=kept(opcache.entry_points),
        ),
    )


def _homes(place: Place) -> tuple[str, ...]:
    return tuple(home for home in dict.fromkeys((place.path, place.root, place.base)) if home)


def _concerns(path: str, ours: tuple[str, ...], foreign: tuple[str, ...]) -> bool:
    """The longest home that holds the path decides."""
    mine = max((len(home) for home in ours if path.startswith(home + "/")), default=-1)
    theirs = max((len(home) for home in foreign if path.startswith(home + "/")), default=-1)
    return mine >= theirs
