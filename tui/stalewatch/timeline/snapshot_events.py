"""What one snapshot tells of the past: deploys, caches, reloads, restarts, workers. Each a few events, with keys that dedupe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis.paths import name_of
from stalewatch.model import figures
from stalewatch.model.layers import CACHED_FILES
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import HostFacts, Snapshot
from stalewatch.model.text import safe
from stalewatch.timeline.event import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import Deploy, FileStat

SAME = 2.0
"""Seconds within which two start times are one event."""
BORN_TOGETHER = 10.0
"""Seconds within which workers of a kind are one group."""
ONE_DEPLOY = 120.0
"""Seconds within which files that changed belong to one deploy."""
MOST = 20
BEFORE = 3600.0
"""Seconds before a start of PHP-FPM in which what was installed is what it was started for."""
PHP = "php"
"""Source of an event: another binary, or other settings, that PHP-FPM reads only when it starts."""


class SnapshotEvents:
    """The events that can be read off one snapshot, part by part."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.host = snapshot.seen_host
        self.runtime = snapshot.seen_runtime
        self.fpm = snapshot.seen_fpm
        self.opcache = snapshot.seen_opcache
        self.status = snapshot.seen_status

    def event_key(self) -> tuple[object, ...]:
        """Everything that events are read from, here and in ``changes.notable``: as long as it is the same, they are.

        Most looks at most servers end here, ten times a second in a large fleet.
        """
        host, fpm, status, opcache = self.host, self.fpm, self.status, self.opcache
        return (
            (host.release.deploys, host.release.under_way, host.inputs, host.caches, host.queue_workers, host.lock) if host else None,
            (fpm.running, fpm.master, fpm.workers, fpm.pool, fpm.config_files) if fpm else None,
            (status.started, status.total, [worker.started for worker in status.workers]) if status else None,
            (opcache.start_time, opcache.last_restart_time) if opcache else None,
        )

    def all(self) -> tuple[Event, ...]:
        """Everything, sorted by time."""
        found = [*self.deploys(), *self.edits(), *self.installs(), *self.caches(), *self.reloads(), *self.restarts(), *self.births()]
        return tuple(sorted({event.key: event for event in found}.values(), key=lambda event: event.at))

    def of_master(self, kind: EventKind, at: float, source: str, what: str, key: str) -> Event:
        """An event of the FPM master that serves this app, and others perhaps."""
        return replace(self.event(kind, at, source, what, key), master=self.master)

    @property
    def master(self) -> int | None:
        """The pid of the FPM master that serves the app (None: not seen)."""
        return self.fpm.master.pid if self.fpm is not None and self.fpm.master is not None else None

    def event(self, kind: EventKind, at: float, source: str, what: str, key: str, until: float | None = None, count: int = 1) -> Event:
        """An event of this app; *key* is completed by server and app."""
        return Event(
            at=at,
            server=self.snapshot.server,
            app=self.snapshot.app,
            kind=kind,
            source=source,
            what=safe(what, 200),
            key=f"{key}|{self.snapshot.server}|{self.snapshot.app}",
            until=until,
            count=count,
        )

    def deploys(self) -> Iterator[Event]:
        """What the server's diary of deploys tells, else the guess from the sources."""
        for deploy in self.host.release.deploys[:MOST] if self.host is not None else ():
            yield self.event(EventKind.DEPLOY, deploy.at, deploy.source, _deployed(deploy), f"deploy:{deploy.source}:{int(deploy.at)}")

    def edits(self) -> Iterator[Event]:
        """Sources that changed after the last deploy that is told of: the latest group of them."""
        if self.host is None:
            return
        latest = latest_edit(self.host)
        if not latest:
            return
        at = max(file.mtime for file in latest)
        if any(at <= deploy.at + ONE_DEPLOY for deploy in self.host.release.deploys):
            return
        names = [name_of(file.path) for file in latest]
        yield self.event(EventKind.DEPLOY, at, "files", f"{figures.several(names, 1)} changed", f"edit:{int(at)}")

    def installs(self) -> Iterator[Event]:
        """PHP-FPM's binary and settings that came last, where they came after its start, or shortly before it. A package keeps its own
        modification times: of the binary the time counts at which it came. One in the future is none."""
        fpm, begun = self.fpm, pool_start(self)
        if fpm is None or not begun:
            return
        binary = name_of(fpm.binary)
        found = {file.path: file.ctime if name_of(file.path) == binary else min(file.mtime, file.ctime) for file in fpm.config_files}
        newest = max(found.values(), default=0.0)
        if newest <= begun - BEFORE:
            return
        together = sorted((at, name_of(path)) for path, at in found.items() if newest - ONE_DEPLOY <= at <= newest)
        names = [name for _, name in together]
        what = f"{figures.several(names, 1)} {'installed' if binary in names else 'changed'}"
        yield self.of_master(EventKind.DEPLOY, together[0][0], PHP, what, f"php:{int(together[0][0])}")

    def caches(self) -> Iterator[Event]:
        """Laravel's cache files, by their mtime."""
        for cache in self.host.caches if self.host is not None else ():
            if cache.stat is not None:
                at = cache.stat.mtime
                yield self.event(EventKind.CACHE, at, cache.name, CACHED_FILES[cache.name].written, f"cache:{cache.name}:{int(at)}")

    def reloads(self) -> Iterator[Event]:
        """The pool's start: by the status page, else by OPcache, which starts with it."""
        at = pool_start(self)
        if not at:
            return
        master = self.fpm.master.started if self.fpm is not None and self.fpm.master is not None else None
        verb = "started" if master is not None and abs(master - at) <= SAME else "reloaded"
        workers = self.status.total if self.status is not None else len(self.fpm.workers) if self.fpm is not None else 0
        alone = self.fpm is None or self.fpm.pools_on_server in (None, 1)
        what = f"{verb}, {figures.count(workers, 'worker')}" if workers and alone else verb
        yield self.of_master(EventKind.RELOAD, at, "fpm", what, f"reload:{int(at)}")

    def restarts(self) -> Iterator[Event]:
        """A reset of OPcache: the cache was emptied without a reload."""
        if self.opcache is not None and self.opcache.last_restart_time > 0:
            at = float(self.opcache.last_restart_time)
            yield self.of_master(EventKind.RESTART, at, "opcache", "the cache was reset", f"restart:{int(at)}")

    def births(self) -> Iterator[Event]:
        """Long-running workers of the application, grouped; and FPM's own where most of them were replaced without a reload."""
        yield from self._fpm_births()
        workers = self.host.queue_workers if self.host is not None else ()
        groups: list[tuple[str, list[float]]] = []
        kinds: set[str] = {worker.kind for worker in workers}
        for kind in sorted(kinds):
            starts = [worker.process.started for worker in workers if worker.kind == kind]
            groups += [(kind, group) for group in _together(starts)]
        for kind, group in groups[-MOST:]:
            what = f"{figures.count(len(group), f'{kind} worker')} started"
            yield self.event(EventKind.WORKERS, group[0], kind, what, f"workers:{kind}:{int(group[0])}")

    def _fpm_births(self) -> Iterator[Event]:
        """Half of the pool's workers or more, born together after its start: killed, not reloaded, so the bytecode is that of before.
        Those that come and go with load (``ondemand``, one at a time) are no event; those of a reload are told with it."""
        begun = pool_start(self)
        if not begun or (self.fpm is not None and self.fpm.pool is not None and self.fpm.pool.pm == "ondemand"):
            return
        page = [worker.started for worker in self.status.workers] if self.status is not None else []
        starts = page or ([worker.started for worker in self.fpm.workers] if self.fpm is not None else [])
        for group in _together([start for start in starts if start > begun + BORN_TOGETHER]):
            if len(group) >= max(2, len(starts) / 2):
                what = f"{len(group)} of {len(starts)} workers started, without a reload"
                yield self.event(EventKind.WORKERS, group[0], "fpm", what, f"workers:fpm:{int(group[0])}")


