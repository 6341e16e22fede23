"""Reports by hand: the incident of 2025-10-24 as three servers would tell it at 13:02, and an engine that does nothing but answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stalewatch.engine.board import Board, Pane
from stalewatch.model.report import Evidence, Finding, Layer, Remedy, Report, Severity, Verdict
from stalewatch.model.snapshot import (
    AppLayout,
    CacheFile,
    CompiledView,
    ComposerFacts,
    Deploy,
    FileStat,
    FpmFacts,
    HostFacts,
    Inputs,
    LogFacts,
    LogLine,
    LogMinute,
    Opcache,
    PackageFacts,
    Pool,
    PoolStatus,
    PoolWorker,
    ReleaseFacts,
    RuntimeFacts,
    Script,
    Snapshot,
    Unseen,
    ViewFacts,
)
from stalewatch.model.text import SafeText, safe
from stalewatch.timeline import Event, EventKind
from tests.builders import values

if TYPE_CHECKING:
    from collections.abc import Sequence

APP = SafeText("/var/www/api-gateway")
NOW = 1761303731.0  # 2025-10-24 11:02:11 UTC, 13:02:11 in Berlin
IDLE = dict.fromkeys((Layer.EVENTS, Layer.WORKERS), Verdict.ABSENT)
"""What this app has none of."""
HANDLER = "app/Http/Controllers/RetellFunctionCallHandler.php"


def at(clock: str) -> float:
    """That day's *clock* (HH:MM or HH:MM:SS, CEST) as epoch seconds."""
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return 1761303600.0 + (hours - 13) * 3600 + minutes * 60 + (seconds[0] if seconds else 0)


def stat(path: str, clock: str) -> FileStat:
    return values.file(path, at(clock), size=1200, inode=77, owner=SafeText("www-data"))


def host(reloaded: str, cached: str, commit: str = "4f2a9c1b7d", handler: str = HANDLER, log: Sequence[LogLine] = ()) -> HostFacts:
    config = (stat("config/services.php", "12:38:02"), stat(".env", "12:10"), stat("config/app.php", "12:10"))
    routes = (stat("routes/api.php", "12:38:02"), stat("routes/web.php", "12:10"))
    workers = tuple(values.process(17570 + n, at(reloaded) + n) for n in range(7))
    return HostFacts(
        now=NOW,
        slow_at=NOW - 12,
        utc_offset=7200,
        layout=AppLayout(kind="laravel", laravel=SafeText("8.83.26")),
        release=ReleaseFacts(
            root=APP,
            commit=safe(commit),
            deploys=(Deploy(at=at("12:38:02"), source="git", what=SafeText("fix call context"), files=(safe(handler),)),),
        ),
        caches=(
            CacheFile(
                name="config",
                path=SafeText("bootstrap/cache/config.php"),
                stat=stat("bootstrap/cache/config.php", cached),
                complete=True,
                named=(),
            ),
            CacheFile(
                name="routes",
                path=SafeText("bootstrap/cache/routes-v7.php"),
                stat=stat("bootstrap/cache/routes-v7.php", cached),
                complete=True,
                named=(),
            ),
            CacheFile(name="events", path=SafeText("bootstrap/cache/events.php")),
        ),
        inputs={"config": Inputs(direct=config), "routes": Inputs(direct=routes)},
        views=ViewFacts(
            views=tuple(
                CompiledView(
                    compiled=stat(f"storage/framework/views/{n}.php", "12:25"), source=stat(f"resources/views/{n}.blade.php", "12:20")
                )
                for n in range(24)
            ),
            check_timestamps=True,
            writable=True,
        ),
        packages=PackageFacts(
            cached=(SafeText("laravel/sanctum"), SafeText("spatie/log")),
            installed=(SafeText("laravel/sanctum"), SafeText("spatie/log")),
            changed=(),
        ),
        fpm=FpmFacts(
            running=True,
            unit=SafeText("php8.3-fpm.service"),
            version=SafeText("8.3.6"),
            process_control_timeout=0.0,
            pool=Pool(
                name=SafeText("www"),
                listen=SafeText("/run/php/php8.3-fpm.sock"),
                pm=SafeText("static"),
                max_children=7,
                status_path=SafeText("/status"),
            ),
            workers=workers,
        ),
        disk_free=12_000_000_000,
        disk_total=40_000_000_000,
        composer=ComposerFacts(),
        cron=(),
        places=(stat(APP, "11:00"),),
        log_lines=tuple(log),
        logs=logs(log),
    )


