"""What PHP says from inside the pool: OPcache, and FPM's own status page.

Times are epoch seconds by the server's clock, sizes bytes, durations seconds unless the name says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Literal

import msgspec

from stalewatch.model.disk import FileStat
from stalewatch.model.text import SafeText
from stalewatch.model.unseen import Unseen


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """One script in OPcache against the file on disk, as PHP itself sees both.

    *timestamp* T: mtime at compile time, whole seconds; None where PHP does not tell (vt=0), 0 as it is. *revalidate* W (8.3+), else None.
    *mtime* None: the file is gone, and *ctime* is that of the nearest directory above it that is left: it went no later. *cached* is
    ``opcache_is_script_cached``. *exact* False: text.py had to change the path, never act on it. *digest*: hash of the content on disk now
    ("" not taken). *parent_changed*: ctime of a parent directory that was renamed over (its c > its own m).
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
    """mtime of the file in ``opcache.file_cache`` that holds its bytecode; asked where there is such a folder."""
    dev: int | None = None
    """The device that *inode* is on, as the pool numbers it (None: not seen)."""


class MovedDirectory(msgspec.Struct, frozen=True):
    """A directory above a cached script whose own ctime is newer than its mtime and than S: renamed over, or its owner or mode changed."""

    path: SafeText
    ctime: float


class CodeLink(msgspec.Struct, frozen=True):
    """A symbolic link below the app's root that code may be reached through, as the pool sees it. *path* as code passes it; *target*: the
    real path that it leads to now; *switched*: the newest ctime of a link on the way there."""

    path: SafeText
    target: SafeText
    switched: float


class FromMemory(msgspec.Struct, frozen=True):
    """A script that was requested of late by a *path* that is gone: PHP answers only as long as it remembers where that led, which is over
    *until* that moment, and with any reload of its master."""

    path: SafeText
    until: float


class ThroughLink(msgspec.Struct, frozen=True):
    """A cached script that was, or may have been, compiled through *link* when that led to *old*. *keyed*: OPcache itself holds the
    passed path as a key, and what that leads to now is not cached; else the script only lies at the same place in a directory beside the
    present target."""

    link: SafeText
    old: SafeText
    script: Script
    keyed: bool


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
    preloaded: tuple[SafeText, ...] | None = None
    """Directories (up to six names deep) that preloaded scripts are in; None: not asked."""
    moved: tuple[MovedDirectory, ...] | None = None
    """Topmost first, bounded; None: not asked."""
    links: tuple[CodeLink, ...] | None = None
    """The links below the apps' roots; None: not asked."""
    through: tuple[ThroughLink, ...] | None = None
    """Asked only for links that were switched since S. None: not asked, or there was no time."""

    @property
    def since(self) -> int:
        """S: since when this cache holds what it holds."""
        return max(self.start_time, self.last_restart_time)

    @property
    def listed(self) -> Iterator[Script]:
        """Every script that this look tells of, some of them twice; entry points first."""
        return chain(self.entry_points, self.changed, self.scripts)


class HealthCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What an application's own health check at *url* tells of OPcache. None: it does not tell.
    *hit_rate*: 0 to 1, since the cache began."""

    url: SafeText
    enabled: bool | None = None
    hit_rate: float | None = None
    cached_scripts: int | None = None
    warnings: tuple[SafeText, ...] = ()
    more_warnings: int = 0


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

    def ours(self, status_path: str) -> bool:
        """Whether what it does is a look of ours, or of another stalewatch. *status_path*: the pool's ("" none)."""
        return bool(status_path and self.uri.startswith(status_path)) or "stalewatch" in self.script


STARTING = ("Creating", "(null)")
"""FPM's words for a worker that is not up yet."""
_NO_REQUEST = ("Idle", "Reading headers", *STARTING)


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
    seen_at: float = 0.0
    """When that was, where it is what an earlier look of this link saw: the pool could not be asked again yet. 0.0: now."""
    before: tuple[SafeText, ...] = ()
    """What workers ran last before our own requests, where those have taken the place of it and an earlier look of this link saw it."""

    @property
    def scripts(self) -> tuple[SafeText, ...]:
        """What the web server passed last, of each worker as far as it is known."""
        return (*(worker.script for worker in self.workers), *self.before)

    def requests(self, status_path: str) -> int | None:
        """How many the pool handles, without our own; None: how many it handles now was not seen. *status_path*: that of the pool ("" it
        has none). A worker that reads headers has no request yet: a web server keeps the connection to it."""
        if self.seen_at:
            return None
        if not self.workers:
            return max(self.active - 1, 0)  # the one that answers is active too
        return sum(worker.state not in _NO_REQUEST and not worker.ours(status_path) for worker in self.workers)


