"""The contents of an application's own sources as one digest, so that servers can be compared without a commit. Pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from stalewatch.model.snapshot import MAX_SUMS, FileSum
from stalewatch.model.text import SafeText, safe
from stalewatch.probe.host import records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.probe.host.app_files import AppFiles
    from stalewatch.probe.host.records import FileRecord

MAX_BYTES = 32 * 1024 * 1024
"""Of all sources together: more is not read (0.1 s of the server's time for each change that moved one of them)."""
_FOLDERS = ("app/", "bootstrap/", "config/", "routes/", "resources/", "database/", "lang/", "src/", "packages/", "modules/", "Modules/")
_FILES = frozenset({"artisan", "composer.json", "composer.lock", "public/index.php"})


def own_sources(walk: Mapping[str, FileRecord], files: AppFiles, views: str) -> dict[str, FileRecord]:
    """Those of *walk* that a deploy brings, by path. Not: packages (composer writes random names into them), caches wherever they are
    kept, compiled *views*, and what is below no folder of Laravel (uploads, caches of plug-ins, tests)."""
    generated, folders = set(files.caches.values()), (files.views + "/", views + "/", files.at("bootstrap/cache/"))
    return {
        path: record
        for path, record in walk.items()
        if path not in generated and not path.startswith(folders) and _deployed(path.removeprefix(files.root + "/"))
    }


def affordable(walk: Mapping[str, FileRecord], root: str) -> bool:
    """Whether the server may be asked to read all of *walk* but the packages."""
    return sum(record.size for path, record in walk.items() if not path.startswith(f"{root}/vendor/")) <= MAX_BYTES


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


def _deployed(path: str) -> bool:
    return path in _FILES or path.startswith(_FOLDERS)
