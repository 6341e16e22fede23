"""Where one application keeps its sources, by what the sources themselves say: each is read again only when its stat has moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.model.text import safe
from stalewatch.probe.host.app_files import EVENT_PROVIDER
from stalewatch.probe.host.composer_probe import COMPOSER
from stalewatch.probe.host.host_probe import in_batches, stats_of
from stalewatch.probe.host.parsers import records
from stalewatch.probe.host.parsers.autoload import wanted_autoload
from stalewatch.probe.host.parsers.laravel_skeleton import Skeleton, skeleton
from stalewatch.probe.host.parsers.references import References, is_asked, references

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stalewatch.model.text import SafeText
    from stalewatch.probe.host.file_contents import FileContents
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.parsers.autoload import AutoloadRules
    from stalewatch.probe.host.parsers.framing import Block
    from stalewatch.probe.host.parsers.records import FileRecord

DEEP = 10
"""So many times a file that a source loads is asked in its turn which others it loads."""


class SourceReferences:
    """Kept for the application at *root*. *layout*: what its sources say; *files*: those that they name and that are not in the walk.
    *calls*: what the configuration asks when it is cached, and no file tells of: ``PATH: FUNCTION, …``; *route_calls*: what routes ask."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._bootstrap = ""
        self._bootstrapped: FileRecord | None = None
        self._known: dict[str, tuple[FileRecord, str]] = {}
        self._walk: Mapping[str, FileRecord] | None = None
        self._made_of: tuple[object, ...] = ()
        self.layout = Skeleton()
        self.files: dict[str, FileRecord] = {}
        self.calls: tuple[SafeText, ...] = ()
        self.route_calls: tuple[SafeText, ...] = ()

    def requests(self, files: Mapping[str, FileRecord]) -> list[tuple[str, ...]]:
        """Read the hints of ``bootstrap/app.php``, if it has changed."""
        path = f"{self._root}/bootstrap/app.php"
        if files.get(path) == self._bootstrapped:
            return []
        self._bootstrapped, self._bootstrap = files.get(path), ""
        return [("hints", path)]

    def take(self, block: Block) -> None:
        """The answer to that."""
        if (hints := block.first("hints")) is not None:
            self._bootstrap = records.text(hints.payload)

    async def look(self, host: HostProbe, walk: Mapping[str, FileRecord], version: str, contents: FileContents) -> None:
        """Ask the sources that have changed, and those that they load. Raises LinkError."""
        composer, provider = contents.get(f"{self._root}/{COMPOSER}") or b"", contents.text(f"{self._root}/{EVENT_PROVIDER}")
        made_of = (version, self._bootstrap, composer, provider)
        if walk is not self._walk or made_of != self._made_of:
            self._walk, self._made_of = walk, made_of
            await self._read(host, walk, skeleton(version, self._bootstrap, provider, self._relative(walk)), wanted_autoload(composer))
        self.files = await stats_of(host, [path for path in self._outside() if path not in walk])

    def _relative(self, walk: Mapping[str, FileRecord]) -> dict[str, FileRecord]:
        return {path.removeprefix(f"{self._root}/"): record for path, record in walk.items()}

    async def _read(self, host: HostProbe, walk: Mapping[str, FileRecord], layout: Skeleton, rules: AutoloadRules) -> None:
        relative = self._relative(walk)
        wanted = {path for path in relative if is_asked(path, layout.config)}
        found = References()
        for _ in range(DEEP):
            if due := [f"{self._root}/{path}" for path in sorted(wanted) if self._moved(relative[path])]:
                for block in await host.ask(*in_batches("refers", due)):
                    for section in block.of("refers"):
                        self._known[section.argument] = (walk[section.argument], records.text(section.payload))
            texts = {path: known[1] for path in wanted if (known := self._known.get(f"{self._root}/{path}")) is not None}
            found = references(texts, layout.config, rules)
            more = {path for paths in found.named.values() for path in paths if path in relative and path.endswith(".php")}
            if more <= wanted:
                break
            wanted |= more
        self._known = {path: known for path, known in self._known.items() if path in walk}
        self.calls, self.route_calls = _shown(found.calls), _shown(found.route_calls)
        folders = {f"{folder.strip('/')}/" for folders in rules.namespaces.values() for folder in folders if folder.strip("./")}
        self.layout = replace(layout, named=found.named, used=found.used, moved=found.moved, code=tuple(sorted(folders)))

    def _moved(self, record: FileRecord) -> bool:
        known = self._known.get(record.path)
        if known is not None and known[0] == record:
            return False
        self._known[record.path] = (record, "")  # what cannot be read is not asked again
        return "\n" not in record.path

    def _outside(self) -> Iterator[str]:
        yield from (f"{self._root}/{path}" for paths in self.layout.named.values() for path in sorted(paths) if not path.startswith("../"))
        yield from (f"{self._root}/{path}" for paths in self.layout.used.values() for path in sorted(paths) if path.startswith(".git/"))


def _shown(calls: Mapping[str, tuple[str, ...]]) -> tuple[SafeText, ...]:
    return tuple(safe(f"{path}: {', '.join(words)}") for path, words in sorted(calls.items()))
