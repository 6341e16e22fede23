"""For which directory and release the cached files were made: the roots that they name, and the releases beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.probe.host.parsers import records
from stalewatch.probe.host.parsers.named_roots import CacheOrigin, parse_origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stalewatch.model.snapshot import CacheFile, FileStat
    from stalewatch.probe.host.parsers.framing import Block, BlockSection

_NOT_SEEN = CacheOrigin()
_GLOB = frozenset("*?[\\\n")


class MadeFor:
    """Kept for the application at *root*. Cached files are read only when they have changed."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._origins: dict[str, CacheOrigin] = {}
        self._beside: tuple[FileStat, ...] | None = None

    def requests(self, changed: Iterable[str]) -> list[tuple[str, ...]]:
        """Look into these cached files."""
        changed = tuple(changed)
        for path in changed:
            self._origins.pop(path, None)
        return [("named", self._root, *changed)] if changed else []

    def take(self, section: BlockSection) -> None:
        """What one of them names."""
        self._origins[section.argument] = parse_origin(section.payload)

    def list_requests(self) -> list[tuple[str, ...]]:
        """Which releases there are, if a cached file is shared by them (one request, or none)."""
        folder = self._root.rpartition("/")[0]
        shared = any(origin.shared for origin in self._origins.values())
        return [("list", f"{folder}/*/artisan")] if shared and folder and not _GLOB & set(folder) else []

    def take_list(self, blocks: Iterable[Block]) -> None:
        """The answer to that."""
        for block in blocks:
            if (found := block.first("files")) is not None:
                self._beside = tuple(record.stat("") for record in records.parse_files(found.payload).values())

    def files(self, caches: Iterable[CacheFile], paths: Mapping[str, str]) -> tuple[CacheFile, ...]:
        """*caches* with what they name. *paths*: where each of them is, by name."""
        return tuple(self._with_origin(cache, paths[cache.name]) for cache in caches)

    @property
    def beside(self) -> tuple[FileStat, ...] | None:
        """``artisan`` of every release in our folder (None: not looked at)."""
        return self._beside

    def _with_origin(self, cache: CacheFile, path: str) -> CacheFile:
        origin = self._origins.get(path, _NOT_SEEN) if cache.stat is not None else _NOT_SEEN
        return replace(cache, named=origin.named, shared=origin.shared, store=origin.store, environments=origin.environments)
