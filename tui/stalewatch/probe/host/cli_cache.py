"""Code that PHP's command line keeps compiled in files and does not compare with its sources: opcache.enable_cli, file_cache and
validate_timestamps=0. A worker that starts after a deploy, and ``artisan config:cache``, then run what was compiled before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.replace import replace
from stalewatch.probe.host.host_probe import stats_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.parsers.records import FileRecord

USUAL = "/usr/bin/php"
_ON = frozenset({"1", "on", "yes", "true"})


class CliIni(msgspec.Struct, frozen=True):
    """What the PHP at *php* (which is *file*: device and inode) is set to: the *folder* of what it keeps and never checks, "" none.
    *sources*: the ini files that say so, and their folders, as they were."""

    php: str = ""
    file: str = ""
    folder: str = ""
    sources: dict[str, FileRecord] = {}
    paths: tuple[str, ...] = ()


async def command_line_ini(host: HostProbe, there: Mapping[str, str], before: CliIni) -> CliIni:
    """Of the usual PHP of the command line (*there*: path -> which file it is); asked again when it or one of its ini files is another.
    Raises LinkError."""
    file = there.get(USUAL, "")
    if not file:
        return CliIni()
    if before.file == file and await stats_of(host, before.paths) == before.sources:
        return before
    (block,) = await host.ask(("phpini", USUAL))
    told = [line.partition("=")[::2] for line in block.text("phpini").split("\n") if "=" in line]
    paths = {path for name, path in told if name == "file" and path.startswith("/")}
    paths |= {path.rpartition("/")[0] for path in paths}
    value = dict(told)
    kept = _is_on(value, "opcache.enable") and _is_on(value, "opcache.enable_cli") and not _is_on(value, "opcache.validate_timestamps")
    folder = value.get("opcache.file_cache", "").rstrip("/") if kept else ""
    found = CliIni(USUAL, file, folder if folder.startswith("/") else "", {}, tuple(sorted(paths)))
    return replace(found, sources=await stats_of(host, found.paths))


def _is_on(value: Mapping[str, str], name: str) -> bool:
    return value.get(name, "").lower() in _ON
