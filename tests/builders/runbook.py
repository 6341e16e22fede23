"""Reports as diagnosis makes them, small: one Laravel app on one server, at T0 by the server's clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from stalewatch.model.inventory import Fleet, Server
from stalewatch.model.report import Finding, Layer, Remedy, Report, Verdict
from stalewatch.model.snapshot import (
    AppLayout,
    CacheFile,
    CompiledView,
    FpmFacts,
    HostFacts,
    Inputs,
    Opcache,
    Pool,
    PoolStatus,
    PoolWorker,
    Process,
    QueueWorker,
    ReleaseFacts,
    RuntimeFacts,
    Snapshot,
    Unseen,
    ViewFacts,
)
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Plan, Request
from stalewatch.runbook.propose import propose
from tests.builders import values

T0 = 1_800_000_000.0
APP = "/srv/app"
CONTROLLER = f"{APP}/app/Http/Controllers/HomeController.php"
CACHED = {"config": "bootstrap/cache/config.php", "routes": "bootstrap/cache/routes-v7.php", "events": "bootstrap/cache/events.php"}


def process(pid: int, started: float = T0 - 1000) -> Process:
    return values.process(pid, started)


def host(**changed: Any) -> HostFacts:
    caches = tuple(
        CacheFile(name=layer, path=safe(path), stat=values.file(path, T0 - 900, owner=safe("www-data"))) for layer, path in CACHED.items()
    )
    view = values.file("storage/framework/views/a.php", T0 - 900)
    facts = HostFacts(
        now=T0,
        slow_at=T0,
        login=safe("deploy"),
        layout=AppLayout(kind="laravel"),
        release=ReleaseFacts(root=safe(APP)),
        caches=caches,
        inputs={"config": Inputs(direct=(values.file("config/app.php", T0 - 2000),))},
        views=ViewFacts(views=(CompiledView(compiled=view),)),
        fpm=fpm(),
        disk_free=10 * 1024**3,
    )
    return msgspec.structs.replace(facts, **changed)


def fpm(**changed: Any) -> FpmFacts:
    facts = FpmFacts(
        running=True,
        master=process(100),
        unit=safe("php8.2-fpm.service"),
        binary=safe("/usr/sbin/php-fpm8.2"),
        config_path=safe("/etc/php/8.2/fpm/php-fpm.conf"),
        process_control_timeout=0.0,
        pool=Pool(name=safe("www"), listen=safe("/run/php/fpm.sock"), user=safe("www-data"), status_path=safe("/fpm-status")),
        workers=(process(101), process(102)),
    )
    return msgspec.structs.replace(facts, **changed)


def runtime(*, opcache: Opcache | Unseen | None = None, running: int = 0, started: float = T0 - 1000) -> RuntimeFacts:
    busy = tuple(
        PoolWorker(pid=200 + n, state=safe("Running"), started=started, uri=safe("/report"), script=safe(f"{APP}/public/index.php"))
        for n in range(running)
    )
    ours = PoolWorker(pid=101, state=safe("Running"), started=started, uri=safe("/fpm-status"))
    idle = PoolWorker(pid=102, state=safe("Idle"), started=started)
    return RuntimeFacts(
        asked_at=T0,
        via="tunnel",
        php_version=safe("8.2.36"),
        user=safe("www-data"),
        opcache=opcache or vt1(),
        status=PoolStatus(pool=safe("www"), started=started, active=1 + running, workers=(ours, idle, *busy)),
    )


def vt1(freq: int = 2, **changed: Any) -> Opcache:
    return msgspec.structs.replace(Opcache(enabled=True, start_time=int(T0) - 1000, revalidate_freq=freq), **changed)


def vt0(**changed: Any) -> Opcache:
    return vt1(validate_timestamps=False, **changed)


def finding(layer: Layer, verdict: Verdict = Verdict.STALE, *remedy: Remedy, **changed: Any) -> Finding:
    return msgspec.structs.replace(values.finding(layer, verdict, remedy=remedy, since=T0 - 60), **changed)


def bytecode(*paths: str, verdict: Verdict = Verdict.STALE) -> Finding:
    scripts = paths or (CONTROLLER,)
    return finding(Layer.OPCACHE, verdict, Remedy.INVALIDATE, Remedy.RELOAD, paths=scripts, subject=safe(scripts[0]))


def queue_worker(pid: int, started: float = T0 - 5000) -> QueueWorker:
    return QueueWorker(kind="queue", process=process(pid, started))


def report(
    *findings: Finding,
    server: str = "web1",
    app: str = APP,
    at: float = T0,
    host_facts: HostFacts | Unseen | None = None,
    runtime_facts: RuntimeFacts | Unseen | None = None,
    layers: dict[Layer, Verdict] | None = None,
) -> Report:
    snapshot = Snapshot(
        server=server,
        address=f"deploy@{server}",
        app=safe(app),
        observed_at=at,
        host=host_facts or host(),
        runtime=runtime_facts or runtime(),
    )
    return values.report(server, app, *findings, others=layers, snapshot=snapshot, observed_at=at)


def plan(reports: Sequence[Report], request: Request, *, production: str = "", read_only: str = "", batch: int = 1, **inputs: Any) -> Plan:
    """The plan for *reports* of a fleet in which the servers *production* and *read_only* are so."""
    names = dict.fromkeys(report.server for report in reports)
    servers = [Server(target=f"deploy@{name}", name=name, production=name == production, read_only=name == read_only) for name in names]
    fleet = Fleet(servers=tuple(servers))
    return propose(reports, fleet, request, batch=batch, **inputs)
