"""The contents of an application's own sources as one digest, so that servers can be compared without a commit. Pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from stalewatch.model.snapshot import MAX_SUMS, FileSum
from stalewatch.model.text import SafeText, safe
from stalewatch.probe.host.parsers import records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.probe.host.parsers.records import FileRecord


def parse_sums(payload: bytes) -> dict[str, tuple[int, int]]:
    """Lines ``SUM SIZE PATH`` of cksum as path: (sum, size); what is no such line is left out."""
    found = {}
    for line in records.text(payload).split("\n"):
        fields = line.split(" ", 2)
        if len(fields) == 3 and all(field.isascii() and field.isdecimal() and len(field) < 20 for field in fields[:2]):
            found[fields[2].replace("//", "/")] = (int(fields[0]), int(fields[1]))
    return found


def digest(sums: Mapping[str, tuple[int, int]], own: Mapping[str, FileRecord], root: str) -> tuple[SafeText, tuple[FileSum, ...]]:
    """(digest, check sums of the newest of *own*, by path). The digest is "" unless all of *own* were read, with the size they had."""
    if not own or any(path not in sums or sums[path][1] != record.size for path, record in own.items()):
        return SafeText(""), ()
    whole = hashlib.blake2b(digest_size=8)
    for path in sorted(own):
        whole.update(f"{path.removeprefix(root + '/')}\0{sums[path][0]} {sums[path][1]}\n".encode("utf-8", "surrogateescape"))
    newest = sorted(own.values(), key=lambda record: (-record.mtime, record.path))[:MAX_SUMS]
    named = [FileSum(records.relative(record.path, root), safe(str(sums[record.path][0]))) for record in newest]
    return safe(whole.hexdigest()), tuple(sorted(named, key=lambda each: each.path))
