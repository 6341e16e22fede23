"""When each web server last read its configuration, by its workers: every reload starts new ones (``docs/facts.md#web-server-reload``)."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import msgspec

from stalewatch.probe.host.host_probe import in_batches, stats_of
from stalewatch.probe.host.parsers import records
from stalewatch.probe.host.web_server.reading import LANGUAGES
from stalewatch.probe.host.web_server.site import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.parsers.framing import Block
    from stalewatch.probe.host.parsers.records import FileRecord, ProcessRecord
    from stalewatch.probe.host.web_server.reading import Language, WebServers
    from stalewatch.probe.host.web_server.site import Site

CLOSE = 0.1
"""Seconds: the kernel's clock for files and for processes differ by less."""
_OF_NO_CODE = "/mime.types"


class Loads(msgspec.Struct, frozen=True):
    """When each kind of web server last read its files, where that is seen, and when those of them that are links were made."""

    at: dict[Kind, float] = {}
    links: dict[str, float] = {}


async def look(host: HostProbe, scan: Block, web: WebServers) -> Loads:
    """What the processes of *scan* and the disk tell of it. Raises LinkError."""
    boot = host.last_tick.boot
    oldest = {language.kind: ticks for language in LANGUAGES if (ticks := _oldest_worker(scan, language, web.mains.get(language.kind, "")))}
    if not boot or not oldest:
        return Loads()
    at = {kind: boot + ticks / host.hello.hz for kind, ticks in oldest.items()}
    if "apache" in at:
        written = [record.mtime for record in (await stats_of(host, web.pid_files)).values()]
        at["apache"] = max([at["apache"], *written])
    links: dict[str, FileRecord] = {}
    for block in await host.ask(*in_batches("linked", list(web.loaded))):
        for section in block.of("files"):
            links |= records.parse_files(section.payload)
    return Loads(at, {path: record.ctime for path, record in links.items()})


def newer(web: WebServers, loads: Loads, sites: Iterable[Site]) -> dict[str, float]:
    """Files that changed after the web servers of *sites* last read them, and when; the newest first. One that names other sites only does
    not count, unless it is the main one."""
    sites = tuple(sites)
    kinds = {site.server for site in sites}
    others = {site.file for site in web.sites} - {site.file for site in sites} - {*web.mains.values()}
    changed = {
        path: max(web.stats[path].newest, loads.links.get(path, 0.0))
        for path, kind in web.loaded.items()
        if kind in kinds and path in web.stats and path not in others and not path.endswith(_OF_NO_CODE)
    }
    late = {path: at for path, at in changed.items() if at > loads.at.get(web.loaded[path], inf) + CLOSE}
    return dict(sorted(late.items(), key=lambda each: (-each[1], each[0])))


def _oldest_worker(scan: Block, language: Language, main: str) -> int:
    """The start (ticks) of the oldest worker that takes new requests, of masters that were started with *main*; 0 none is seen. What runs
    in a container is another's."""
    found = dict(_processes(scan, language))
    spaces = {section.argument: records.text(section.payload).split() for section in scan.of("spaces")}
    masters = set()
    for pid, (record, title) in found.items():
        named = language.main_of(title)
        outside = len(spaces.get(str(pid), ())) < 2
        if record.parent not in found and outside and main and (named == main or (not named and main in language.mains)):
            masters.add(pid)
    return min((record.ticks for record, _ in found.values() if record.parent in masters), default=0)


def _processes(scan: Block, language: Language) -> Iterator[tuple[int, tuple[ProcessRecord, str]]]:
    for section in scan.of("serving"):
        line, _, title = records.text(section.payload).partition("\n")
        record = records.parse_process(line)
        if record is not None and section.argument == language.kind:
            yield record.pid, (record, title)
