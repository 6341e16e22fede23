"""The processes of a server: PHP-FPM as its host sees it, and long-running workers.

Times are epoch seconds by the server's clock, sizes bytes, durations seconds unless the name says otherwise.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from stalewatch.model.disk import FileStat
from stalewatch.model.text import SafeText
from stalewatch.model.unseen import Unseen


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
    workers); ``unsure``: it can load code again without a new process (FrankenPHP); ``unknown``: its
    name says nothing of what it does. *placed* False: it may be another app's. *script*: the file of the app that one of an unknown name
    runs, where it was seen. *binary*: the PHP on the disk by the name that it was started with. *replaced*: whether the process runs
    another file than that, by /proc (None: this login may not look). *user*: whom it runs as. *unit*: of systemd
    (``NAME.service``, that of a user's own manager as ``user@N.service/NAME.service``); *supervisor*: what else starts it again, by its
    name ("" nothing that is seen). *orphan*: one of Horizon's own whose parent has ended.
    """

    kind: Literal["queue", "horizon", "octane", "schedule", "reverb", "messenger", "other"]
    process: Process
    release: SafeText = SafeText("")
    holds: Literal["start", "none", "unsure", "unknown"] = "start"
    placed: bool = True
    script: FileStat | None = None
    binary: FileStat | None = None
    replaced: bool | None = None
    user: SafeText = SafeText("")
    unit: SafeText = SafeText("")
    supervisor: SafeText = SafeText("")
    orphan: bool = False


class CronLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of cron (``FILE:NUMBER``) that names a file of *release* (real path)."""

    line: SafeText
    release: SafeText


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
    idle_timeout: float = 10.0
    """``pm.process_idle_timeout`` in seconds: when an idle worker of an ondemand pool ends."""


class MasterPool(msgspec.Struct, frozen=True):
    """One of the pools that a reload of their master reaches. *apps*: those that it serves, by path, as far as they are known. *requests*:
    how many it handles, without our own (None: not seen); a connection that a web server keeps open counts where only the kernel tells."""

    name: SafeText
    apps: tuple[SafeText, ...] = ()
    requests: int | None = None


class EndedPool(msgspec.Struct, frozen=True):
    """A pool that runs and that a reload would end: the configuration has it no more, or at *moved_to*, where nothing listens."""

    name: SafeText
    moved_to: SafeText = SafeText("")


class Unstartable(msgspec.Struct, frozen=True):
    """A *path* or address of the configuration that keeps FPM from starting, which its own test does not look at. *taken*: another program
    listens there; else its folder is not there. *of*: the pool, "" the master."""

    path: SafeText
    of: SafeText = SafeText("")
    taken: bool = False


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

    *running* False: configured, no master; None: the processes of other users are hidden from us. *workers* are the processes of our
    *pool* only. *config_files* are the ini, conf.d, pool files and the binary, newest first.
    *process_control_timeout* in seconds (0 is PHP's default: a reload kills requests in flight). *config_test*: None where nothing
    asked for it, because no file is newer than the master.
    """

    running: bool | None
    master: Process | None = None
    unit: SafeText = SafeText("")
    version: SafeText = SafeText("")
    binary: SafeText = SafeText("")
    config_path: SafeText = SafeText("")
    config_files: tuple[FileStat, ...] = ()
    process_control_timeout: float | None = None
    status_text: SafeText = SafeText("")
    pool: Pool | None = None
    pools_on_server: int | None = None
    """Pools of every FPM on this server that we see, this one among them (None: not counted)."""
    socket: SocketFacts | None = None
    workers: tuple[Process, ...] = ()
    config_test: ConfigTest | Unseen | None = None
    backlog: int | None = None
    """Connections that wait at the pool's socket, by the kernel, which also tells while no worker is free to (None: not seen)."""
    born: dict[str, float] | None = None
    """When the files among *config_files* that changed after the master's start were made, where the file system keeps that: a newer time
    than the mtime is a file that was put in place of another one. None: not asked, because none changed."""
    unit_pid: int | None = None
    """The main process of *unit*, 0 where it has none: where it is not the *master*, a reload of the unit is one of other programs.
    None: not told, or the configuration names another unit than the one that it runs in."""
    pools: tuple[MasterPool, ...] | None = None
    """All pools of the *master*, this one first (None: its configuration was not read)."""
    ended: tuple[EndedPool, ...] = ()
    """Those that a reload would end."""
    unstartable: tuple[Unstartable, ...] = ()
    unit_reloads: tuple[SafeText, ...] | None = None
    """What a reload of *unit* runs (None: not told)."""
    options: tuple[SafeText, ...] = ()
    """What the master was started with and changes what its configuration means (``-c``, FILE), as far as its unit tells."""
    extensions: FileStat | None = None
    """The folder that the pool loads extensions from, as this login sees it. None: not asked, because the pool itself tells what was
    replaced, or not told which folder that is."""
