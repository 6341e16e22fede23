"""Reads the configuration of the web servers of one server, and again only when one of its files moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stalewatch.probe.host.parsers import records
from stalewatch.probe.host.web_server import nginx
from stalewatch.probe.host.web_server.site import MAX_DEPTH, Files, Site

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.parsers.records import FileRecord

MAX_PATTERNS = 400


class WebServers(msgspec.Struct, frozen=True):
    """*sites* as of *stats*, which are those of every file and folder that *patterns* match. *running*: what /proc shows of them."""

    running: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    stats: dict[str, FileRecord] = {}
    sites: tuple[Site, ...] = ()


async def read(host: HostProbe, running: tuple[str, ...], before: WebServers) -> WebServers:
    """What is configured now. *running*: lines ``KIND TITLE``; where there is none, everything at the usual places counts. Raises
    LinkError."""
    if before.patterns and running == before.running and await _stats(host, before.patterns) == before.stats:
        return before
    patterns: list[str] = []
    sites: list[Site] = []
    kinds = {line.partition(" ")[0] for line in running}
    if not kinds or "nginx" in kinds:
        named = [path for line in running if line.startswith("nginx ") and (path := nginx.main_of(line))]
        files, asked = await _files(host, named or nginx.MAINS)
        patterns += asked
        sites += nginx.parse(files) if files.main else ()
    return WebServers(running, tuple(patterns), await _stats(host, patterns), tuple(sites))


async def _files(host: HostProbe, mains: Iterable[str]) -> tuple[Files, list[str]]:
    """The first of *mains* that is there, and everything that it includes, at any depth."""
    texts: dict[str, str] = {}
    matches: dict[str, tuple[str, ...]] = {}
    main, due = "", [*mains]
    for _ in range(MAX_DEPTH):
        blocks = await host.ask(*(("web", "nginx", pattern) for pattern in due))
        for pattern, block in zip(due, blocks, strict=True):
            new = {section.argument: records.text(section.payload) for section in block.of("text")}
            matches[pattern] = tuple(new)
            texts |= new
        main = main or next(iter(texts), "")
        lines = [line.split("\t") for text in texts.values() for line in text.split("\n")]
        wanted = dict.fromkeys(nginx.pattern_of(words[1], main) for words in lines if words[0] == "include" and len(words) == 3)
        due = [pattern for pattern in wanted if pattern not in matches and "\n" not in pattern][: MAX_PATTERNS - len(matches)]
        if not due:
            break
    return Files(main, texts, matches), [*matches]


async def _stats(host: HostProbe, patterns: Iterable[str]) -> dict[str, FileRecord]:
    found: dict[str, FileRecord] = {}
    for block in await host.ask(*(("list", pattern) for pattern in patterns)):
        for section in block.of("files"):
            found |= records.parse_files(section.payload)
    return found
