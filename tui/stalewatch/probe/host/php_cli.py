"""Which PHPs the server has for the command line, by their files: artisan must run as the version that the pool is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.probe.host.parsers import records

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.probe.host.host_probe import HostProbe

_VERSIONS = ("7.4", *(f"8.{minor}" for minor in range(8)))


async def command_lines(host: HostProbe, binaries: Iterable[str]) -> dict[str, str]:
    """Path -> which file it is in the end (device and inode): ``/usr/bin/php``, those with a version in their names, what lies beside
    the *binaries* of FPM. Raises LinkError."""
    folders = {"/usr/bin", *(f"{binary.rpartition('/')[0].removesuffix('/sbin')}/bin" for binary in binaries if binary.startswith("/"))}
    wanted = [f"{folder}/php{version}" for folder in sorted(folders) for version in ("", *_VERSIONS)]
    (block,) = await host.ask(("stat", *wanted))
    section = block.first("files")
    found = records.parse_files(section.payload) if section is not None else {}
    return {path: f"{record.dev}:{record.inode}" for path, record in found.items() if record.is_regular}
