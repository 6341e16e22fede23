"""Digests of scripts that a full list does not have: PHP takes those of the application each time, within a time limit; those of packages
are many and seldom change, so each is asked for once, and again when another file lies in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.replace import replace

if TYPE_CHECKING:
    from stalewatch.probe.runtime.answer import Answer

MAX_SIZE = 1_048_576
"""Bytes of the largest file that PHP takes a digest of (runtime.php)."""
AT_ONCE = 500
"""Paths in one request."""


class PackageDigests:
    """Knows of which scripts of one pool a digest was told, each by the place (device, inode) of its file."""

    def __init__(self) -> None:
        self._since = -1
        self._told: dict[str, tuple[int | None, int]] = {}

    def missing(self, answer: Answer) -> list[str]:
        """The scripts of a full list of which none is known."""
        since = max(answer.opcache.start_time, answer.opcache.last_restart_time)
        if since != self._since:
            self._since, self._told = since, {}
        self._told |= {row.path: (row.dev, row.inode) for row in answer.scripts if row.digest}
        return [
            row.path
            for row in answer.scripts
            if row.mtime is not None and row.size <= MAX_SIZE and self._told.get(row.path) != (row.dev, row.inode)
        ]

    def merged(self, answer: Answer, told: Answer) -> Answer:
        """The full list *answer* with the digests that *told* has of the same files; those that PHP could not read have none."""
        found: dict[str, tuple[tuple[object, ...], str]] = {path: (tuple(stat), digest) for path, *stat, digest in told.digests}
        rows = []
        for row in answer.scripts:
            stat, digest = found.get(row.path, ((), ""))
            if stat == (row.dev, row.inode, row.mtime, row.ctime):
                self._told[row.path] = (row.dev, row.inode)
                rows.append(replace(row, digest=digest))
            else:
                rows.append(row)
        return replace(answer, scripts=rows)