def _together(starts: list[float]) -> list[list[float]]:
    """*starts* in groups that are within BORN_TOGETHER of each other, oldest first."""
    groups: list[list[float]] = []
    for start in sorted(starts):
        if groups and start - groups[-1][-1] <= BORN_TOGETHER:
            groups[-1].append(start)
        else:
            groups.append([start])
    return groups


def pool_start(facts: SnapshotEvents) -> float:
    """Since when the pool runs as it runs (0: not seen)."""
    if facts.status is not None and facts.status.started:
        return facts.status.started
    return float(facts.opcache.start_time) if facts.opcache is not None else 0.0


def latest_edit(host: HostFacts) -> tuple[FileStat, ...]:
    """The sources that were modified together most recently, newest first."""
    newest = [inputs.direct[:MOST] for inputs in host.inputs.values() if inputs.direct]
    files = sorted({file.path: file for group in newest for file in group}.values(), key=lambda file: -file.mtime)
    return tuple(file for file in files if files[0].mtime - file.mtime <= ONE_DEPLOY)


def _deployed(deploy: Deploy) -> str:
    """Commit, files (or what the diary says), by whom."""
    parts = [deploy.commit[:7]] if deploy.commit else []
    files = sorted(deploy.files, key=lambda file: (not file.startswith("app/"), file))  # the same deploy reads the same on every server
    parts.append(figures.several([name_of(file) for file in files], 1) if files else deploy.what or "deployed")
    if deploy.who:
        parts.append(f"by {deploy.who}")
    return " ".join(parts)
