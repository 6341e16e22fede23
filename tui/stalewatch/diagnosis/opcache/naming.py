"""What a script is to Laravel: its caches and compiled views are PHP files too, and are named as what they are."""

from __future__ import annotations

from stalewatch.diagnosis.context import Look
from stalewatch.diagnosis.opcache import codes
from stalewatch.diagnosis.rule import Rule
from stalewatch.diagnosis.words import absolute, name_of, short

_BY_LAYER = {
    "config": (codes.CONFIG_CACHE, "the configuration cache"),
    "routes": (codes.ROUTE_CACHE, "the route cache"),
    "events": (codes.EVENT_CACHE, "the event cache"),
    "packages": (codes.MANIFEST, "the package manifest"),
    "services": (codes.MANIFEST, "the services manifest"),
}
_BY_NAME = {
    "config.php": "config",
    "routes-v7.php": "routes",
    "events.php": "events",
    "packages.php": "packages",
    "services.php": "services",
}


class Naming:
    """Knows the paths of the caches, relocated ones too."""

    def __init__(self, look: Look) -> None:
        self._root = look.root
        caches = look.host.caches if look.host is not None else ()
        self._layers = {absolute(cache.path, look.root): cache.layer for cache in caches}

    def of(self, path: str) -> tuple[Rule, str]:
        """The code for *path* when it is stale, and what to call it."""
        layer = self._layers.get(path, "")
        if not layer and "/bootstrap/cache/" in path:
            layer = _BY_NAME.get(name_of(path), "")
        if layer:
            return _BY_LAYER[layer]
        if "/storage/framework/views/" in path:
            return codes.VIEW, f"the compiled view {name_of(path)}"
        return codes.BYTECODE, short(path, self._root)
