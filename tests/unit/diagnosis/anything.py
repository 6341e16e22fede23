"""Any snapshot: every part drawn from few values that collide often, because rules meet at equal times and equal paths.

Drawn with one :class:`random.Random` made from a seed that hypothesis chooses: building the same from strategies is fifty times slower,
and the number of examples is what finds mistakes here.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.unit.diagnosis.build import NOW, ROOT, at
from tui.snapshot import (
    AppLayout,
    CacheFile,
    CompiledView,
    Deploy,
    DeployUnderWay,
    FileStat,
    FpmFacts,
    HostFacts,
    Inputs,
    LockHolder,
    LogLine,
    Opcache,
    PackageFacts,
    PoolStatus,
    PoolWorker,
    Process,
    QueueWorker,
    ReleaseFacts,
    RuntimeFacts,
    Script,
    Snapshot,
    SocketFacts,
    Unseen,
    ViewFacts,
)
from tui.text import SafeText, safe

SECONDS = (-8_000, -7_200, -5_400, -3_601, -3_600, -3_599.25, -300, -62, -61, -60, -59.5, -58, -30, -5, -2, -1, 0, 1, 30, 600)
SCRIPTS = (f"{ROOT}/app/A.php", f"{ROOT}/bootstrap/cache/config.php", "/usr/share/php/B.php", "/srv/shop/public/index.php", "/", "")
ENTRIES = (f"{ROOT}/releases/1/public/index.php", f"{ROOT}/releases/2/public/index.php", "/srv/shop/public/index.php")
NAMES = ("config/app.php", ".env", "routes/web.php", "app/A.php", "resources/views/a.blade.php", "storage/framework/views/a.php")
CODES = ("fpm.socket-denied", "fpm.socket-dead", "fpm.status-hangs", "host.timeout")


class Anything:
    """Draws parts of snapshots."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def story(self) -> list[Snapshot]:
        """One to three looks at one app."""
        return [self.snapshot() for _ in range(self._random.randint(1, 3))]

    def snapshot(self) -> Snapshot:
        return Snapshot(
            server="web1",
            address="web1",
            app=safe(ROOT),
            observed_at=self._one(NOW, NOW + 2, NOW + 600.5),
            clock_offset=self._one(None, 0.0, 90.0),
            host=self._or_unseen(self._host),
            runtime=self._or_unseen(self._runtime),
        )

    def _one(self, *choices: Any) -> Any:
        return self._random.choice(choices)

    def _text(self, *choices: str) -> SafeText:
        return safe(self._random.choice(choices))

    def _flag(self) -> bool:
        return self._random.random() < 0.5

    def _rarely(self) -> bool:
        return self._random.random() < 0.1

    def _some(self, draw: Any, most: int) -> tuple[Any, ...]:
        return tuple(draw() for _ in range(self._random.randint(0, most)))

    def _time(self) -> float:
        return at(self._random.choice(SECONDS))

    def _maybe(self, draw: Any) -> Any:
        return None if self._random.random() < 0.3 else draw()

    def _or_unseen(self, draw: Any) -> Any:
        return Unseen(code=self._one(*CODES), message=safe("no")) if self._random.random() < 0.15 else draw()

    def _whole(self) -> int:
        return int(self._time())

    def _file(self) -> FileStat:
        return FileStat(self._text(*NAMES), self._time(), self._time(), self._one(0, 1, 2), self._one(0, 1), self._text("", "root"))

    def _inputs(self) -> Inputs:
        direct, indirect = self._some(self._file, 4), self._some(self._file, 2)
        newest = lambda each: -max(each.mtime, each.ctime)  # noqa: E731
        return Inputs(direct=tuple(sorted(direct, key=newest)), indirect=tuple(sorted(indirect, key=newest)), truncated=self._rarely())

    def _script(self, *paths: str) -> Script:
        return Script(
            path=self._text(*(paths or SCRIPTS)),
            exact=not self._rarely(),
            timestamp=self._one(None, 0, self._whole(), self._whole()),
            last_used=self._one(0, self._whole(), self._whole()),
            hits=self._one(0, 1, 2, 3),
            revalidate=self._one(None, self._whole()),
            mtime=self._one(None, self._time(), self._time(), self._time()),
            ctime=self._one(None, self._time(), self._time(), self._time()),
            size=self._one(0, 1),
            inode=self._one(0, 1),
            cached=not self._rarely(),
            digest=self._one("", "a", "b"),
            parent_changed=self._one(None, None, self._time()),
        )

    def _scripts(self, *paths: str) -> tuple[Script, ...]:
        return tuple({each.path: each for each in self._some(lambda: self._script(*paths), 3)}.values())

    def _opcache(self) -> Opcache:
        changed = self._scripts()
        return Opcache(
            enabled=not self._rarely(),
            restart_pending=self._rarely(),
            file_cache_only=self._rarely(),
            cache_full=self._rarely(),
            start_time=self._whole(),
            last_restart_time=self._one(0, 0, self._whole()),
            hits=self._one(0, 100, 900),
            misses=self._one(0, 100, 900),
            oom_restarts=self._one(0, 1),
            cached_scripts=self._one(0, 5),
            compared=self._one(0, 5, 5),
            validate_timestamps=self._flag(),
            revalidate_freq=self._one(0, 2, 600),
            revalidate_path=self._flag(),
            file_update_protection=self._one(0, 2),
            file_cache=self._text("", "", "/var/cache/php"),
            preload=self._text("", "", f"{ROOT}/app/A.php"),
            changed=changed,
            changed_total=len(changed) + self._one(0, 0, 0, 2),
            scripts=self._scripts(),
            scripts_at=self._one(None, self._time()),
            entry_points=self._scripts(*ENTRIES),
            truncated=self._rarely(),
        )

    def _process(self) -> Process:
        return Process(pid=self._one(1, 2, 3), started=self._time(), title=safe("php"), cwd_deleted=self._rarely())

    def _status(self) -> PoolStatus:
        worker = PoolWorker(
            pid=1,
            state=self._text("Idle", "Running"),
            started=self._time(),
            script=self._text("", *ENTRIES, f"{ROOT}/current/public/index.php"),
        )
        return PoolStatus(
            pool=safe("www"),
            started=float(self._whole()),
            listen_queue=self._one(0, 2),
            idle=self._one(0, 2),
            active=self._one(0, 2),
            total=self._one(0, 2),
            max_children_reached=self._one(0, 1, 2),
            workers=self._one((), (worker,)),
        )

    def _runtime(self) -> RuntimeFacts:
        return RuntimeFacts(
            asked_at=self._time(),
            via="tunnel",
            php_version=safe("8.2"),
            user=self._text("", "www-data"),
            opcache=self._or_unseen(self._opcache),
            status=self._or_unseen(self._status),
            own_requests=self._one(0, 9),
        )

    def _fpm(self) -> FpmFacts:
        return FpmFacts(
            running=not self._rarely(),
            master=self._maybe(self._process),
            binary=safe("app/A.php"),
            config_files=self._some(self._file, 2),
            process_control_timeout=self._one(None, 0.0, 10.0),
            status_text=self._text("", "Processes active: 7, idle: 0"),
            socket=self._one(None, SocketFacts(path=safe("/run/x.sock"), exists=self._flag(), writable=self._flag())),
            workers=self._some(self._process, 2),
        )

    def _cache(self, layer: Any) -> CacheFile:
        return CacheFile(layer=layer, path=self._text(*NAMES), stat=self._maybe(self._file), complete=self._one(None, True, True, False))

    def _worker(self) -> QueueWorker:
        return QueueWorker(
            kind=self._one("queue", "octane"),
            process=self._process(),
            release=self._text("", ROOT, f"{ROOT}/releases/1"),
            holds=self._one("start", "start", "none", "unsure"),
            placed=self._one(True, True, False),
        )

    def _release(self) -> ReleaseFacts:
        deploys = tuple(
            Deploy(at=self._time(), source="git", files=self._some(lambda: self._text(*NAMES), 3)) for _ in range(self._one(0, 1, 2))
        )
        return ReleaseFacts(
            root=self._text(ROOT, f"{ROOT}/releases/2"),
            link=self._text("", f"{ROOT}/current"),
            switched_at=self._maybe(self._time),
            commit=self._text("", "4f2a9c1", "9b1d04e"),
            dirty=self._one(None, 0, 2),
            deploys=deploys,
            under_way=DeployUnderWay(sign=safe(".git/index.lock"), since=self._time()) if self._rarely() else None,
        )

    def _view(self) -> CompiledView:
        return CompiledView(compiled=self._file(), source=self._maybe(self._file))

    def _host(self) -> HostFacts:
        packages = [self._one(None, (), (safe("a"),), (safe("a"), safe("b"))) for _ in range(2)]
        return HostFacts(
            now=self._time(),
            slow_at=self._time(),
            layout=AppLayout(kind=self._one("laravel", "laravel", "php"), exists=not self._rarely(), maintenance=self._rarely()),
            release=self._release(),
            caches=tuple(self._cache(layer) for layer in ("config", "routes", "events", "packages", "services") if not self._rarely()),
            inputs={layer: self._inputs() for layer in ("config", "routes", "events", "packages", "views", "code") if not self._rarely()},
            views=ViewFacts(
                views=self._some(self._view, 3),
                check_timestamps=self._one(None, True, False),
                writable=self._one(None, True, False),
                truncated=self._rarely(),
            ),
            packages=PackageFacts(cached=packages[0], installed=packages[1]),
            fpm=self._or_unseen(self._fpm),
            queue_workers=self._some(self._worker, 2),
            disk_free=self._one(None, 0, 10**9),
            disk_total=self._one(None, 10**9),
            log_lines=self._some(
                lambda: LogLine(log=safe("laravel.log"), at=self._time(), text=self._text("boom 1", "boom 2"), alarm=self._flag()), 3
            ),
            lock=self._one(None, LockHolder(who=safe("mara"), since=self._time())),
        )
