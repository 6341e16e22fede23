"""Any snapshot: every part drawn from few values that collide often, because rules meet at equal times and equal paths.

Drawn with one :class:`random.Random` made from a seed that hypothesis chooses: building the same from strategies is fifty times slower,
and the number of examples is what finds mistakes here. What rules compare is chosen here; everything else is drawn by its type.
"""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec

from stalewatch.model.disk import CliCache
from stalewatch.model.processes import MasterPool
from stalewatch.model.runtime import CachedEnvironment, IniFile, RunningFile
from stalewatch.model.snapshot import (
    AppLayout,
    CacheFile,
    Compiled,
    CompiledView,
    ComposerFacts,
    Deploy,
    DeployUnderWay,
    FileStat,
    FpmFacts,
    HealthCheck,
    HostFacts,
    Inputs,
    LogLine,
    Opcache,
    PackageFacts,
    Pool,
    PoolStatus,
    PoolWorker,
    Process,
    QueueWorker,
    ReleaseFacts,
    RuntimeFacts,
    Script,
    Snapshot,
    Unseen,
    ViewFacts,
)
from stalewatch.model.text import SafeText, safe
from tests.builders.drawn import TIMES, Drawn
from tests.builders.meeting import Meeting, possible
from tests.builders.snapshots import NOW, ROOT

SCRIPTS = (f"{ROOT}/app/A.php", f"{ROOT}/bootstrap/cache/config.php", "/usr/share/php/B.php", "/srv/shop/public/index.php", "/", "")
VIEWS = (f"{ROOT}/storage/framework/views/a.php", f"{ROOT}/bootstrap/cache/events.php", f"{ROOT}/bootstrap/cache/routes-v7.php")
ENTRIES = (f"{ROOT}/releases/1/public/index.php", f"{ROOT}/releases/2/public/index.php", "/srv/shop/public/index.php")
NAMES = ("config/app.php", ".env", "routes/web.php", "app/A.php", "resources/views/a.blade.php", "storage/framework/views/a.php")
LAYERS = ("config", "routes", "events", "packages", "views", "code")
CODES = ("fpm.socket-denied", "fpm.socket-dead", "fpm.status-hangs", "host.timeout")
MANY = 60
"""More scripts than findings of their own."""
MOVING = ("timestamp", "last_used", "mtime", "ctime", "size", "inode", "cached", "digest")
"""What of a script may be different at the next look."""


