"""Which caches that nobody judges are there: looked for by their paths at every slow look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.other_caches import cache_at, patterns_of
from stalewatch.model.text import SafeText, safe
from stalewatch.probe.host.host_probe import in_batches
from stalewatch.probe.host.parsers import records

if TYPE_CHECKING:
    from stalewatch.probe.host.host_probe import HostProbe

MOST = 200
"""Paths that are kept. More are counted."""


class OtherCachesProbe:
    """Kept for the application of *kind* at *root*. *found* None: not looked at yet; *more* than those are there."""

    def __init__(self, root: str, kind: str) -> None:
        self._root = root
        self._kind = kind
        self.found: tuple[SafeText, ...] | None = None
        self.more = 0

    async def look(self, host: HostProbe) -> None:
        """One round trip. Raises LinkError."""
        paths: set[str] = set()
        for block in await host.ask(*in_batches("list", [f"{self._root}/{pattern}" for pattern in patterns_of(self._kind)])):
            for section in block.of("files"):
                paths |= {path.removeprefix(f"{self._root}/") for path in records.parse_files(section.payload)}
        unknown = [path for path in sorted(paths) if cache_at(path, self._kind) is not None]
        self.found = tuple(safe(path, 200) for path in unknown[:MOST])
        self.more = len(unknown) - len(self.found)
