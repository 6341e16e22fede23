"""Everything observed of one App on one Server at one instant, by that server's own clock. Immutable, serialisable (msgspec), no behaviour.

Times are epoch seconds (float, as the server's clock had them), sizes bytes, durations seconds unless the name says otherwise.
A part that could not be looked at is an :class:`Unseen` in the place of the facts: never a default that looks healthy.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from stalewatch.model.composer import ComposerFacts, MovedClass
from stalewatch.model.disk import (
    MAX_SUMS,
    CacheFile,
    CacheStore,
    CliCache,
    CompiledView,
    Deploy,
    DeployUnderWay,
    FileStat,
    FileSum,
    Inputs,
    NamedRoot,
    PackageFacts,
    ReleaseFacts,
    ViewFacts,
)
from stalewatch.model.logs import LogFacts, LogLine, LogMinute
from stalewatch.model.processes import ConfigTest, CronLine, FpmFacts, MasterPool, Pool, Process, QueueWorker, SocketFacts
from stalewatch.model.runtime import HealthCheck, Opcache, PoolStatus, PoolWorker, RuntimeFacts, Script
from stalewatch.model.symfony import Compiled, SymfonyFacts
from stalewatch.model.text import SafeText
from stalewatch.model.unseen import Unseen
from stalewatch.model.web import WebFacts

__all__ = [
    "MAX_SUMS",
    "AppLayout",
    "CacheFile",
    "CacheStore",
    "CliCache",
    "Compiled",
    "CompiledView",
    "ComposerFacts",
    "ConfigTest",
    "CronLine",
    "Deploy",
    "DeployUnderWay",
    "FileStat",
    "FileSum",
    "FpmFacts",
    "HealthCheck",
    "HostFacts",
    "Inputs",
    "LockHolder",
    "LockedStep",
    "LogFacts",
    "LogLine",
    "LogMinute",
    "MasterPool",
    "MovedClass",
    "NamedRoot",
    "Opcache",
    "PackageFacts",
    "PeerWatcher",
    "Pool",
    "PoolStatus",
    "PoolWorker",
    "Process",
    "QueueWorker",
    "ReleaseFacts",
    "RuntimeFacts",
    "Script",
    "Snapshot",
    "SocketFacts",
    "SymfonyFacts",
    "Unseen",
    "ViewFacts",
]


class LockedStep(msgspec.Struct, frozen=True):
    """A step of somebody's plan, as the lock tells it: its *id*, and what it does in one word."""

    id: SafeText
    label: SafeText


