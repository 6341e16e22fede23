"""Reads the configuration of the web servers of one server, and again only when one of its files moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from stalewatch.probe.host.host_probe import in_batches
from stalewatch.probe.host.parsers import records
from stalewatch.probe.host.web_server import apache, caddy, nginx
from stalewatch.probe.host.web_server.site import MAX_DEPTH, Files, Kind, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.parsers.records import FileRecord

MAX_PATTERNS = 2000
"""Includes of one web server, each a pattern; ``web_verbs.sh`` reads :data:`MAX_FILE` bytes of every file that one matches."""
MAX_FILE = 1_048_576


class WebServers(msgspec.Struct, frozen=True):
    """*sites* as of *stats*, which are those of every file and folder that *patterns* match. *running*: what /proc shows of them. *denied*:
    files that this login may not read. *left_out*: files of which only the beginning was read, and includes that were not followed.
    *mains*: the main file of each kind. *loaded*: files that a web server reads when it starts or is reloaded; *pid_files*: what Apache
    writes then."""

    running: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    stats: dict[str, FileRecord] = {}
    sites: tuple[Site, ...] = ()
    denied: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    mains: dict[Kind, str] = {}
    loaded: dict[str, Kind] = {}
    pid_files: tuple[str, ...] = ()

    @property
    def changed(self) -> float:
        """When a file of it was last, by ctime."""
        return max((record.ctime for record in self.stats.values()), default=0.0)


class Language(NamedTuple):
    """How the configuration of one kind of web server is found and read. *main_of*: the file by the title of a process; *beside*: files
    that directories have of their own. *pid_files*: what it writes again at each reload, the first of them that is there."""

    kind: Kind
    mains: tuple[str, ...]
    main_of: Callable[[str], str]
    pattern_of: Callable[[str, str, Mapping[str, str]], str]
    parse: Callable[[Files], tuple[Site, ...]]
    beside: Callable[[Mapping[str, str]], list[str]] = lambda _texts: []
    pid_files: Callable[[Mapping[str, str]], list[str]] = lambda _texts: []


LANGUAGES = (
    Language("nginx", nginx.MAINS, nginx.main_of, nginx.pattern_of, nginx.parse),
    Language("apache", apache.MAINS, apache.main_of, apache.pattern_of, apache.parse, apache.beside, apache.pid_files),
    Language("caddy", caddy.MAINS, caddy.main_of, caddy.pattern_of, caddy.parse),
)


async def read(host: HostProbe, running: tuple[str, ...], before: WebServers) -> WebServers:
    """What is configured now. *running*: lines ``KIND TITLE``; where there is none, the first that is installed counts. Raises
    LinkError."""
    if before.patterns and running == before.running and await _stats(host, before.patterns) == before.stats:
        return before
    patterns: list[str] = []
    sites: list[Site] = []
    denied: dict[str, None] = {}
    beyond: list[str] = []
    read: dict[str, None] = {}
    mains: dict[Kind, str] = {}
    loaded: dict[str, Kind] = {}
    pid_files: list[str] = []
    kinds = {line.partition(" ")[0] for line in running}
    for language in LANGUAGES:
        if kinds and language.kind not in kinds:
            continue
        named = [path for line in running if line.startswith(f"{language.kind} ") and (path := language.main_of(line))]
        files, asked, rest = await _files(host, language, named or language.mains)
        patterns += asked
        beyond += rest
        read |= dict.fromkeys(files.texts)
        own = set(language.beside(files.texts))
        denied |= dict.fromkeys(path for pattern, some in files.denied.items() if pattern not in own for path in some)
        sites += language.parse(files) if files.main else ()
        mains[language.kind] = files.main
        for pattern, paths in (*files.matches.items(), *files.denied.items()):
            loaded |= dict.fromkeys(() if pattern in own else paths, language.kind)
        pid_files += language.pid_files(files.texts)
        if not kinds and files.main:
            break  # a second one that is installed and does not run would speak of other times
    stats = await _stats(host, patterns)
    long = [path for path in read if path in stats and stats[path].size > MAX_FILE]
    return WebServers(running, tuple(patterns), stats, tuple(sites), tuple(denied), (*long, *beyond), mains, loaded, tuple(pid_files))


async def _files(host: HostProbe, language: Language, mains: Iterable[str]) -> tuple[Files, list[str], list[str]]:
    """The first of *mains* that is there, and everything that it includes; the patterns that were looked at, and those that were not."""
    texts: dict[str, str] = {}
    matches: dict[str, tuple[str, ...]] = {}
    denied: dict[str, tuple[str, ...]] = {}
    main, due, rest = "", [*mains], list[str]()
    for _ in range(MAX_DEPTH):
        blocks = await host.ask(*(("web", language.kind, pattern) for pattern in due))
        for pattern, block in zip(due, blocks, strict=True):
            new = {section.argument: records.text(section.payload) for section in block.of("text")}
            matches[pattern] = tuple(new)
            denied[pattern] = tuple(section.argument for section in block.of("denied"))
            texts |= new
        main = main or next(iter(texts), "")
        if not main:
            break
        lines = [line.split("\t") for text in texts.values() for line in text.split("\n")]
        included = (words[1] for words in lines if words[0] == "include" and len(words) == 3)
        wanted = dict.fromkeys([*(language.pattern_of(word, main, texts) for word in included), *language.beside(texts)])
        new_ones = [pattern for pattern in wanted if pattern not in matches and "\n" not in pattern]
        due, rest = new_ones[: MAX_PATTERNS - len(matches)], new_ones[MAX_PATTERNS - len(matches) :]
        if not due:
            break
    else:
        rest = [*due, *rest]
    return Files(main, texts, matches, denied), [*matches], rest


async def _stats(host: HostProbe, patterns: Sequence[str]) -> dict[str, FileRecord]:
    found: dict[str, FileRecord] = {}
    for block in await host.ask(*in_batches("list", patterns)):
        for section in block.of("files"):
            found |= records.parse_files(section.payload)
    return found
