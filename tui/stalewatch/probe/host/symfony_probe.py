"""Symfony's part of one application: its compiled files are found at every slow look, their lists of sources read when they changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from stalewatch.model.snapshot import Compiled, SymfonyFacts
from stalewatch.model.text import safe
from stalewatch.probe.host.host_probe import in_batches
from stalewatch.probe.host.parsers import records
from stalewatch.probe.host.parsers.records import relative
from stalewatch.probe.host.parsers.symfony import (
    ListedSources,
    cache_folders,
    environment_of,
    is_configuration,
    is_container,
    listed_sources,
    would_be_read,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.model.snapshot import FileStat
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.parsers.framing import Block
    from stalewatch.probe.host.parsers.records import FileRecord

ROUTES = "url_matching_routes.php"
MAX_SOURCES = 2000
"""ListedSources files outside of the usual folders that are looked at. More are counted."""
MAX_LISTED = 5000
"""Files of one list that are read. More are counted."""


class SymfonyProbe:
    """Kept for the Symfony application at *root*; *moved*: ``APP_CACHE_DIR`` of its pool ("" not set)."""

    def __init__(self, root: str, moved: str) -> None:
        self._root = root
        self._moved = moved
        self._folders: tuple[str, ...] | None = cache_folders("", root, moved)
        self._files: dict[str, FileRecord] = {}
        self._read: dict[str, FileRecord] = {}
        self._listed: dict[str, ListedSources] = {}
        self._sources: dict[str, FileRecord] = {}
        self._absent: frozenset[str] = frozenset()

    @property
    def paths(self) -> tuple[str, ...]:
        """What every tick stats: the compiled files, and of the configuration that they are made from as much as is cheap. The rest waits
        for the slow look."""
        return (*(path for path in self._files if self._layer(path)), *sorted(self._sources)[:200])

    async def look(self, host: HostProbe) -> None:
        """Everything, in two round trips, and up to two more when a list of sources changed or names others. Raises LinkError."""
        (kernel,) = await host.ask(("kernel", self._root))
        self._folders = cache_folders(kernel.text("kernel"), self._root, self._moved)
        self._take_files(await host.ask(*self._file_requests()))
        metas = {path: record for path, record in self._files.items() if path.endswith(".meta")}
        due = [path for path, record in metas.items() if self._read.get(path) != record]
        self._listed = {path: known for path, known in self._listed.items() if path in metas and path not in due}
        self._read = metas
        for block in await host.ask(("sources", str(MAX_LISTED), *due)) if due else ():
            for section in block.of("sources"):
                self._listed[section.argument] = listed_sources(section.payload, self._root)
        absent: set[str] = set()
        for block in await host.ask(*requests) if (requests := self._other_requests()) else ():
            for section in block.of("files"):
                self._sources |= records.parse_files(section.payload)
            for section in block.of("absent"):
                absent.update(records.text(section.payload).split("\n"))
        self._absent = frozenset(absent)

    def _file_requests(self) -> list[tuple[str, ...]]:
        """The compiled files, and the configuration that is there."""
        compiled = [f"{folder}/{name}" for folder in self._folders or () for name in ("*Container.php*", f"{ROUTES}*")]
        folders = ("config", "config/packages", "config/packages/*", "config/routes", "config/routes/*")
        return in_batches("list", [*compiled, *(f"{self._root}/{folder}/*" for folder in folders)])

    def _take_files(self, blocks: Sequence[Block]) -> None:
        found: dict[str, FileRecord] = {}
        for block in blocks:
            for section in block.of("files"):
                found |= records.parse_files(section.payload)
        regular = {path: record for path, record in found.items() if record.is_regular}
        self._files = {path: record for path, record in regular.items() if self._layer(path.removesuffix(".meta"))}
        there = {path: record for path, record in regular.items() if path not in self._files}
        self._sources = {path: record for path, record in there.items() if is_configuration(self._short(path))}

    def _other_requests(self) -> list[tuple[str, ...]]:
        """ListedSources configuration that is not in the usual folders."""
        listed = {f"{self._root}/{path}" for each in self._listed.values() for path in each.paths if is_configuration(path)}
        outside = sorted(path for path in listed if path not in self._sources)[:MAX_SOURCES]
        return [*in_batches("absent", outside), *in_batches("stat", outside)]

    def facts(self) -> SymfonyFacts:
        """What is known now."""
        compiled = [self._compiled(path, record) for path, record in sorted(self._files.items()) if self._layer(path)]
        return SymfonyFacts(compiled=tuple(each for each in compiled if each is not None), found=self._folders is not None)

    def _compiled(self, path: str, record: FileRecord) -> Compiled | None:
        layer, folder = self._layer(path), path.rpartition("/")[0]
        environment = environment_of(folder)
        if layer is None or not environment:
            return None
        listed = self._listed.get(f"{path}.meta")
        sources: tuple[FileStat, ...] | None = None
        gone: list[str] = []
        unread = 0
        if listed is not None:
            used = {name for name in listed.paths if is_configuration(name)}
            unseen = {name for name in used if f"{self._root}/{name}" not in self._sources}
            gone = sorted(name for name in unseen if f"{self._root}/{name}" in self._absent)
            unread = len(unseen) - len(gone) + listed.more
            used |= {short for each in self._sources if would_be_read(short := self._short(each), layer, environment)}
            records_of = [found for name in used if (found := self._sources.get(f"{self._root}/{name}")) is not None]
            sources = tuple(each.stat(self._root) for each in sorted(records_of, key=lambda each: -each.newest))
        return Compiled(
            layer=layer,
            environment=safe(environment, 64),
            file=record.stat(self._root),
            sources=sources,
            gone=tuple(relative(f"{self._root}/{name}", self._root) for name in gone),
            unread=unread,
        )

    def _layer(self, path: str) -> Literal["config", "routes"] | None:
        """Which layer a compiled file belongs to; None: it is none."""
        if is_container(path):
            return "config"
        return "routes" if path.endswith(f"/{ROUTES}") else None

    def _short(self, path: str) -> str:
        return path.removeprefix(f"{self._root}/")
