"""Everything observed of one App on one Server at one instant, by that server's own clock. Immutable, serialisable (msgspec), no behaviour.

Times are epoch seconds (float, as the server's clock had them), sizes bytes, durations seconds unless the name says otherwise.
A part that could not be looked at is an :class:`Unseen` in the place of the facts: never a default that looks healthy.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from stalewatch.model.text import SafeText


class Unseen(msgspec.Struct, frozen=True, kw_only=True, tag="unseen"):
    """Something that could not be looked at: a stable *code* (``fpm.socket-denied``), why, and what to do or to grant."""

    code: str
    message: SafeText
    grant: SafeText = SafeText("")


# --------------------------------------------------------------------------------------------------------------------- files


class FileStat(msgspec.Struct, frozen=True):
    """One ``stat`` over there. *path* is relative to the app root where the file is below it, absolute otherwise.

    *mtime* and *ctime* keep the fraction where the server's ``stat`` tells it (GNU), whole seconds otherwise (busybox).
    """

    path: SafeText
    mtime: float
    ctime: float
    size: int = 0
    inode: int = 0
    owner: SafeText = SafeText("")


class CacheFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file that Laravel caches a layer in. *layer*: its name in :data:`stalewatch.model.layers.CACHED_FILES`. *stat* None: not cached.
    *complete* False: truncated or not PHP (None: not looked at)."""

    layer: str
    path: SafeText
    stat: FileStat | None = None
    complete: bool | None = None


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """The source files that a layer is made from, newest (max of mtime, ctime) first. *truncated*: there were more than we take.

    ``direct`` prove, ``indirect`` (other service providers) suspect at most.
    """

    direct: tuple[FileStat, ...] = ()
    indirect: tuple[FileStat, ...] = ()
    truncated: bool = False


class CompiledView(msgspec.Struct, frozen=True, kw_only=True):
    """One compiled Blade view and the source named in its trailer (*source* None: no trailer, or the source is gone).

    *writable*: the file itself, by the pool's user (None: not known)."""

    compiled: FileStat
    source: FileStat | None = None
    writable: bool | None = None


class ViewFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Compiled views. *check_timestamps* is ``view.check_cache_timestamps`` (None: not known). *writable*: by the pool's user."""

    views: tuple[CompiledView, ...] = ()
    check_timestamps: bool | None = None
    writable: bool | None = None
    truncated: bool = False


class PackageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Package names in bootstrap/cache/packages.php (*cached*; None: no such file) and those that installed.json would put there."""

    cached: tuple[SafeText, ...] | None = None
    installed: tuple[SafeText, ...] | None = None


# ------------------------------------------------------------------------------------------------------------------- release


class Deploy(msgspec.Struct, frozen=True, kw_only=True):
    """One deploy. *source*: ``git`` (.git/logs/HEAD), ``deployer`` (.dep/releases_log), ``revision`` (REVISION, or
    Capistrano's revisions.log), or ``mtime`` (a guess from sources)."""

    at: float
    source: Literal["git", "deployer", "revision", "mtime"]
    what: SafeText = SafeText("")
    who: SafeText = SafeText("")
    commit: SafeText = SafeText("")
    files: tuple[SafeText, ...] = ()


class DeployUnderWay(msgspec.Struct, frozen=True, kw_only=True):
    """A deploy that runs right now, by the *sign* (file) that says so."""

    sign: SafeText
    since: float
    who: SafeText = SafeText("")


MAX_SUMS = 400
"""Files of one application whose check sums are kept: the newest."""


class FileSum(msgspec.Struct, frozen=True):
    """The contents of one file, as ``cksum`` sums them."""

    path: SafeText
    sum: SafeText


class ReleaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is on the disk. *root* is the real path; *link* the path as configured when it is a symlink (else ""). *switched_at*: when the
    link was last switched (its own ctime), None where it was not asked. *code*: a digest of the contents of the app's own sources, without
    packages, caches and environment files; "" where they could not all be read. *sums*: of the newest of them
    (:data:`MAX_SUMS`), by path."""

    root: SafeText
    link: SafeText = SafeText("")
    switched_at: float | None = None
    commit: SafeText = SafeText("")
    dirty: int | None = None
    code: SafeText = SafeText("")
    sums: tuple[FileSum, ...] = ()
    deploys: tuple[Deploy, ...] = ()
    under_way: DeployUnderWay | None = None


# ----------------------------------------------------------------------------------------------------------------- processes


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One process by /proc: exact start time (±2 ms), *cwd* None where we may not read it."""

    pid: int
    started: float
    title: SafeText
    cwd: SafeText | None = None
    cwd_deleted: bool = False


class QueueWorker(msgspec.Struct, frozen=True, kw_only=True):
    """A long-running PHP process of the app. *release* is the real path it runs in, as far as cwd and arguments tell ("" unknown).

    *holds*: the code of its ``start``; ``none``, because it starts a new PHP for the work (queue:listen, schedule:work, a server above
    workers); ``unsure``: it can load code anew without a new process (FrankenPHP). *placed* False: it may be another app's.
    """

    kind: Literal["queue", "horizon", "octane", "schedule", "reverb", "other"]
    process: Process
    release: SafeText = SafeText("")
    holds: Literal["start", "none", "unsure"] = "start"
    placed: bool = True


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """One FPM pool as configured. *listen* is a socket path or ``host:port``. *settings*: php_value/php_admin_value and env of the pool."""

    name: SafeText
    listen: SafeText
    user: SafeText = SafeText("")
    group: SafeText = SafeText("")
    pm: SafeText = SafeText("")
    max_children: int | None = None
    status_path: SafeText = SafeText("")
    status_listen: SafeText = SafeText("")
    settings: dict[str, SafeText] = {}


class SocketFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The pool's unix socket as the login user finds it."""

    path: SafeText
    exists: bool


class ConfigTest(msgspec.Struct, frozen=True, kw_only=True, tag="tested"):
    """What ``php-fpm -t`` says of the configuration on the disk. *said*: the line that names the mistake ("" valid)."""

    valid: bool
    said: SafeText = SafeText("")


class FpmFacts(msgspec.Struct, frozen=True, kw_only=True, tag="fpm"):
    """The FPM master that serves the app, and what its host knows without asking FPM itself.

    *running* False: configured, no master. *workers* are the processes of our *pool* only. *config_files* are the ini,
    conf.d, pool files and the binary, newest first.
    *process_control_timeout* in seconds (0 is PHP's default: a reload kills requests in flight). *config_test*: None where nothing
    asked for it, because no file is newer than the master.
    """

    running: bool
    master: Process | None = None
    unit: SafeText = SafeText("")
    version: SafeText = SafeText("")
    binary: SafeText = SafeText("")
    config_path: SafeText = SafeText("")
    config_files: tuple[FileStat, ...] = ()
    process_control_timeout: float | None = None
    status_text: SafeText = SafeText("")
    pool: Pool | None = None
    socket: SocketFacts | None = None
    workers: tuple[Process, ...] = ()
    config_test: ConfigTest | Unseen | None = None
    backlog: int | None = None
    """Connections that wait at the pool's socket, by the kernel, which also tells while no worker is free to (None: not seen)."""


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a watched log. *at* by the line itself where it has a time, else when it was read. *alarm*: an error level or pattern.
    *fpm*: FPM itself wrote it."""

    log: SafeText
    at: float
    text: SafeText
    alarm: bool = False
    reassure: bool = False
    fpm: bool = False


class LogMinute(msgspec.Struct, frozen=True):
    """How many lines came in the minute that began at *at*."""

    at: float
    alarms: int = 0
    good: int = 0


class LogFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One log that is followed. *unseen*: why it can't be. *tail*: its newest lines, oldest first. *minutes*: those in which something
    came, oldest first. *skipped*: bytes of floods that were passed over, so that the counts are the least there was. *fpm*: FPM's own."""

    path: SafeText
    fpm: bool = False
    unseen: Unseen | None = None
    tail: tuple[LogLine, ...] = ()
    minutes: tuple[LogMinute, ...] = ()
    skipped: int = 0


class LockHolder(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody runs a runbook on this app (or FPM master) right now."""

    who: SafeText
    since: float


class Watcher(msgspec.Struct, frozen=True, kw_only=True):
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
    watchers: tuple[Watcher, ...] = ()
    other_apps: tuple[SafeText, ...] = ()
    """Roots (real paths) of the other apps on this server: all pools of one FPM master share one OPcache, and theirs are not ours."""
    problems: tuple[Unseen, ...] = ()
    """Parts of the host that could not be read."""

    @property
    def seen_fpm(self) -> FpmFacts | None:
        """*fpm* where it was seen."""
        return self.fpm if isinstance(self.fpm, FpmFacts) else None


# ------------------------------------------------------------------------------------------------------------------- runtime


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """One script in OPcache against the file on disk, as PHP itself sees both.

    *timestamp* T: mtime at compile time, whole seconds; None where PHP does not tell (vt=0), 0 as it is. *revalidate* W (8.3+), else None.
    *mtime* None: the file is gone. *cached* is ``opcache_is_script_cached``. *exact* False: text.py had to change the path, never
    act on it. *digest*: hash of the content on disk now ("" not taken). *parent_changed*: ctime of a parent directory that was renamed over
    (its c > its own m).
    """

    path: SafeText
    exact: bool = True
    timestamp: int | None = None
    last_used: int = 0
    hits: int = 0
    memory: int = 0
    revalidate: int | None = None
    mtime: float | None = None
    ctime: float | None = None
    size: int = 0
    inode: int = 0
    cached: bool = True
    digest: str = ""
    parent_changed: float | None = None
    kept: float | None = None
    """mtime of the file in ``opcache.file_cache`` that holds its bytecode; asked only where such files are never checked."""


class Opcache(msgspec.Struct, frozen=True, kw_only=True, tag="opcache"):
    """OPcache as the pool reports it, and the comparison of its scripts with the disk.

    *changed*: every script that is not plainly fresh (m≠T, or c or m at or after S, or gone, or T=0, or a parent renamed over).
    *scripts*: all scripts, only at the first look and on the slow beat (else empty: ``scripts_at`` says when they were last read).
    *compared*: how many scripts were compared with the disk, at *compared_at*.
    """

    enabled: bool
    restart_pending: bool = False
    restart_in_progress: bool = False
    cache_full: bool = False
    start_time: int = 0
    last_restart_time: int = 0
    hits: int = 0
    misses: int = 0
    manual_restarts: int = 0
    oom_restarts: int = 0
    hash_restarts: int = 0
    cached_scripts: int = 0
    cached_keys: int = 0
    max_cached_keys: int = 0
    used_memory: int = 0
    free_memory: int = 0
    wasted_memory: int = 0
    validate_timestamps: bool = True
    revalidate_freq: int = 2
    revalidate_path: bool = False
    file_update_protection: int = 2
    file_cache: SafeText = SafeText("")
    file_cache_only: bool = False
    preload: SafeText = SafeText("")
    enable_file_override: bool = False
    force_restart_timeout: int = 180
    changed: tuple[Script, ...] = ()
    changed_total: int = 0
    scripts: tuple[Script, ...] = ()
    scripts_at: float | None = None
    entry_points: tuple[Script, ...] = ()
    """Cached scripts named index.php: which release is really served."""
    file_cache_seen: bool = False
    """Whether PHP could look into its file cache (asked only with validate_timestamps=0)."""
    compared: int = 0
    compared_at: float = 0.0
    truncated: bool = False

    @property
    def since(self) -> int:
        """S: since when this cache holds what it holds."""
        return max(self.start_time, self.last_restart_time)


class PoolWorker(msgspec.Struct, frozen=True, kw_only=True):
    """One worker by FPM's status page. *duration* of the current (or last) request in seconds."""

    pid: int
    state: SafeText
    started: float
    requests: int = 0
    duration: float = 0.0
    method: SafeText = SafeText("")
    uri: SafeText = SafeText("")
    script: SafeText = SafeText("")


class PoolStatus(msgspec.Struct, frozen=True, kw_only=True, tag="status"):
    """FPM's own status page (``pm.status_path``)."""

    pool: SafeText
    started: float
    accepted: int = 0
    listen_queue: int = 0
    max_listen_queue: int = 0
    idle: int = 0
    active: int = 0
    total: int = 0
    max_children_reached: int = 0
    workers: tuple[PoolWorker, ...] = ()


class RuntimeFacts(msgspec.Struct, frozen=True, kw_only=True, tag="runtime"):
    """What PHP says from inside the pool. *via*: how we got there. *own_requests*: probes of ours that missed in this cache since S."""

    asked_at: float
    via: Literal["tunnel", "tcp", "sudo", "health_url"]
    php_version: SafeText
    user: SafeText = SafeText("")
    opcache: Opcache | Unseen
    status: PoolStatus | Unseen
    own_requests: int = 0
    realpath_cache_ttl: int = 120

    @property
    def seen_opcache(self) -> Opcache | None:
        """*opcache* where it was seen."""
        return self.opcache if isinstance(self.opcache, Opcache) else None

    @property
    def seen_status(self) -> PoolStatus | None:
        """*status* where it was seen."""
        return self.status if isinstance(self.status, PoolStatus) else None


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