class RunningFile(msgspec.Struct, frozen=True):
    """A file of the configuration on the disk against what the pool runs with: how many settings are *alike*, which of them *differs*, and
    which PHP cannot tell (*untold*). Names only."""

    path: SafeText
    alike: int = 0
    differs: tuple[SafeText, ...] = ()
    untold: tuple[SafeText, ...] = ()


class IniFile(msgspec.Struct, frozen=True):
    """An ini file that PHP read when it started, as the pool finds it now: both times None where it is gone."""

    path: SafeText
    mtime: float | None = None
    ctime: float | None = None


class CachedEnvironment(msgspec.Struct, frozen=True):
    """A cached configuration against the environment of the pool: names of variables whose cached value is another one (*differs*), and of
    those whose value is not in it (*unlike*: it may have been made into another one). Names only."""

    path: SafeText
    differs: tuple[SafeText, ...] = ()
    unlike: tuple[SafeText, ...] = ()


class RuntimeFacts(msgspec.Struct, frozen=True, kw_only=True, tag="runtime"):
    """What PHP says from inside the pool. *via*: how we got there: ``tunnel`` and ``tcp`` by sshd's forwarding, ``relay`` through a
    session channel, ``sudo`` the same as another user. *own_requests*: probes of ours that missed in this
    cache since S, in all pools of the master."""

    asked_at: float
    via: Literal["tunnel", "tcp", "relay", "sudo", "health_url"]
    php_version: SafeText
    user: SafeText = SafeText("")
    opcache: Opcache | Unseen
    status: PoolStatus | Unseen
    own_requests: int = 0
    realpath_cache_ttl: int = 120
    replaced: tuple[SafeText, ...] | None = None
    """Binary and extensions that the pool runs and that the disk holds no more (replaced or removed). None: not seen."""
    places: tuple[FileStat, ...] | None = None
    """The same paths as :attr:`~stalewatch.model.snapshot.HostFacts.places`, of all apps of the pool, as the pool sees them. None: not
    asked."""
    relay: SafeText = SafeText("")
    """The program on the server through which the socket is reached, where sshd does not forward to it or only another user may open it:
    ``php``, ``php as www-data``; "" none."""

    configuration: tuple[RunningFile, ...] | None = None
    """The files of the configuration that changed after the master started and that the pool could compare. None: not asked, or it may
    not."""
    environment: tuple[CachedEnvironment, ...] | None = None
    """None: not asked, or the pool may not tell."""
    user_ini_ttl: int | None = None
    """Seconds for which a worker does not read a ``.user.ini`` again. None: not asked, or PHP reads no such file."""
    variables: tuple[SafeText, ...] | None = None
    """Names of the environment variables of the pool's workers. None: not told."""
    told_by: SafeText = SafeText("")
    """The app among those of the same master that tells of OPcache's counters, which all of them share; "" each may."""
    ini: tuple[IniFile, ...] = ()
    """Ini files that PHP read and that are gone, or changed since S, wherever they are, and new ones beside them."""

    remembered: tuple[FromMemory, ...] = ()
    """Whoever's they are: all that the last full look could see in the master's cache and in the memory of one worker."""
    reused: bool = False
    """An earlier answer: a pool that starts workers on demand and has none was not asked again."""
    extension_dir: SafeText = SafeText("")
    """The folder that the pool loads extensions from; "" not told."""
    extensions: tuple[SafeText, ...] = ()
    """Names of those that run, in small letters; () not told."""
    sapi: SafeText = SafeText("")
    """What runs PHP, in its own word, where it was read over ``health_url``: ``apache2handler``, ``litespeed``, ``fpm-fcgi``."""

    @property
    def seen_opcache(self) -> Opcache | None:
        """*opcache* where it was seen."""
        return self.opcache if isinstance(self.opcache, Opcache) else None

    @property
    def seen_status(self) -> PoolStatus | None:
        """*status* where it was seen."""
        return self.status if isinstance(self.status, PoolStatus) else None
