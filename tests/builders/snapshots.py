"""Snapshots with one thing wrong: a healthy server by default, and one keyword per part that differs.

Times are relative: ``at(-60)`` is a minute before the look. The pool and its cache started at ``START``, Laravel's caches were written at
``CACHED``, every source at ``WRITTEN``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.model.report import Finding, Layer, Report, Verdict
from stalewatch.model.snapshot import (
    AppLayout,
    CacheFile,
    CompiledView,
    ComposerFacts,
    FileStat,
    FpmFacts,
    HostFacts,
    Inputs,
    Opcache,
    PackageFacts,
    Pool,
    PoolStatus,
    PoolWorker,
    QueueWorker,
    ReleaseFacts,
    RuntimeFacts,
    Script,
    Snapshot,
    SocketFacts,
    Unseen,
    ViewFacts,
)
from stalewatch.model.text import safe
from tests.builders import values

NOW = 1_795_557_000.0
ROOT = "/srv/app"
CONTROLLER = f"{ROOT}/app/Http/Controllers/HomeController.php"
WRITTEN, CACHED, START = -7_200.0, -5_400.0, -3_600.0
NOT_PERMITTED = Unseen(code="fpm.socket-denied", message=safe("deploy may not open the socket"), grant=safe("usermod -aG www-data deploy"))


def at(seconds: float) -> float:
    return NOW + seconds


def file(path: str, mtime: float = WRITTEN, ctime: float | None = None, **more: Any) -> FileStat:
    """Times relative to NOW; ctime is the mtime unless given."""
    return values.file(path, at(mtime), None if ctime is None else at(ctime), **{"size": 100, "inode": 7, **more})


PLACE = file(ROOT, dev=1)


def script(path: str = CONTROLLER, *, compiled: float | None = WRITTEN, used: float = -10.0, **more: Any) -> Script:
    """A cached script. *compiled*: T relative to NOW, None where PHP does not tell. Times in *more* are relative too."""
    for name in ("mtime", "ctime", "parent_changed", "revalidate"):
        if more.get(name) is not None:
            more[name] = at(more[name])
    if more.get("revalidate") is not None:
        more["revalidate"] = int(more["revalidate"])
    facts = {"mtime": at(WRITTEN), "size": 100, "inode": 7, "hits": 40, **more}
    facts.setdefault("ctime", facts["mtime"])
    timestamp = int(at(compiled)) if compiled is not None else None
    return Script(path=safe(path), timestamp=facts.pop("timestamp", timestamp), last_used=int(at(used)), **facts)


def opcache(*changed: Script, **more: Any) -> Opcache:
    facts: dict[str, Any] = {
        "enabled": True,
        "start_time": int(at(START)),
        "hits": 10_000,
        "misses": 400,
        "cached_scripts": 382,
        "cached_keys": 700,
        "max_cached_keys": 16_229,
        "used_memory": 30_000_000,
        "free_memory": 98_000_000,
        "compared": 382,
        "compared_at": NOW,
        "changed": changed,
        "changed_total": len(changed),
        "entry_points": (script(f"{ROOT}/public/index.php"),),
        "links": (),
        "through": (),
    }
    return Opcache(**{**facts, **more})


def vt0(*changed: Script, **more: Any) -> Opcache:
    return opcache(*changed, validate_timestamps=False, **more)


def status(**more: Any) -> PoolStatus:
    workers = tuple(PoolWorker(pid=100 + each, state=safe("Idle"), started=at(START)) for each in range(3))
    facts: dict[str, Any] = {"pool": safe("www"), "started": at(START), "idle": 3, "active": 0, "total": 3, "workers": workers}
    return PoolStatus(**{**facts, **more})


def runtime(cache: Opcache | Unseen | None = None, **more: Any) -> RuntimeFacts:
    facts: dict[str, Any] = {
        "asked_at": NOW,
        "via": "tunnel",
        "php_version": safe("8.2.36"),
        "user": safe("www-data"),
        "opcache": cache if cache is not None else opcache(),
        "status": status(),
        "replaced": (),
        "environment": (),
        "places": (PLACE,),
    }
    return RuntimeFacts(**{**facts, **more})


def fpm(**more: Any) -> FpmFacts:
    facts: dict[str, Any] = {
        "running": True,
        "master": values.process(90, at(START), "php-fpm: master process"),
        "unit": safe("php8.2-fpm.service"),
        "binary": safe("/usr/sbin/php-fpm8.2"),
        "config_files": (file("/etc/php/8.2/fpm/php.ini", -90_000), file("/usr/sbin/php-fpm8.2", -900_000)),
        "process_control_timeout": 10.0,
        "pool": Pool(name=safe("www"), listen=safe("/run/php/www.sock"), user=safe("www-data"), max_children=5),
        "pools_on_server": 1,
        "socket": SocketFacts(path=safe("/run/php/www.sock"), exists=True),
        "workers": tuple(values.process(100 + each, at(START)) for each in range(3)),
    }
    return FpmFacts(**{**facts, **more})


def worker(
    kind: Any = "queue", started: float = START, release: str = ROOT, holds: Any = "start", placed: bool = True, **process: Any
) -> QueueWorker:
    of = values.process(300, at(started), f"php artisan {kind}:work", cwd=safe(release), **process)
    return QueueWorker(kind=kind, process=of, release=safe(release), holds=holds, placed=placed, replaced=False)


def sources(**newer: tuple[FileStat, ...]) -> dict[str, Inputs]:
    """The inputs of every layer; *newer* are put in front."""
    usual = {
        "config": (file("config/app.php"), file(".env")),
        "routes": (file("routes/web.php"), file("routes/api.php")),
        "events": (file("app/Providers/EventServiceProvider.php"),),
        "packages": (file("vendor/composer/installed.json"),),
        "views": (file("resources/views/home.blade.php"),),
        "code": (file("app/Http/Controllers/HomeController.php"), file("routes/web.php")),
    }
    return {layer: Inputs(direct=(*newer.get(layer, ()), *files)) for layer, files in usual.items()}


def caches(**other: CacheFile | None) -> tuple[CacheFile, ...]:
    names = {
        "config": "config.php",
        "routes": "routes-v7.php",
        "events": "events.php",
        "packages": "packages.php",
        "services": "services.php",
    }
    usual = {
        layer: CacheFile(name=layer, path=found.path, stat=found, complete=True, named=(), shared=False)
        for layer, found in ((layer, file(f"bootstrap/cache/{name}", CACHED)) for layer, name in names.items())
    }
    return tuple(cache for cache in {**usual, **other}.values() if cache is not None)


def uncached(layer: Any) -> CacheFile:
    return CacheFile(name=layer, path=safe(f"bootstrap/cache/{layer}.php"))


def view(
    source: float = WRITTEN, compiled: float = CACHED, *, source_ctime: float | None = None, name: str = "home", **more: Any
) -> CompiledView:
    return CompiledView(
        compiled=file(f"storage/framework/views/{name}.php", compiled),
        source=file(f"resources/views/{name}.blade.php", source, source_ctime, **more),
    )


def host(**more: Any) -> HostFacts:
    facts: dict[str, Any] = {
        "now": NOW,
        "slow_at": NOW,
        "layout": AppLayout(kind="laravel", laravel=safe("8.83.26")),
        "release": ReleaseFacts(root=safe(ROOT), commit=safe("4f2a9c1" + "0" * 33)),
        "caches": caches(),
        "inputs": sources(),
        "views": ViewFacts(views=(view(),), check_timestamps=True, writable=True),
        "packages": PackageFacts(cached=(safe("acme/greeter"),), installed=(safe("acme/greeter"),), changed=()),
        "fpm": fpm(),
        "composer": ComposerFacts(),
        "cron": (),
        "places": (PLACE,),
        "disk_free": 50_000_000_000,
        "disk_total": 100_000_000_000,
    }
    return HostFacts(**{**facts, **more})


def snapshot(later: float = 0.0, **more: Any) -> Snapshot:
    """*later*: seconds after NOW at which the look happens."""
    facts: dict[str, Any] = {
        "server": "web1",
        "address": "deploy@web1",
        "app": safe(ROOT),
        "observed_at": at(later),
        "clock_offset": 0.0,
        "host": host(),
        "runtime": runtime(),
    }
    return Snapshot(**{**facts, **more})


def looked(*snapshots: Snapshot, memory: Memory | None = None) -> Report:
    """The report of the last of *snapshots*, looked at one after the other."""
    known, report = diagnose(memory if memory is not None else Memory(), snapshots[0])
    for later in snapshots[1:]:
        known, report = diagnose(known, later)
    return report


def remembered(*snapshots: Snapshot) -> Memory:
    known = Memory()
    for each in snapshots:
        known, _ = diagnose(known, each)
    return known


def with_opcache(cache: Opcache | Unseen, later: float = 0.0, **more: Any) -> Snapshot:
    return snapshot(later, runtime=runtime(cache), **more)


def with_host(later: float = 0.0, **more: Any) -> Snapshot:
    return snapshot(later, host=host(**more))


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def only(report: Report, layer: Layer, verdict: Verdict, code: str) -> Finding:
    """Asserts that *layer* alone has *verdict* by *code* and every other layer is quiet. The finding."""
    assert report.layers[layer] is verdict, report.findings
    loud = {each: found for each, found in report.layers.items() if each is not layer and found not in (Verdict.FRESH, Verdict.ABSENT)}
    assert not loud, report.findings
    assert report.verdict is verdict
    found = [finding for finding in report.findings if finding.code == code]
    assert found, codes(report)
    assert all(finding.layer is layer for finding in found)
    return found[0]


def quiet(report: Report) -> None:
    """Asserts that nothing is said of a healthy server."""
    assert report.verdict is Verdict.FRESH, report.findings
    assert not [finding for finding in report.findings if finding.severity > "info"], report.findings
    assert not report.errors


def moved(value: Any, seconds: int) -> Any:
    """*value* (a snapshot) as JSON builtins with every time moved: floats and ints of this century are times."""
    if isinstance(value, dict):
        return {key: moved(each, seconds) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [moved(each, seconds) for each in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 1_000_000_000:
        return value + seconds
    return value


def shifted(each: Snapshot, seconds: int) -> Snapshot:
    return msgspec.convert(moved(msgspec.to_builtins(each), seconds), Snapshot)