class LockHolder(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody runs a runbook on this app (or FPM master) right now, held by the process *pid* of the server (0: not known). *step*: what
    of it runs ("" nothing, or not seen); *reached*: the last one that was seen to run. *what*: clear, rebuild, … ("" not told). *steps*: of
    its plan there, in order (empty: not told, by an older version)."""

    who: SafeText
    since: float
    pid: int = 0
    step: SafeText = SafeText("")
    reached: SafeText = SafeText("")
    what: SafeText = SafeText("")
    steps: tuple[LockedStep, ...] = ()

    @property
    def process(self) -> str:
        """What is said after who and since when: `` (step config:cache, pid 4711)``, or nothing."""
        known = ([f"step {self.step}"] if self.step else []) + ([f"pid {self.pid}"] if self.pid else [])
        return f" ({', '.join(known)})" if known else ""


class PeerWatcher(msgspec.Struct, frozen=True, kw_only=True):
    """Another stalewatch that looks at this server."""

    who: SafeText
    since: float


class AppLayout(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of PHP root this is. *laravel* is its version ("" unknown); *exists* False: the path is not there."""

    kind: Literal["laravel", "symfony", "wordpress", "php"]
    exists: bool = True
    laravel: SafeText = SafeText("")
    maintenance: bool = False


class HostFacts(msgspec.Struct, frozen=True, kw_only=True, tag="host"):
    """What the host probe saw. ``slow_at`` is when the expensive part (source walk, views, packages, config files) was last read."""

    now: float
    slow_at: float
    login: SafeText = SafeText("")
    utc_offset: int | None = None
    """Seconds east of UTC of the server's own time zone (``date +%z``); None: not asked."""
    layout: AppLayout
    release: ReleaseFacts
    caches: tuple[CacheFile, ...] = ()
    inputs: dict[str, Inputs] = {}
    """By the name of a layer that is made from files, and ``code`` (PHP that queue workers hold)."""
    views: ViewFacts = ViewFacts()
    packages: PackageFacts = PackageFacts()
    fpm: FpmFacts | Unseen
    queue_workers: tuple[QueueWorker, ...] = ()
    disk_free: int | None = None
    disk_total: int | None = None
    log_lines: tuple[LogLine, ...] = ()
    """Lines that came since the last tick (at the first look: the recent history), oldest first."""
    logs: tuple[LogFacts, ...] = ()
    lock: LockHolder | None = None
    watchers: tuple[PeerWatcher, ...] = ()
    other_apps: tuple[SafeText, ...] = ()
    """Roots (real paths) of the other apps on this server: all pools of one FPM master share one OPcache, and theirs are not ours."""
    problems: tuple[Unseen, ...] = ()
    """Parts of the host that could not be read."""
    composer: ComposerFacts | None = None
    """What Composer made of the application (None: not looked at)."""
    hidden: Unseen | None = None
    """Why the processes of other users are not visible to this login. None: they are."""
    symfony: SymfonyFacts | None = None
    """What Symfony compiled (None: not looked at, as in any other application)."""
    other_caches: tuple[SafeText, ...] | None = None
    """Caches that are there and that no rule knows, by their paths below the root (None: not looked at)."""
    contained: Unseen | None = None
    """PHP-FPM that runs in containers, where we do not look. None: no such master was seen."""
    cron: tuple[CronLine, ...] | None = None
    """The lines of cron that this login may read and that name a release of this app. None: not looked at."""
    web: WebFacts | None = None
    """What the web servers are told about this app. None: no configuration of one was read, or none names the app."""

    places: tuple[FileStat, ...] | None = None
    """Root, folders and entry points as this login sees them, by absolute path; what is not there is left out. None: not asked."""
    unwatched: tuple[SafeText, ...] | None = None
    """Code roots in the caches of the pools that are none of the watched apps: not asked for, or not visible to this login. None: no cache
    was seen."""
    command_lines: dict[str, SafeText] | None = None
    """The PHPs of the command line by their paths, and which file each is in the end. None: not looked at."""
    cli_cache: CliCache | None = None
    """None: the PHP of the command line keeps no code that it does not check."""
    asks: tuple[SafeText, ...] = ()
    """What the configuration asks when it is cached, and no time of a file tells of: ``PATH: FUNCTION, …``."""
    route_asks: tuple[SafeText, ...] = ()
    """What the routes ask, in the same form; their handlers may be what asks, at every request."""
    more_caches: int = 0
    """How many more there are than :attr:`other_caches` names."""

    @property
    def seen_fpm(self) -> FpmFacts | None:
        """*fpm* where it was seen."""
        return self.fpm if isinstance(self.fpm, FpmFacts) else None


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One App on one Server at one instant.

    *server* is the inventory's name, *address* the target as given, *app* the configured root ("" when none was found).
    *observed_at* is by the server's clock; *clock_offset* = server clock − our clock, None when not measured.
    *problems*: what could not be seen beside what *host* and *runtime* say themselves.
    """

    server: str
    address: str
    app: SafeText
    observed_at: float
    clock_offset: float | None = None
    host: HostFacts | Unseen
    runtime: RuntimeFacts | Unseen
    problems: tuple[Unseen, ...] = ()
    health_check: HealthCheck | None = None
    """What the application's own health check tells, where that is all that can be asked."""

    @property
    def seen_host(self) -> HostFacts | None:
        """*host* where it was seen."""
        return self.host if isinstance(self.host, HostFacts) else None

    @property
    def seen_runtime(self) -> RuntimeFacts | None:
        """*runtime* where PHP answered."""
        return self.runtime if isinstance(self.runtime, RuntimeFacts) else None

    @property
    def seen_fpm(self) -> FpmFacts | None:
        """What the host knows about FPM, where it was seen."""
        return self.host.seen_fpm if isinstance(self.host, HostFacts) else None

    @property
    def seen_opcache(self) -> Opcache | None:
        """What OPcache reported, where it was seen."""
        return self.runtime.seen_opcache if isinstance(self.runtime, RuntimeFacts) else None

    @property
    def seen_status(self) -> PoolStatus | None:
        """FPM's status page, where it was seen."""
        return self.runtime.seen_status if isinstance(self.runtime, RuntimeFacts) else None
