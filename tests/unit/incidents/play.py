"""Incidents as files: facts per server over time, looked at in order with the memory and the timeline that the engine would have."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from tests.unit.diagnosis.build import ROOT, caches, fpm, host, opcache, runtime, status
from tui.diagnosis.diagnose import diagnose
from tui.diagnosis.memory import Memory
from tui.snapshot import (
    CacheFile,
    CompiledView,
    Deploy,
    FileStat,
    Inputs,
    LogLine,
    Process,
    ReleaseFacts,
    Script,
    Snapshot,
    ViewFacts,
)
from tui.text import safe
from tui.timeline import Event, changes, history

if TYPE_CHECKING:
    from pathlib import Path

    from tui.report import Report

LAYER_FILES = {
    "config": ("config/app.php", "config/services.php", ".env"),
    "routes": ("routes/web.php", "routes/api.php"),
    "events": ("app/Providers/EventServiceProvider.php",),
    "views": ("resources/views/home.blade.php",),
}


@dataclass
class Looked:
    """One look: what the file expects of it, and what came."""

    expected: dict[str, Any]
    report: Report
    events: tuple[Event, ...]


@dataclass
class Server:
    """What is so on one server, as the looks change it."""

    facts: dict[str, Any]
    changed: dict[str, float] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    last: Report | None = None


class Incident:
    """One file. Iterating plays it."""

    def __init__(self, path: Path) -> None:
        self._told = tomllib.loads(path.read_text())
        self._day: date = self._told["day"]
        self._servers: dict[str, Server] = {}

    def at(self, clock: str) -> float:
        """Epoch seconds of a local time of the day."""
        return datetime.fromisoformat(f"{self._day}T{clock}{self._told['utc_offset']}").timestamp()

    def play(self) -> list[Looked]:
        return [self._look(look) for look in self._told["look"]]

    def _look(self, look: dict[str, Any]) -> Looked:
        server = self._servers.setdefault(look["server"], Server({**self._told["start"], "used": look["at"], "hits": 200}))
        server.facts.update({key: value for key, value in look.items() if key not in ("verdict", "layers", "codes", "subjects", "events")})
        server.facts["errors"] = look.get("errors")
        if "deploy" in look and "changed" in look:
            server.changed.update(dict.fromkeys(look["changed"], self.at(look["deploy"])))
        server.memory, report = diagnose(server.memory, self._snapshot(look, server))
        events = history(report) if server.last is None else changes(server.last, report)
        server.last = report
        return Looked(look, report, events)

    def _snapshot(self, look: dict[str, Any], server: Server) -> Snapshot:
        facts, now = server.facts, self.at(look["at"])
        written, started = self.at(facts["sources"]), self.at(facts["pool_started"])
        deploys = [Deploy(at=self.at(clock), source="git", what=safe("pull")) for clock in (facts.get("deploy"), facts["sources"]) if clock]

        def stat(path: str) -> FileStat:
            moment = server.changed.get(path, written)
            return FileStat(safe(path), moment, moment, 100, 7)

        def inputs(paths: tuple[str, ...]) -> Inputs:
            return Inputs(direct=tuple(sorted(map(stat, paths), key=lambda each: -each.mtime)))

        cached = self.at(facts["caches"])
        files = {
            each.layer: CacheFile(layer=each.layer, path=each.path, stat=FileStat(each.path, cached, cached, 100, 9), complete=True)
            for each in caches()
        }
        view = CompiledView(compiled=FileStat(safe("storage/framework/views/a.php"), cached, cached), source=stat(LAYER_FILES["views"][0]))
        workers = tuple(Process(pid=100 + each, started=started, title=safe("php-fpm: pool www")) for each in range(7))
        seen = host(
            now=now,
            release=ReleaseFacts(root=safe(ROOT), deploys=tuple(deploys)),
            caches=tuple(files.values()),
            inputs={layer: inputs(paths) for layer, paths in LAYER_FILES.items()} | {"code": inputs(tuple(facts["scripts"]))},
            views=ViewFacts(views=(view,)),
            fpm=fpm(
                master=Process(pid=90, started=written, title=safe("php-fpm: master process")),
                workers=workers,
                config_files=(stat("php.ini"),),
            ),
            log_lines=self._lines(facts["errors"]),
        )
        return Snapshot(
            server=look["server"],
            address=look["server"],
            app=safe(ROOT),
            observed_at=now,
            host=seen,
            runtime=runtime(self._opcache(facts, server, cached, started), status=status(started=started, total=7)),
        )

    def _opcache(self, facts: dict[str, Any], server: Server, cached: float, started: float) -> Any:
        def script(path: str, mtime: float) -> Script:
            return Script(
                path=safe(f"{ROOT}/{path}"),
                last_used=int(self.at(facts["used"])),
                hits=facts["hits"],
                mtime=mtime,
                ctime=mtime,
                size=100,
                inode=7,
            )

        every = [script(path, server.changed.get(path, self.at(facts["sources"]))) for path in facts["scripts"]]
        every += [script(path, cached) for path in facts["held"]]
        changed = tuple(each for each in every if (each.mtime or 0) >= int(started))
        return opcache(
            *changed,
            validate_timestamps=facts["validate_timestamps"],
            start_time=int(started),
            scripts=tuple(every),
            scripts_at=self.at(facts["used"]),
        )

    def _lines(self, errors: dict[str, Any] | None) -> tuple[LogLine, ...]:
        if errors is None:
            return ()
        first = self.at(errors["first"])
        log = safe("storage/logs/laravel.log")
        return tuple(LogLine(log=log, at=first + 2 * each, text=safe(errors["text"]), alarm=True) for each in range(errors["count"]))
