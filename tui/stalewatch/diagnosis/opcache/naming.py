"""What a script is to Laravel: its caches and compiled views are PHP files too, and are named as what they are
(``docs/facts.md#opcache-holds-caches``)."""

from __future__ import annotations

from stalewatch.diagnosis.context import Context
from stalewatch.diagnosis.opcache import codes
from stalewatch.diagnosis.paths import absolute, name_of, short
from stalewatch.diagnosis.rule import Rule
from stalewatch.model.layers import CACHED_FILES

_BY_NAME = {name_of(file.path): name for name, file in CACHED_FILES.items()}


class Naming:
    """Knows the paths of the caches, relocated ones too."""

    def __init__(self, context: Context) -> None:
        self._root = context.root
        caches = context.host.caches if context.host is not None else ()
        self._files = {absolute(cache.path, context.root): cache.name for cache in caches}

    def of(self, path: str) -> tuple[Rule, str]:
        """The code for *path* when it is stale, and what to call it."""
        file = self._files.get(path, "")
        if not file and "/bootstrap/cache/" in path:
            file = _BY_NAME.get(name_of(path), "")
        if file:
            return codes.CACHED_FILES[file], f"the {CACHED_FILES[file].title}"
        if "/storage/framework/views/" in path:
            return codes.VIEW, f"the compiled view {name_of(path)}"
        return codes.BYTECODE, short(path, self._root)
