"""What is drawn apart and only compared where it names the same files: made to meet, now and then. And what no server can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from stalewatch.model.runtime import CodeLink, ThroughLink
from stalewatch.model.snapshot import (
    CacheFile,
    Compiled,
    FileStat,
    FpmFacts,
    HostFacts,
    Opcache,
    PoolStatus,
    QueueWorker,
    ReleaseFacts,
    RuntimeFacts,
    Script,
    Snapshot,
    SymfonyFacts,
)
from stalewatch.model.text import safe
from tests.builders.drawn import TIMES
from tests.builders.snapshots import ROOT

if TYPE_CHECKING:
    from random import Random

replace = msgspec.structs.replace
EXTENSION = "/usr/lib/php/20220829/ctype.so"
ENVIRONMENTS = ("prod", "staging")
OFTEN = 0.25


class Meeting:
    """Draws with a stream of its own, so that what is drawn by others stays as it was."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def of(self, seen: Snapshot) -> Snapshot:
        """*seen*, where some of its parts name what others name."""
        host, runtime = seen.host, seen.runtime
        if isinstance(host, HostFacts):
            host = replace(host, release=self._release(host.release), symfony=self._symfony(host.symfony))
        if isinstance(runtime, RuntimeFacts):
            caches = host.caches if isinstance(host, HostFacts) else ()
            environment = self._environment(runtime.environment, caches)
            opcache = self._linked(runtime.opcache) if isinstance(runtime.opcache, Opcache) else runtime.opcache
            runtime = replace(runtime, environment=environment, opcache=opcache)
            runtime = replace(runtime, replaced=(safe(EXTENSION),)) if self._now() else runtime
        if self._now():
            ours, theirs = self._places(), self._places()
            host = replace(host, places=ours) if isinstance(host, HostFacts) else host
            runtime = replace(runtime, places=theirs) if isinstance(runtime, RuntimeFacts) else runtime
        return replace(seen, host=host, runtime=runtime)

    def _now(self) -> bool:
        return self._random.random() < OFTEN

    def _time(self) -> float:
        return self._random.choice(TIMES)

    def _places(self) -> tuple[FileStat, ...]:
        """The root, its entry point, and sometimes a .user.ini beside that; of another tree now and then."""
        inode = self._random.choice((3, 3, 3, 4))
        names = ("", "/public/index.php", *(("/public/.user.ini",) if self._random.random() < 0.5 else ()))
        return tuple(FileStat(safe(f"{ROOT}{name}"), self._time(), self._time(), 1, inode, dev=1) for name in names)

    def _environment(self, drawn: Any, caches: tuple[CacheFile, ...]) -> Any:
        paths = [f"{ROOT}/{each.path}" for each in caches if each.name == "config"]
        if not drawn or not paths or not self._now():
            return drawn
        return (replace(drawn[0], path=safe(paths[0]), differs=(safe("APP_ENV"),)), *drawn[1:])

    def _release(self, drawn: ReleaseFacts) -> ReleaseFacts:
        if not self._now():
            return drawn
        roots = (drawn.root, f"{ROOT}/releases/9")
        return replace(drawn, beside=tuple(FileStat(safe(f"{root}/artisan"), self._time(), self._time()) for root in roots))

    def _symfony(self, drawn: SymfonyFacts | None) -> SymfonyFacts | None:
        if drawn is None or not self._now():
            return drawn
        return replace(drawn, compiled=tuple(self._compiled(name) for name in ENVIRONMENTS[: self._random.randint(1, 2)]))

    def _compiled(self, environment: str) -> Compiled:
        file = FileStat(safe(f"var/cache/{environment}/App_KernelContainer.php"), self._time(), self._time())
        sources = (FileStat(safe("config/services.yaml"), self._time(), self._time()),)
        return Compiled(layer="config", environment=safe(environment), file=file, sources=sources)

    def _linked(self, drawn: Opcache) -> Opcache:
        if self._now():
            path = safe(f"{ROOT}/var/cache/{self._random.choice(ENVIRONMENTS)}/App_KernelContainer.php")
            drawn = replace(drawn, scripts=(*drawn.scripts, Script(path=path, mtime=self._time(), ctime=self._time())))
        if not self._now():
            return drawn
        link, old = safe(f"{ROOT}/app"), safe("/srv/code/1")
        switched, used = max(self._time(), float(drawn.since)), self._time()  # what was compiled through it is asked only then
        script = Script(path=safe(f"{old}/A.php"), mtime=self._time(), ctime=self._time(), last_used=int(used), hits=2)
        through = ThroughLink(link, old, script, self._random.random() < 0.5)
        return replace(drawn, links=(CodeLink(link, safe("/srv/code/2"), switched),), through=(through,))


def possible(seen: Snapshot) -> Snapshot:
    """*seen*, where what a process runs and the disk holds no more was replaced after it had started: no file system does it otherwise."""
    host, runtime = seen.host, seen.runtime
    if not isinstance(host, HostFacts):
        return seen
    workers = tuple(map(_replaced_since, host.queue_workers))
    fpm = host.fpm
    if isinstance(fpm, FpmFacts) and isinstance(runtime, RuntimeFacts) and runtime.replaced:
        started = [runtime.status.started] if isinstance(runtime.status, PoolStatus) else []
        started += [runtime.opcache.start_time] if isinstance(runtime.opcache, Opcache) else []
        since = max((*started, fpm.master.started if fpm.master is not None else 0.0)) + 1
        files = tuple(replace(each, ctime=max(each.ctime, since)) for each in fpm.config_files)
        folder = replace(fpm.extensions, ctime=since) if fpm.extensions is not None else None
        fpm = replace(fpm, config_files=files, extensions=folder)
    return replace(seen, host=replace(host, fpm=fpm, queue_workers=workers))


def _replaced_since(worker: QueueWorker) -> QueueWorker:
    if not worker.replaced or worker.binary is None:
        return worker
    return replace(worker, binary=replace(worker.binary, ctime=max(worker.binary.ctime, worker.process.started + 2)))
