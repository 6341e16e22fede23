"""Whether files on the server have the content that is expected. The sums are compared there: no content leaves it, not even as a sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.errors import LinkError
from stalewatch.model.expected import FileState, HeldFile
from stalewatch.probe.host.parsers import records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.model.expected import ExpectedFile
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.parsers.framing import Block
    from stalewatch.probe.runtime.pool_probe import PoolProbe

MAX_SIZE = 64 * 1024 * 1024
"""Bytes of the largest file that is read."""


async def held_files(host: HostProbe, pool: PoolProbe | None, files: Sequence[ExpectedFile]) -> tuple[HeldFile, ...]:
    """What lies in the place of each of *files* (absolute paths), as this login sees it; *pool* is asked for what the login may not read.
    Raises LinkError."""
    blocks = await host.ask(*(("held", file.sha256, file.path, str(MAX_SIZE)) for file in files))
    found = [parse_held(block) for block in blocks]
    hidden = [file for file, held in zip(files, found, strict=True) if held.state in (FileState.DENIED, FileState.DANGLING)]
    told = await _by_pool(pool, hidden) if pool is not None and hidden else {}
    return tuple(HeldFile(told[file.path], held.modified) if file.path in told else held for file, held in zip(files, found, strict=True))


def parse_held(block: Block) -> HeldFile:
    """The section ``held``: a word of :class:`FileState`, then the mtime where it is known."""
    state, _, modified = block.text("held").strip().partition(" ")
    try:
        return HeldFile(FileState(state), records.parse_time(modified) if modified else None)
    except ValueError:
        return HeldFile(FileState.UNREAD)


async def _by_pool(pool: PoolProbe, files: Sequence[ExpectedFile]) -> dict[str, FileState]:
    """What the pool's user can tell, by path."""
    try:
        told = await pool.artefacts("held", [file.path for file in files], {"sums": [file.sha256 for file in files], "limit": MAX_SIZE})
    except LinkError:
        return {}
    return {path: FileState(word) for path, word in told.items() if word in (FileState.SAME, FileState.OTHER)}