class Anything:
    """Draws parts of snapshots."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._later = Random(seed + 1)  # a stream of its own: what is drawn by the other one stays as it was
        self._planned = Random(seed + 2)  # the same again, for what only plans read
        self._named = Random(seed + 3)  # and for the ini files that PHP names
        self._added = Random(seed + 4)  # and for fields that came later
        self._meeting = Meeting(Random(seed + 5))
        self._over_http = Random(seed + 6)  # and for what a health URL tells
        self._compiles = Random(seed + 7)  # and for what the command line keeps
        own = {
            AppLayout: self._layout,
            CacheFile: self._cache,
            Compiled: self._compiled,
            ComposerFacts: self._composer,
            CompiledView: self._view,
            Deploy: self._deploy,
            DeployUnderWay: self._under_way,
            FileStat: self._file,
            FpmFacts: self._fpm,
            HostFacts: self._host,
            Inputs: self._inputs,
            LogLine: self._log_line,
            Opcache: self._opcache,
            PackageFacts: self._packages,
            Pool: self._pool,
            PoolStatus: self._status,
            PoolWorker: self._pool_worker,
            Process: self._process,
            QueueWorker: self._worker,
            ReleaseFacts: self._release,
            RuntimeFacts: self._runtime,
            Script: self._script,
            Unseen: self._unseen,
            ViewFacts: self._views,
        }
        self._filled = Drawn(self._random, own).filled
        self._names = {"server": self._one("web1", "web2"), "address": self._one("web1", "deploy@web1"), "app": self._text(ROOT, ROOT, "")}

    def story(self) -> list[Snapshot]:
        """One to three looks at one app."""
        looks = [self.snapshot()]
        for _ in range(self._random.randint(0, 2)):
            looks.append(self._evolved(looks[-1]) if self._flag() else self.snapshot())
        return looks

    def snapshot(self) -> Snapshot:
        return self._in_the_web_server(possible(self._meeting.of(self._drawn())))

    def _in_the_web_server(self, drawn: Snapshot) -> Snapshot:
        """Sometimes *drawn* where no PHP-FPM serves the app, and PHP was asked over HTTP."""
        host, runtime = drawn.host, drawn.runtime
        if self._over_http.random() > 0.1 or not isinstance(host, HostFacts) or not isinstance(runtime, RuntimeFacts):
            return drawn
        host = msgspec.structs.replace(host, fpm=Unseen(code="fpm.not-used", message=safe("no PHP-FPM serves this app")))
        return msgspec.structs.replace(drawn, host=host, runtime=msgspec.structs.replace(runtime, via="health_url"))

    def _health_check(self) -> HealthCheck:
        draw = self._over_http.choice
        return HealthCheck(
            url=safe(draw(("http://web1/health", "https://web1/status"))),
            enabled=draw((None, True, False)),
            hit_rate=draw((None, 0.5, 0.97)),
            cached_scripts=draw((None, 0, 382)),
            warnings=draw(((), (safe("Low OPCache hit rate"),))),
            more_warnings=draw((0, 1)),
        )

    def _drawn(self) -> Snapshot:
        return self._filled(
            Snapshot,
            **self._names,
            observed_at=self._one(NOW, NOW + 2, NOW + 600.5),
            clock_offset=self._one(None, 0.0, 90.0),
            host=self._or_unseen(self._host),
            runtime=self._or_unseen(self._runtime),
            problems=self._few(self._unseen),
            health_check=self._over_http.choice((None, None, None, self._health_check())),
        )

    def _evolved(self, last: Snapshot) -> Snapshot:
        """A later look at *last*: what is not drawn again is what it was, but for scripts that went on or changed on the disk."""
        host, runtime = self._one(last.host, last.host, self._or_unseen(self._host)), last.runtime
        if isinstance(runtime, RuntimeFacts) and isinstance(runtime.opcache, Opcache):
            cache = runtime.opcache
            changed = tuple(map(self._moved, cache.changed or self._scripts()))
            cache = msgspec.structs.replace(cache, changed=changed, scripts=tuple(map(self._moved, cache.scripts)))
            runtime = msgspec.structs.replace(runtime, opcache=self._one(cache, cache, self._opcache()))
        at = last.observed_at + self._one(0, 2, 600.5)
        return possible(msgspec.structs.replace(last, observed_at=at, host=host, runtime=runtime))

    def _moved(self, script: Script) -> Script:
        new = self._script(script.path)
        names = self._random.sample(MOVING, self._random.randint(0, 3))
        moved = msgspec.structs.replace(script, **{name: getattr(new, name) for name in names})
        return msgspec.structs.replace(moved, hits=script.hits + self._one(0, 0, 1, -1)) if script.hits else moved

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

    def _few(self, draw: Any) -> tuple[Any, ...]:
        return (draw(),) if self._rarely() else ()

    def _time(self) -> float:
        return self._random.choice(TIMES)

    def _maybe(self, draw: Any) -> Any:
        return None if self._random.random() < 0.3 else draw()

    def _or_unseen(self, draw: Any) -> Any:
        return self._unseen() if self._random.random() < 0.15 else draw()

    def _unseen(self) -> Unseen:
        return self._filled(Unseen, code=self._one(*CODES), message=self._text("no", "not permitted"))

    def _whole(self) -> int:
        return int(self._time())

    def _file(self) -> FileStat:
        return self._filled(FileStat, path=self._text(*NAMES), size=self._one(0, 1, 2), inode=self._one(0, 1), owner=self._text("", "root"))

    def _inputs(self) -> Inputs:
        direct, indirect = self._some(self._file, 4), self._some(self._file, 2)
        newest = lambda each: -max(each.mtime, each.ctime)  # noqa: E731
        found = {"direct": tuple(sorted(direct, key=newest)), "indirect": tuple(sorted(indirect, key=newest))}
        made = self._filled(Inputs, **found, truncated=self._rarely(), cut=False)
        return msgspec.structs.replace(made, cut=made.truncated and len(direct) == 1)

    def _composer(self) -> ComposerFacts:
        made = self._filled(ComposerFacts, cut=False)
        return msgspec.structs.replace(made, cut=made.unread == 100)

    def _script(self, *paths: str) -> Script:
        return self._filled(
            Script,
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
        if self._random.random() < 0.02:
            one = self._script(f"{ROOT}/app/1.php")
            return tuple(msgspec.structs.replace(one, path=safe(f"{ROOT}/app/{number}.php")) for number in range(MANY))
        return tuple({each.path: each for each in self._some(lambda: self._script(*paths), 3)}.values())

    def _opcache(self) -> Opcache:
        changed = self._scripts(*self._one(SCRIPTS, SCRIPTS, VIEWS))
        return self._filled(
            Opcache,
            enabled=not self._rarely(),
            restart_pending=self._rarely(),
            restart_in_progress=self._rarely(),
            file_cache_only=self._rarely(),
            cache_full=self._rarely(),
            start_time=self._whole(),
            last_restart_time=self._one(0, 0, self._whole()),
            hits=self._one(0, 100, 900),
            misses=self._one(0, 100, 900),
            compared=self._one(0, 5, 5),
            revalidate_freq=self._one(0, 2, 600),
            file_update_protection=self._one(0, 2),
            file_cache=self._text("", "", "/var/cache/php"),
            preload=self._text("", "", f"{ROOT}/app/A.php"),
            changed=changed,
            changed_total=len(changed) + self._one(0, 0, 0, 2),
            scripts=self._scripts(),
            entry_points=self._scripts(*ENTRIES),
            truncated=self._rarely(),
        )

    def _process(self) -> Process:
        return self._filled(Process, pid=self._one(1, 2, 3), cwd_deleted=self._rarely())

    def _pool_worker(self) -> PoolWorker:
        script = self._text("", *ENTRIES, f"{ROOT}/current/public/index.php")
        return self._filled(PoolWorker, state=self._text("Idle", "Running"), script=script)

    def _status(self) -> PoolStatus:
        return self._filled(PoolStatus, pool=self._text("www", "www", "shop"), started=float(self._whole()))

    def _runtime(self) -> RuntimeFacts:
        return self._filled(
            RuntimeFacts,
            opcache=self._or_unseen(self._opcache),
            status=self._or_unseen(self._status),
            configuration=self._later.choice((None, (), (self._running_file(),))),
            environment=self._later.choice((None, (self._environment(),))),
            user_ini_ttl=self._later.choice((None, 300)),
            told_by=self._later.choice((safe(""), safe(ROOT))),
            variables=self._planned.choice((None, (), (safe("APP_ENV"),))),
            ini=self._named.choice(((), (), (self._ini_file(),))),
            reused=self._added.random() < 0.1,
            extension_dir=self._added.choice((safe(""), safe("/usr/lib/php/20220829"))),
            sapi=safe(self._over_http.choice(("fpm-fcgi", "apache2handler", "litespeed"))),
        )

    def _ini_file(self) -> IniFile:
        path, at = safe(f"/etc/{self._named.choice(NAMES)}"), self._named.choice(TIMES)
        return IniFile(path, *self._named.choice(((None, None), (at, at))))

    def _environment(self) -> CachedEnvironment:
        path = f"{ROOT}/{self._later.choice(NAMES)}"
        differs, unlike = (tuple(safe(self._later.choice("AB")) for _ in range(self._later.randint(0, 1))) for _ in range(2))
        return CachedEnvironment(safe(path), differs, unlike)

    def _pool(self) -> Pool:
        return self._filled(Pool, idle_timeout=self._later.choice((0.0, 10.0, 600.0)))

    def _running_file(self) -> RunningFile:
        differs, untold = ((safe("memory_limit"),) * self._later.randint(0, 1) for _ in range(2))
        return RunningFile(safe(self._later.choice(NAMES)), self._later.randint(0, 2), differs, untold)

    def _fpm(self) -> FpmFacts:
        return self._filled(
            FpmFacts,
            running=not self._rarely(),
            binary=self._text("app/A.php", "/usr/sbin/php-fpm8.2", ""),
            status_text=self._text("", "Processes active: 7, idle: 0"),
            born=self._later.choice((None, {}, {self._later.choice(NAMES): self._later.choice(TIMES)})),
            unit_pid=self._planned.choice((None, 0, 1)),
            pools=self._added.choice((None, (), (self._master_pool(),))),
            unit_reloads=self._added.choice((None, (), (safe("/bin/kill -USR2 $MAINPID"),))),
            options=self._added.choice(((), (safe("-c"), safe("/etc/php.ini")))),
            extensions=self._added.choice((None, self._folder())),
        )

    def _master_pool(self) -> MasterPool:
        draw = self._added.choice
        return MasterPool(safe(draw(("www", "shop"))), draw(((), (safe(ROOT),))), draw((None, 0, 1)))

    def _folder(self) -> FileStat:
        """Where extensions are."""
        return FileStat(safe("/usr/lib/php/20220829"), self._added.choice(TIMES), self._added.choice(TIMES))

    def _cache(self, layer: Any = "config") -> CacheFile:
        return self._filled(CacheFile, name=layer, path=self._text(*NAMES), complete=self._one(None, True, True, False))

    def _packages(self) -> PackageFacts:
        sets = [self._one(None, (), (safe("a"),), (safe("a"), safe("b"))) for _ in range(2)]
        return self._filled(PackageFacts, cached=sets[0], installed=sets[1], changed=self._one(None, (), (), (safe("a (aliases)"),)))

    def _worker(self) -> QueueWorker:
        return self._filled(
            QueueWorker,
            release=self._text("", ROOT, f"{ROOT}/releases/1"),
            holds=self._one("start", "start", "none", "unsure", "unknown"),
            placed=not self._rarely(),
        )

    def _deploy(self) -> Deploy:
        return self._filled(Deploy, files=self._some(lambda: self._text(*NAMES), 3))

    def _under_way(self) -> DeployUnderWay:
        return self._filled(DeployUnderWay, sign=self._text(".git/index.lock", ".dep/deploy.lock"))

    def _release(self) -> ReleaseFacts:
        return self._filled(
            ReleaseFacts,
            root=self._text(ROOT, f"{ROOT}/releases/2"),
            link=self._text("", f"{ROOT}/current"),
            commit=self._text("", "4f2a9c1", "9b1d04e"),
            dirty=self._one(None, 0, 2),
            under_way=self._under_way() if self._rarely() else None,
        )

    def _view(self) -> CompiledView:
        return self._filled(CompiledView, source=self._maybe(self._file))

    def _views(self) -> ViewFacts:
        return self._filled(ViewFacts, truncated=self._rarely())

    def _log_line(self) -> LogLine:
        return self._filled(LogLine, log=self._text("laravel.log", "fpm.log"), text=self._text("boom 1", "boom 2"))

    def _layout(self) -> AppLayout:
        kind = self._one("laravel", "laravel", "laravel", "php", "symfony", "wordpress")
        return self._filled(AppLayout, kind=kind, exists=not self._rarely(), maintenance=self._rarely())

    def _compiled(self) -> Compiled:
        found = self._filled(Compiled, unread=0)
        return msgspec.structs.replace(found, unread=len(found.gone) // 2)

    def _cli_cache(self) -> CliCache | None:
        """Of its own draws: those of the others stay what they were."""
        draw = self._compiles.choice
        names = ("config/app.php", "routes/web.php", "app/Http/Controllers/HomeController.php", "app/Providers/EventServiceProvider.php")
        files = tuple(FileStat(safe(name), at, at) for name in names if (at := draw((0.0, NOW - 900, NOW - 60, NOW - 5))))
        folder, php = safe(draw(("/var/cache/php", "/var/tmp/php"))), safe(draw(("/usr/bin/php", "/usr/bin/php8.2")))
        return draw((None, None, None, CliCache(folder=folder, php=php, files=draw((None, files, files)))))

    def _host(self) -> HostFacts:
        found = self._filled(
            HostFacts,
            command_lines=self._planned.choice((None, {}, {"/usr/bin/php": safe("/usr/bin/php8.2")})),
            more_caches=0,
            asks=self._compiles.choice(((), (safe("config/app.php: shell_exec"),))),
            cli_cache=self._cli_cache(),
            caches=tuple(self._cache(layer) for layer in ("config", "routes", "events", "packages", "services") if not self._rarely()),
            inputs={layer: self._inputs() for layer in LAYERS if not self._rarely()},
            disk_free=self._one(None, 0, 10**9),
            disk_total=self._one(None, 10**9),
            problems=self._few(self._unseen),
        )
        return msgspec.structs.replace(found, more_caches=len(found.other_caches or ()) // 2)
