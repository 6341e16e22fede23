"""Check sums of the files that caches are made from: each is read again only when its stat has moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.text import SafeText, safe
from stalewatch.probe.host.app_files import MAX_BYTES
from stalewatch.probe.host.host_probe import in_batches
from stalewatch.probe.host.parsers import records
from stalewatch.probe.host.parsers.checksums import parse_sums

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.probe.host.parsers.framing import Block
    from stalewatch.probe.host.parsers.records import FileRecord

_NONE = SafeText("")


class SourceSums:
    """The contents of single files, each as it was when its stat was the one that is asked for. *taken*: how often some were read."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[FileRecord, SafeText]] = {}
        self.taken = 0

    def of(self, record: FileRecord) -> SafeText:
        """The check sum of *record* as it is; "" not taken."""
        known = self._known.get(record.path)
        return known[1] if known is not None and known[0] == record else _NONE

    def due(self, files: Iterable[FileRecord]) -> list[tuple[str, ...]]:
        """The requests for those of *files* that have moved since they were read. Not: environment files, and what is more than
        :data:`~stalewatch.probe.host.app_files.MAX_BYTES` together."""
        wanted: dict[str, FileRecord] = {}
        left = MAX_BYTES
        for record in files:
            known = self._known.get(record.path)
            if (known is not None and known[0] == record) or record.size > left or "\n" in record.path or "/.env" in record.path:
                continue
            if record.path not in wanted:
                wanted[record.path] = record
                left -= record.size
        self._known |= {path: (record, _NONE) for path, record in wanted.items()}  # what cannot be read is not asked for again
        return in_batches("content", list(wanted))

    def take(self, blocks: Iterable[Block]) -> None:
        """The answers. A file that changed between its stat and its sum has none."""
        for block in blocks:
            sums, after = block.first("content"), block.first("files")
            if sums is None or after is None:
                continue
            now = records.parse_files(after.payload)
            for path, (number, size) in parse_sums(sums.payload).items():
                record, _ = self._known.get(path, (None, _NONE))
                if record is not None and now.get(path) == record and record.size == size:
                    self._known[path] = (record, safe(str(number)))
                    self.taken += 1
