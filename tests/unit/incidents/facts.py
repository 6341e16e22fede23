"""The file of an incident -> one Snapshot per look. What a look does not name stays as it was in the look before of the same server.

Times are local times of the day. ``sources`` when the code was written, ``caches`` Laravel's caches (``discovered`` those of its packages,
``cleared`` those that are gone since ``caches``; ``held`` those that FPM had compiled), ``pool_started`` FPM and OPcache,
``used``/``hits`` the last use of every script. ``deploy`` at a time changes the files in ``changed``; ``compiled``: those that
OPcache has compiled again since. ``root``, ``link``, ``switched``: the release on disk; ``served``: the release whose index.php was used
last, ``passed``: whether the web server passes the link. ``workers``: start and release. ``cached_packages``, ``installed_packages``.
``errors``, ``good``: lines of the log that alarm or reassure.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from stalewatch.model.snapshot import (
    CacheFile,
    CompiledView,
    Deploy,
    FileStat,
    Inputs,
    LogLine,
    Opcache,
    PackageFacts,
    PoolWorker,
    Process,
    QueueWorker,
    ReleaseFacts,
    Script,
    Snapshot,
    ViewFacts,
)
from stalewatch.model.text import safe
from tests.builders.snapshots import ROOT, caches, fpm, host, opcache, runtime, status

if TYPE_CHECKING:
    from pathlib import Path

EXPECTED = frozenset({"verdict", "layers", "codes", "not_codes", "subjects", "events", "stale_since", "until", "compared"})
"""Keys of a look that say what is expected of it; everything else is a fact."""
LAYER_FILES = {
    "config": ("config/app.php", "config/services.php", ".env"),
    "routes": ("routes/web.php", "routes/api.php"),
    "events": ("app/Providers/EventServiceProvider.php",),
    "views": ("resources/views/home.blade.php",),
}
INDEX = "public/index.php"
USUAL: dict[str, Any] = {
    "root": ROOT,
    "link": "",
    "held": {},
    "cleared": [],
    "revalidate_freq": 2,
    "revalidate_path": False,
    "passed": True,
    "workers": [],
    "commit": "4f2a9c1",
    "cached_packages": ["acme/greeter"],
    "installed_packages": ["acme/greeter"],
    "hits": 200,
}


@dataclass
class Server:
    """What is so on one server, as the looks change it. *changed*, *compiled*: path -> epoch seconds. *last_hits*: of the look before,
    which is what a script has that nobody asks for any more."""

    facts: dict[str, Any]
    changed: dict[str, float] = field(default_factory=dict)
    compiled: dict[str, float] = field(default_factory=dict)
    last_hits: int = 0


class Story:
    """One file."""

    def __init__(self, path: Path) -> None:
        told = tomllib.loads(path.read_text())
        self.looks: list[dict[str, Any]] = told["look"]
        self.timeline: list[dict[str, Any]] = told.get("timeline", [])
        self.told_in_full: list[str] = told.get("told_in_full", [])
        self._start: dict[str, Any] = told["start"]
        self._day: date = told["day"]
        self._offset: str = told["utc_offset"]
        self._servers: dict[str, Server] = {}

    @property
    def servers(self) -> list[str]:
        return list(dict.fromkeys(look["server"] for look in self.looks))

    def at(self, clock: str) -> float:
        """Epoch seconds of a local time of the day."""
        return datetime.fromisoformat(f"{self._day}T{clock}{self._offset}").timestamp()

    def snapshot(self, look: dict[str, Any]) -> Snapshot:
        """What is seen at *look*, after everything that the looks before it said of that server."""
        server = self._servers.setdefault(look["server"], Server({**USUAL, "used": look["at"], **self._start}))
        server.last_hits = server.facts["hits"]
        server.facts.update({key: value for key, value in look.items() if key not in EXPECTED})
        server.facts.update(errors=look.get("errors"), good=look.get("good"))
        if "deploy" in look:
            server.changed.update(dict.fromkeys(look.get("changed", ()), self.at(look["deploy"])))
        server.compiled.update({path: server.changed[path] for path in look.get("compiled", ())})
        return self._seen(look, server)

    def _seen(self, look: dict[str, Any], server: Server) -> Snapshot:
        facts, now = server.facts, self.at(look["at"])
        written, started, cached = self.at(facts["sources"]), self.at(facts["pool_started"]), self.at(facts["caches"])
        link, commit = facts["link"], facts["commit"] + "0" * 33
        moments = [self.at(clock) for clock in (facts.get("deploy"), facts["sources"]) if clock]

        def stat(path: str) -> FileStat:
            moment = server.changed.get(path, written)
            return FileStat(safe(path), moment, moment, 100, 7)

        def inputs(paths: tuple[str, ...]) -> Inputs:
            return Inputs(direct=tuple(sorted(map(stat, paths), key=lambda each: -each.mtime)))

        def cache(each: CacheFile) -> CacheFile:
            if each.name in facts["cleared"]:
                return CacheFile(name=each.name, path=each.path)
            at = self.at(facts["discovered"]) if "discovered" in facts and each.name in ("packages", "services") else cached
            return CacheFile(
                name=each.name, path=each.path, stat=FileStat(each.path, at, at, 100, 9), complete=True, named=(), shared=False
            )

        view = CompiledView(compiled=FileStat(safe("storage/framework/views/a.php"), cached, cached), source=stat(LAYER_FILES["views"][0]))
        workers = tuple(Process(pid=100 + each, started=started, title=safe("php-fpm: pool www")) for each in range(7))
        script = safe(f"{link if link and facts['passed'] else facts['root']}/{INDEX}")
        busy = tuple(PoolWorker(pid=worker.pid, state=safe("Idle"), started=started, script=script) for worker in workers)
        seen = host(
            now=now,
            slow_at=now,
            release=ReleaseFacts(
                root=safe(facts["root"]),
                link=safe(link),
                switched_at=self.at(facts["switched"]) if "switched" in facts else None,
                commit=safe(commit),
                deploys=tuple(Deploy(at=moment, source="git", what=safe("pull"), commit=safe(commit)) for moment in moments),
            ),
            caches=tuple(map(cache, caches())),
            inputs={layer: inputs(paths) for layer, paths in LAYER_FILES.items()} | {"code": inputs(tuple(facts["scripts"]))},
            views=ViewFacts(views=(view,), check_timestamps=True, writable=True),
            packages=PackageFacts(
                cached=tuple(map(safe, facts["cached_packages"])),
                installed=tuple(map(safe, facts["installed_packages"])),
                changed=(),
            ),
            fpm=fpm(
                master=Process(pid=90, started=written, title=safe("php-fpm: master process")),
                workers=workers,
                config_files=(stat("php.ini"),),
            ),
            queue_workers=tuple(self._worker(300 + number, told) for number, told in enumerate(facts["workers"])),
            log_lines=(*self._lines(facts["errors"], alarm=True), *self._lines(facts["good"], alarm=False)),
        )
        return Snapshot(
            server=look["server"],
            address=look["server"],
            app=safe(link or ROOT),
            observed_at=now,
            clock_offset=0.0,
            host=seen,
            runtime=runtime(self._opcache(server, cached, started), status=status(started=started, total=7, workers=busy)),
        )

    def _worker(self, pid: int, told: dict[str, str]) -> QueueWorker:
        release = safe(told["release"])
        title = safe("php artisan queue:work")
        return QueueWorker(
            kind="queue",
            process=Process(pid=pid, started=self.at(told["started"]), title=title, cwd=release),
            release=release,
            replaced=False,
        )

    def _opcache(self, server: Server, cached: float, started: float) -> Opcache:
        facts, written = server.facts, self.at(server.facts["sources"])
        checked, used = facts["validate_timestamps"], int(self.at(facts["used"]))

        def script(path: str, mtime: float, release: str, timestamp: float) -> Script:
            return Script(
                path=safe(f"{release}/{path}"),
                timestamp=int(timestamp) if checked else None,
                last_used=used,
                hits=facts["hits"],
                mtime=mtime,
                ctime=mtime,
                size=100,
                inode=7,
            )

        every = [
            script(path, server.changed.get(path, written), facts["root"], server.compiled.get(path, written)) for path in facts["scripts"]
        ]
        for layer, path in facts["held"].items():
            held = script(path, cached, facts["root"], cached)
            if layer not in facts["cleared"]:
                every.append(held)
            elif started < cached:
                every.append(msgspec.structs.replace(held, mtime=None, ctime=None, size=0, inode=0, hits=server.last_hits))
        changed = tuple(
            each for each in every if each.mtime is None or each.mtime >= int(started) or (checked and each.timestamp != int(each.mtime))
        )
        served = facts.get("served", facts["root"])
        return opcache(
            *changed,
            validate_timestamps=checked,
            revalidate_freq=facts["revalidate_freq"],
            revalidate_path=facts["revalidate_path"],
            start_time=int(started),
            scripts=tuple(every),
            scripts_at=self.at(facts["used"]),
            entry_points=(script(INDEX, written, served, written),),
        )

    def _lines(self, told: dict[str, Any] | None, *, alarm: bool) -> tuple[LogLine, ...]:
        if told is None:
            return ()
        log, first = safe("storage/logs/laravel.log"), self.at(told["first"])
        moments = (first + 2 * each for each in range(told["count"]))
        return tuple(LogLine(log=log, at=at, text=safe(told["text"]), alarm=alarm, reassure=not alarm) for at in moments)