def logs(lines: Sequence[LogLine]) -> tuple[LogFacts, ...]:
    """The application's log with *lines*, and FPM's, which may not be read."""
    denied = Unseen(
        code="log.denied",
        message=SafeText("deploy may not read /var/log/php8.3-fpm.log"),
        grant=SafeText("sudo usermod -aG adm deploy, and log in again"),
    )
    minutes = (LogMinute(at("12:49"), 3), LogMinute(at("12:50"), 11)) if lines else ()
    return (
        LogFacts(path=SafeText("/var/www/api-gateway/storage/logs/laravel.log"), tail=tuple(lines), minutes=minutes),
        LogFacts(path=SafeText("/var/log/php8.3-fpm.log"), fpm=True, unseen=denied),
    )


def runtime(reloaded: str, changed: tuple[Script, ...] = (), validate: bool = True) -> RuntimeFacts:
    busy = tuple(
        Script(
            path=safe(f"{APP}/vendor/laravel/framework/src/Illuminate/Part{n}.php"),
            hits=9000 - n * 7,
            memory=21_000,
            mtime=at("11:00"),
            last_used=int(NOW),
        )
        for n in range(40)
    )
    workers = tuple(
        PoolWorker(
            pid=17570 + n,
            state=SafeText("Running" if n == 3 else "Idle"),
            started=at(reloaded) + n,
            requests=812 - n,
            duration=0.4,
            method=SafeText("POST"),
            uri=SafeText("/api/call"),
        )
        for n in range(7)
    )
    return RuntimeFacts(
        asked_at=NOW,
        via="tunnel",
        php_version=SafeText("8.3.6"),
        replaced=(),
        places=(stat(APP, "11:00"),),
        opcache=Opcache(
            enabled=True,
            start_time=int(at(reloaded)),
            cached_scripts=382,
            cached_keys=640,
            max_cached_keys=16229,
            used_memory=31_000_000,
            free_memory=103_000_000,
            validate_timestamps=validate,
            links=(),
            through=(),
            changed=changed,
            changed_total=len(changed),
            scripts=busy,
        ),
        status=PoolStatus(pool=SafeText("www"), started=at(reloaded), accepted=6120, idle=6, active=1, total=7, workers=workers),
    )


def stale_findings(handler: str = HANDLER) -> tuple[Finding, ...]:
    script = f"{APP}/{handler}"
    deployed = at("12:38:02")
    return (
        values.finding(
            Layer.OPCACHE,
            code="opcache.stale-bytecode",
            subject=safe(script),
            summary=f"{handler.rsplit('/', 1)[-1]} and 1 more run as compiled before the deploy: this pool never looks at the disk again",
            evidence=(
                Evidence("on disk since", deployed, "time"),
                Evidence("cached since", at("12:27"), "time"),
                Evidence("the disk is ahead by", 662.0, "age"),
                Evidence("validate_timestamps", False),
                Evidence("check it yourself", safe(f"stat -c '%y %n' {script}"), "command"),
            ),
            remedy=(Remedy.INVALIDATE, Remedy.RELOAD),
            since=deployed,
            paths=(script, f"{APP}/app/Services/CallLifecycleService.php"),
        ),
        *(
            values.finding(
                layer,
                code=f"{layer.value}.older-than-source",
                subject=safe(f"bootstrap/cache/{name}"),
                summary=f"the {layer.value} cache is 12 min older than {source}",
                evidence=(Evidence("source", deployed, "time"), Evidence("cache", at("12:26"), "time")),
                remedy=(Remedy.REBUILD,),
                since=deployed,
            )
            for layer, name, source in (
                (Layer.CONFIG, "config.php", "config/services.php"),
                (Layer.ROUTES, "routes-v7.php", "routes/api.php"),
            )
        ),
        values.finding(
            Layer.OPCACHE,
            Verdict.FRESH,
            Severity.WARNING,
            code="opcache.hit-rate",
            subject=SafeText("pool www"),
            summary="hit rate 71.3 % is below 85 %",
        ),
    )


