"""One application as the host probe sees it: keeps what the slow look read, and makes a :class:`HostFacts` at every tick."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from stalewatch.model.layers import FILE_CACHED
from stalewatch.model.memo import Memo
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import FpmFacts, HostFacts, Inputs, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.host.app_facts import (
    cache_files,
    disk_of,
    layout_of,
    lock_of,
    packages_of,
    release_of,
    view_facts,
    writable_by,
)
from stalewatch.probe.host.app_files import AppFiles, affordable, app_files, code_folders, own_sources, wanted_contents
from stalewatch.probe.host.app_processes import AppProcesses
from stalewatch.probe.host.code_links import CodeLinks
from stalewatch.probe.host.composer_probe import ComposerProbe
from stalewatch.probe.host.deploys import Deploys
from stalewatch.probe.host.host_probe import in_batches
from stalewatch.probe.host.log_tail import LogTail, fpm_tail
from stalewatch.probe.host.made_for import MadeFor
from stalewatch.probe.host.other_caches_probe import OtherCachesProbe
from stalewatch.probe.host.parsers import records
from stalewatch.probe.host.parsers.cache_inputs import MAX_WALK, group, layer_files
from stalewatch.probe.host.parsers.checksums import digest, parse_sums
from stalewatch.probe.host.parsers.compiled_views import compiled_folder, pair_views, parse_trailers
from stalewatch.probe.host.parsers.composer import framework_version
from stalewatch.probe.host.source_references import SourceReferences
from stalewatch.probe.host.source_sums import SourceSums
from stalewatch.probe.host.symfony_probe import SymfonyProbe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stalewatch.model.inventory import Fleet
    from stalewatch.model.snapshot import (
        CacheFile,
        CompiledView,
        FileSum,
        LogFacts,
        LogLine,
        PackageFacts,
        PeerWatcher,
        Pool,
        QueueWorker,
        ViewFacts,
    )
    from stalewatch.model.text import SafeText
    from stalewatch.probe.host.discovery import AppLocation
    from stalewatch.probe.host.host_probe import HostProbe, TickFacts
    from stalewatch.probe.host.parsers.framing import Block, BlockSection
    from stalewatch.probe.host.parsers.records import FileRecord
    from stalewatch.probe.runtime.pool_probe import PoolProbe

MAX_VIEWS = 5000


class AppProbe:
    """The state of one application. ``paths`` are checked with stat at every tick; ``slow`` reads what is expensive."""

    def __init__(self, location: AppLocation, pool: Pool | None, fleet: Fleet, before: CodeLinks | None = None) -> None:
        self.location = location
        self.files: AppFiles = app_files(location, pool)
        self.log_lines: tuple[LogLine, ...] = ()
        self.slow_at = 0.0
        self.processes = AppProcesses(location.root)
        self._contents = wanted_contents(self.files)
        self._watches = fleet.logs
        self._fpm_log = ("", "")
        self._unfollowed: tuple[LogFacts, ...] = ()
        self._logs = [LogTail(watch, location.root) for watch in fleet.logs]
        self._walk: dict[str, FileRecord] = {}
        self._walk_cut = False
        self._inputs: dict[str, Inputs] = {}
        self._grouped: Memo[dict[str, Inputs]] = Memo()
        self._views = b""
        self._trailers: dict[str, str] = {}
        self._view_sources: dict[str, FileRecord] = {}
        self._pairs: Memo[tuple[CompiledView, ...]] = Memo()
        self._packages: Memo[PackageFacts] = Memo()
        self._deploys = Deploys()
        self._complete: dict[str, bool] = {}
        self._judged: dict[str, FileRecord | None] = {}
        self._made_for = MadeFor(location.root)
        self.links = CodeLinks(location.path, location.root, before)
        self._composer = ComposerProbe(location.root, self._contents)
        self._others = OtherCachesProbe(location.root, location.kind)
        self._symfony = SymfonyProbe(location.root, self.files.symfony_cache) if location.kind == "symfony" else None
        self._dirty: int | None = None
        self._dirty_for: tuple[object, ...] = ()
        self._summed: dict[str, FileRecord] | None = None
        self._own: dict[str, FileRecord] = {}
        self._code: tuple[SafeText, tuple[FileSum, ...]] = (safe(""), ())
        self._sums = SourceSums()
        self._disk: tuple[int, int] | None = None
        self._link: FileRecord | None = None
        self._born: float | None = None
        self._version = ""
        self._versioned: FileRecord | None = None
        self._keys = ""
        self._references = SourceReferences(location.root)

    @property
    def paths(self) -> tuple[str, ...]:
        """What every tick stats: the fixed files, the logs, and the few sources that config and routes are made from."""
        if not self.location.root:
            return (self.location.path,)
        sources = layer_files(self._inputs, self.location.root) if self._inputs else ()
        more = self._symfony.paths if self._symfony is not None else ()
        return (self.location.path, *self.files.fixed, self._views_folder, *(log.path for log in self._logs), *sources[:200], *more)

    @property
    def _views_folder(self) -> str:
        """Where compiled views are: by the cached configuration, else by the pool's environment."""
        return compiled_folder(self._keys) or self.files.views

    @property
    def sources(self) -> Mapping[str, FileRecord]:
        """Every source of the app, by path."""
        return self._walk

    def moved(self, before: TickFacts, now: TickFacts) -> bool:
        """Whether a watched file has changed since the last tick (a log that grew does not count)."""
        if before.files is now.files:
            return False
        logs = {log.path for log in self._logs}
        return any(before.files.get(path) != now.files.get(path) for path in self.paths if path not in logs)

    def replaced(self, before: TickFacts, now: TickFacts) -> bool:
        """Whether another directory lies where a watched one was: a tree was mounted or renamed over it."""
        if before.files is now.files:
            return False
        pairs = ((before.files.get(path), now.files.get(path)) for path in (self.location.path, self.location.root, *self.files.folders))
        return any(old and new and (old.dev, old.inode) != (new.dev, new.inode) for old, new in pairs)

    def follow_fpm(self, error_log: str, config_path: str) -> None:
        """Also follow FPM's own log, the one that its configuration names."""
        if (error_log, config_path) == self._fpm_log:
            return
        self._fpm_log, tail = (error_log, config_path), fpm_tail(error_log, config_path, self._watches)
        self._logs = [log for log in self._logs if not log.fpm and log.path != tail.path]
        self._logs += [tail] if isinstance(tail, LogTail) else []
        self._unfollowed = () if isinstance(tail, LogTail) else (tail,)

    async def read_logs(self, host: HostProbe, tick: TickFacts) -> None:
        """New lines of the watched logs. Raises LinkError."""
        lines: list[LogLine] = []
        for log in self._logs:
            lines += await log.read(host, tick.files.get(log.path), tick.now)
        self.log_lines = tuple(sorted(lines, key=lambda line: line.at))

    async def slow(self, host: HostProbe, tick: TickFacts) -> None:
        """Everything expensive, in two round trips. Raises LinkError."""
        if not self.location.root:
            return
        root, folder = self.location.root, self._views_folder
        blocks = await host.ask(
            ("walk", root, str(MAX_WALK + 1), *(() if self._walk else ("new",))),  # a link may be set back to what was walked before
            ("views", folder, str(MAX_VIEWS)),
            ("disk", root),
            ("link", self.location.path),
            self.processes.mounts,
            self.links.request,
            *self._contents.requests(tick.files),
            *self._composer.requests(tick.files),
            *self._due(tick),
        )
        self._contents.take(blocks)
        for block in blocks:
            self._composer.take(block)
            self._references.take(block)
            for section in block.sections:
                self._take(section)
        if folder != self._views_folder:  # the cached configuration, read just now, names another
            for section in (await host.ask(("views", self._views_folder, str(MAX_VIEWS))))[0].sections:
                self._take(section)
        self._version = self._version or framework_version(self._contents.get(self.files.at("vendor/composer/installed.json")) or b"")
        await self._second_trip(host, tick)
        await self._references.look(host, self._walk, self._version, self._contents)
        await self._others.look(host)
        if self._symfony is not None:
            await self._symfony.look(host)
        self._regroup(tick)
        if due := self._sums.due(self._judged_by_content(tick)):
            self._sums.take(await host.ask(*due))
        await self.processes.look(host, self._inputs)
        self.slow_at = tick.now

    def facts(
        self,
        tick: TickFacts,
        host: HostProbe,
        fpm: FpmFacts | Unseen,
        *,
        workers: Sequence[QueueWorker] = (),
        watchers: Iterable[PeerWatcher] = (),
        locks: tuple[int, ...] = (),
        others: tuple[str, ...] = (),
    ) -> HostFacts:
        """What is known now. *locks*: inodes of the roots of all applications here, to find whose lock a lock is; *others*: the roots of
        the other applications."""
        root, there = self.location.root, self.location.path in tick.files
        missing = () if root and there else (self.location.missing(host.hello.login),)
        self._regroup(tick)
        release = release_of(self.location, self.files, self._contents, tick.files, self._dirty)
        if self._link is not None:
            release = replace(release, switched_at=self._link.ctime, born=self._born)
        deploys = self._deploys.of(self.files, self._contents, self._inputs, tick.files)
        code, sums = self._code
        return HostFacts(
            now=tick.now,
            slow_at=self.slow_at,
            login=safe(host.hello.login, 64),
            utc_offset=host.hello.utc_offset,
            layout=layout_of(self.location, tick.files, self._version, there),
            release=replace(release, code=code, sums=sums, deploys=deploys, beside=self._made_for.beside),
            caches=self._caches(tick, fpm),
            inputs=self._inputs,
            views=self._view_facts(tick, fpm),
            packages=self._package_facts(tick),
            fpm=fpm,
            queue_workers=tuple(workers),
            disk_free=self._disk[0] if self._disk else None,
            disk_total=self._disk[1] if self._disk else None,
            log_lines=self.log_lines,
            logs=(*(log.facts() for log in self._logs), *self._unfollowed),
            lock=lock_of(tick, self.location.path, locks),
            watchers=tuple(watchers),
            other_apps=tuple(safe(root) for root in others),
            places=tuple(record.stat() for path in self.files.places if (record := tick.files.get(path)) is not None) if root else None,
            composer=self._composer.facts(),
            other_caches=self._others.found,
            more_caches=self._others.more,
            asks=self._references.calls,
            route_asks=self._references.route_calls,
            cli_cache=self.processes.cli_cache,
            symfony=self._symfony.facts() if self._symfony is not None else None,
            problems=missing or (*self.links.problems, *self._contents.problems(root)),
        )

    def _caches(self, tick: TickFacts, fpm: FpmFacts | Unseen) -> tuple[CacheFile, ...]:
        if self.location.kind != "laravel":
            return ()
        return self._made_for.files(
            cache_files(self.files, tick.files, self._complete, fpm, self._references.layout.moved), self.files.caches
        )

    async def ask_apcu(self, pool: PoolProbe, since: float) -> None:
        """Ask *pool* for what Composer's autoloader keeps in APCu, where a file came after the pool began (*since*). Raises LinkError."""
        keys = self._composer.apcu_keys(self._walk, since)
        if keys:
            self._composer.take_apcu(await pool.apcu(keys), self._walk)
        await self.processes.ask(pool)

    def _view_facts(self, tick: TickFacts, fpm: FpmFacts | Unseen) -> ViewFacts:
        pool = fpm.pool if isinstance(fpm, FpmFacts) else None

        def pair() -> tuple[CompiledView, ...]:
            sources = {**self._walk, **self._view_sources}
            return pair_views(self._views, self._trailers, sources, self.location.root, partial(writable_by, fpm=fpm), self._sums.of)

        made_of = (self._views, pool and (pool.user, pool.group), self._sums.taken)
        pairs = self._pairs.get(pair, (self._walk, self._view_sources), made_of)
        return view_facts(pairs, tick.files.get(self._views_folder), fpm, self._keys, truncated=len(pairs) >= MAX_VIEWS)

    def _package_facts(self, tick: TickFacts) -> PackageFacts:
        """Read again only when one of the three files was: installed.json of a large application has megabytes."""
        manifest, at = self.files.caches["packages"], self.files.at
        cached = self._contents.get(manifest) if manifest in tick.files else None
        installed, composer = (self._contents.get(at(name)) for name in ("vendor/composer/installed.json", "composer.json"))
        return self._packages.get(lambda: packages_of(cached, installed, composer or b""), (cached, installed, composer))

    def _due(self, tick: TickFacts) -> list[tuple[str, ...]]:
        """Requests that are only needed when something has changed."""
        due: list[tuple[str, ...]] = []
        changed = [path for path in self.files.caches.values() if self._judged.get(path) != tick.files.get(path)]
        if changed:
            due += [("complete", *changed), *self._made_for.requests(changed)]
            self._judged |= {path: tick.files.get(path) for path in changed}
            if self.files.caches["config"] in changed:
                self._keys = ""
                due.append(("keys", self.files.caches["config"]))
        installed = tick.files.get(self.files.at("vendor/composer/installed.json"))
        if not self._version or installed != self._versioned:
            self._versioned, self._version = installed, ""
            due.append(("version", self.location.root))
        due += self._references.requests(tick.files)
        return due

    def _take(self, section: BlockSection) -> None:
        if section.name == "walk":
            self._walk = records.parse_files(section.payload)
            self.files = replace(self.files, deeper=code_folders(self._walk, self.files))
            self._walk_cut = sum(not path.startswith(f"{self.location.root}/vendor/composer/") for path in self._walk) > MAX_WALK
        elif section.name == "views":
            self._views = section.payload
        elif section.name == "trailers":
            self._trailers = parse_trailers(section.payload)
        elif section.name == "link":
            self._link = records.parse_files(section.payload).get(self.location.path)
        elif section.name == "links":
            self.links.take(section)
        elif section.name == "mounts":
            self.files = replace(self.files, mounted=self.processes.mounted(section))
        elif section.name == "born":
            self._born = records.birth_of(section.payload)
        elif section.name == "named":
            self._made_for.take(section)
        elif section.name == "disk":
            self._disk = disk_of(section.payload)
        elif section.name == "version":
            self._version = records.text(section.payload).partition("'")[2].partition("'")[0]
        elif section.name == "keys":
            self._keys = records.text(section.payload)
        elif section.name == "complete":
            states = (line.partition(" ")[::2] for line in records.text(section.payload).split("\n"))
            self._complete |= {path: state == "complete" for state, path in states if path}

    async def _second_trip(self, host: HostProbe, tick: TickFacts) -> None:
        """What follows from the first answers: sources of views outside the walk, and, if a source changed, git status and check sums."""
        requests: list[tuple[str, ...]] = []
        outside = sorted({path for path in self._trailers.values() if path not in self._walk and "\n" not in path})
        missing = [log for log in self._logs if log.daily and log.path not in tick.files]
        requests += [("list", log.daily) for log in missing]
        beside = self._made_for.list_requests()
        requests += beside
        requests += in_batches("stat", outside[:MAX_VIEWS])
        # The count of changed files can only change with a source or with git itself.
        state = (self._walk, self._contents.get(self.files.at(".git/logs/HEAD")))
        git = bool(self._contents.get(self.files.at(".git/HEAD"))) and state != self._dirty_for
        if git:
            self._dirty_for = state
            requests.append(("dirty", self.location.root))
        requests += [*self._sums_due(), *self._composer.source_requests(self._walk, cut=self._walk_cut)]
        blocks: list[Block] = await host.ask(*requests) if requests else []
        for log, block in zip(missing, blocks, strict=False):
            log.choose(tick.files.get(log.path), records.parse_files(found.payload).values() if (found := block.first("files")) else ())
        self._view_sources = {}
        rest = len(missing) + len(beside)
        self._made_for.take_list(blocks[len(missing) : rest])
        for block in blocks[rest:]:
            self._composer.take(block)
            for section in block.of("files"):
                self._view_sources |= records.parse_files(section.payload)
            if (sums := block.first("sums")) is not None:
                self._code = digest(parse_sums(sums.payload), self._own, self.location.root)
            if (dirty := block.first("dirty")) is not None and dirty.payload.strip().isdigit():
                self._dirty = int(dirty.payload.strip()[:9])

        if others := self._composer.other_requests(self._walk):
            for other in await host.ask(*others):
                self._composer.take(other)

    def _sums_due(self) -> list[tuple[str, ...]]:
        """The request for check sums, when one of the app's own sources has changed."""
        if self._walk is self._summed:
            return []
        comparable = self.location.kind == "laravel" and not self._walk_cut and affordable(self._walk, self.location.root)
        own = own_sources(self._walk, self.files, self._views_folder) if comparable else {}
        self._summed, before = self._walk, self._own
        if own == before:
            return []
        self._own, self._code = own, (safe(""), ())
        return [("sums", self.location.root, str(MAX_WALK))] if own else []

    def _regroup(self, tick: TickFacts) -> None:
        """Group the sources by layer again, only when the walk or one of the sources that every tick checks has changed."""
        walk, referred = self._walk, self._references.files
        regular = {path: record for path in self.paths if (record := tick.files.get(path)) is not None and record.is_regular}
        fresh = {path: record for path, record in regular.items() if path in walk or path in referred or "/.env" in path}

        def regroup() -> dict[str, Inputs]:
            root, ticked = self.location.root, set(self.paths)
            listed = {**referred, **walk}
            merged = {path: record for path, record in listed.items() if path not in ticked or path in tick.files} | fresh
            layout = self._references.layout
            return group(merged.values(), root, cut=self._walk_cut, skeleton=layout, env=self.files.env, content=self._sums.of)

        if walk:
            made_of = (tuple(fresh.values()), self._references.layout, referred, self._sums.taken)
            self._inputs = self._grouped.get(regroup, (walk,), made_of)

    def _judged_by_content(self, tick: TickFacts) -> Iterator[FileRecord]:
        """The sources that caches and workers are judged by, where their times cannot tell."""
        layers = (*FILE_CACHED, "code") if self.location.kind in ("laravel", "symfony") else ()
        listed = (stat.path for layer in layers if layer in self._inputs for stat in self._inputs[layer].direct)
        for path in (*(f"{self.location.root}/{name}" for name in listed), *self._trailers.values()):
            record = tick.files.get(path) or self._walk.get(path) or self._view_sources.get(path)
            if record is not None and record.is_regular:
                yield record
