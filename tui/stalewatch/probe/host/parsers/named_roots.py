"""The roots that the paths in a cached file name. Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple

from stalewatch.model.snapshot import CacheStore, NamedRoot
from stalewatch.model.text import SafeText, safe
from stalewatch.probe.host.parsers.records import text

_STATES: dict[str, Literal["own", "other", "missing"]] = {"own": "own", "other": "other", "missing": "missing"}


class CacheOrigin(NamedTuple):
    """See :class:`stalewatch.model.snapshot.CacheFile`."""

    named: tuple[NamedRoot, ...] | None = None
    shared: bool | None = None
    store: CacheStore | None = None
    environments: tuple[SafeText, SafeText] | None = None


def parse_origin(payload: bytes) -> CacheOrigin:
    """The lines ``inside`` or ``outside``, ``STATE FOLDER ROOT``, ``store NAME DRIVER PLACE`` and ``environment CACHED OWN``."""
    shared: bool | None = None
    store: CacheStore | None = None
    environments: tuple[SafeText, SafeText] | None = None
    folders: dict[str, list[str]] = {}
    states: dict[str, Literal["own", "other", "missing"]] = {}
    for line in text(payload).split("\n"):
        state, _, rest = line.partition(" ")
        folder, _, root = rest.partition(" ")
        if line in ("inside", "outside"):
            shared = line == "outside"
        elif state == "environment" and root:
            environments = (safe(folder, 64), safe(root, 64))
        elif state == "store" and folder and root:
            driver, _, place = root.partition(" ")
            store = CacheStore(safe(folder), safe(driver), safe(place))
        elif state in _STATES and root:
            states[root] = _STATES[state]
            folders.setdefault(root, []).append(folder)
    named = tuple(NamedRoot(safe(root), tuple(map(safe, sorted(set(found)))), states[root]) for root, found in folders.items())
    return CacheOrigin(named, shared, store, environments)