def stale(server: str = "web1", handler: str = HANDLER, **more: object) -> Report:
    """A server that was not reloaded after the deploy."""
    log = [LogLine(log=SafeText("laravel.log"), at=at("12:50:07"), text=SafeText("production.ERROR: Call context not found"), alarm=True)]
    changed = tuple(
        Script(
            path=safe(f"{APP}/{path}"),
            hits=hits,
            memory=88_000,
            mtime=at("12:38:02"),
            ctime=at("12:38:02"),
            last_used=int(NOW),
            cached=True,
        )
        for path, hits in ((handler, 1412), ("app/Services/CallLifecycleService.php", 1409))
    )
    seen = Snapshot(
        server=server,
        address=f"deploy@{server}",
        app=APP,
        observed_at=NOW,
        clock_offset=0.02,
        host=host("12:27", "12:26", handler=handler, log=log),
        runtime=runtime("12:27", changed, validate=False),
    )
    report = values.report(
        server,
        APP,
        *stale_findings(handler),
        others=IDLE,
        snapshot=seen,
        observed_at=NOW,
        stale_since=at("12:38:02"),
        hit_rate=0.713,
        hit_rates=(0.98, 0.97, 0.98, 0.61, 0.5, 0.55, 0.63, 0.68, 0.7, 0.72, 0.713),
    )
    return msgspec.structs.replace(report, **more)


def fresh(server: str, **more: object) -> Report:
    """A server that was reloaded after the deploy."""
    seen = Snapshot(
        server=server,
        address=f"deploy@{server}",
        app=APP,
        observed_at=NOW,
        clock_offset=0.01,
        host=host("12:55", "12:54"),
        runtime=runtime("12:55"),
    )
    report = values.report(
        server,
        APP,
        others=IDLE,
        snapshot=seen,
        observed_at=NOW,
        hit_rate=0.994,
        hit_rates=(0.9, 0.95, 0.98, 0.99, 0.99, 0.995, 0.994),
    )
    return msgspec.structs.replace(report, **more)


def pane(report: Report, **more: object) -> Pane:
    return msgspec.structs.replace(
        Pane(server=report.server, app=report.app, group="api", production=True, report=report, received_at=100.0), **more
    )


def event(clock: str, server: str, kind: EventKind, source: str, what: str, count: int = 1, until: str = "") -> Event:
    return Event(
        at=at(clock),
        server=server,
        app=APP,
        kind=kind,
        source=source,
        what=safe(what),
        key=f"{server}.{kind}.{clock}",
        count=count,
        until=at(until) if until else None,
    )


def history() -> list[Event]:
    """What the three servers tell of the last hour."""
    told: list[Event] = []
    for server in ("web1", "web2", "web3"):
        told += [
            event("12:26:00", server, EventKind.CACHE, "config", "config.php and routes-v7.php built"),
            event("12:27:00", server, EventKind.RELOAD, "fpm", "reloaded, 7 workers"),
            event("12:38:02", server, EventKind.DEPLOY, "git", "4f2a9c1 fix call context: RetellFunctionCallHandler.php and 3 more"),
        ]
    told += [
        event("12:49:50", server, EventKind.ERROR, "laravel.log", '"Call context not found"', 14 - 3 * n, "12:50:20")
        for n, server in enumerate(("web1", "web2", "web3"))
    ]
    told += [event("12:54:10", server, EventKind.CACHE, "config", "config.php and routes-v7.php built") for server in ("web2", "web3")]
    told += [event("12:55:00", server, EventKind.RELOAD, "fpm", "reloaded, 7 workers") for server in ("web2", "web3")]
    return told


def incident() -> Board:
    """The board at 13:02: web1 is stale, web2 and web3 are not."""
    board = Board()
    for report in (fresh("web2"), stale("web1"), fresh("web3")):
        board.put(pane(report))
    board.add(history())
    return board


def unreachable(server: str) -> Pane:
    """A server whose host key changed."""
    error = Unseen(
        code="link.host-key-changed", message=SafeText("the host key is not the one we know"), grant=SafeText(f"ssh-keygen -R {server}")
    )
    return Pane(server=server, app=SafeText(""), group="api", error=error)
