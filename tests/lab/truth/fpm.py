"""FPM that would not survive its next reload, that is too busy to tell, and an OPcache, a disk, a hit rate that need somebody's eye."""

from __future__ import annotations

from functools import partial

from stalewatch.model.report import Layer
from tests.lab import Host, php
from tests.lab.truth import changes as do
from tests.lab.truth.state import APP, Ask, healthy, nothing, stale, unsettled, warm
from tests.lab.waiting import until

_POOL = php.POOL
_SOCKET = php.SOCKET
_BROKEN = {Layer.FPM: ("stale", "fpm.config-invalid")}
_ONE_WORKER = partial(Host.pool, pm="static", pm__max_children="1")


def break_pool(host: Host) -> None:
    """A typing error in the pool's file: FPM runs on, the next reload ends it."""
    file = host.root(_POOL)
    file.write_text(file.read_text() + "pm.max_childern = 9\n")


def mend_pool(host: Host) -> None:
    """The file as it was."""
    file = host.root(_POOL)
    file.write_text(file.read_text().replace("pm.max_childern = 9\n", ""))


def queue(host: Host) -> None:
    """The only worker is busy, and three more requests wait."""
    do.jam(host)
    for _ in range(3):
        do.leave_running(host, "/", f"{APP}/public/index.php")
    until(lambda: _waiting(host) >= 3, f"a queue on {host.name}", 30)


def _waiting(host: Host) -> int:
    """What the kernel says; hosts of one machine share its list of sockets, and differ by what the path leads to."""
    inode = host.root(_SOCKET).stat()
    mine = f"ino:{inode.st_ino} dev:{inode.st_dev >> 18}/{inode.st_dev & 0x3FFFF} "  # ss parts the number so
    lines = host.run(["ss", "-lxne"]).stdout.splitlines()
    return next((int(line.split()[2]) for line in lines if f" {_SOCKET} " in line and mine in line), 0)


def told(host: Host) -> None:
    """The only worker is busy, for so long that the master has told systemd (every 10 s)."""
    do.jam(host)
    show = ["systemctl", "show", "-p", "StatusText", php.FPM]
    until(lambda: "active: 1, idle: 0" in host.run(show).stdout, f"a status text on {host.name}", patience=40)


_SMALL_DISK = do.then(
    do.shell(
        "mkdir /run/lab-disk; mount -t tmpfs -o size=100m,mode=0755 tmpfs /run/lab-disk; cp -a /srv/app/. /run/lab-disk/;"
        "chown --reference=/srv/app /run/lab-disk; mount --bind /run/lab-disk /srv/app"
    ),
    do.cache(),
    do.pause(1.1),
    do.opcache(),
)
_MUCH_BYTECODE = do.then(
    do.shell(
        'php -r \'mkdir("public/many"); for ($f = 0; $f < 16; $f++) { $keys = array_map(fn ($i) => "key $f $i", range(1, 600));'
        ' file_put_contents("public/many/$f.php", "<?php return ".var_export($keys, true).";");'
        ' touch("public/many/$f.php", time() - 3600); }\''
    ),
    do.pause(1.1),
    do.ini(opcache__memory_consumption=8, opcache__interned_strings_buffer=1),
    do.run_in_pool(f"array_map('opcache_compile_file', glob('{APP}/public/many/*.php'));"),
)
_UNCACHED = do.run_in_pool("usleep(1);")


def misses(host: Host) -> None:
    """Requests of which OPcache keeps nothing: a hundred look-ups, every one a miss."""
    for _ in range(100):
        _UNCACHED(host)


STATES = (
    healthy(
        name="hit rate: 50 %, two minutes after the restart",
        arrange=do.then(warm, do.pause(61)),
        act=misses,
        remembered=True,
        health=frozenset({"health.hit-rate"}),
    ),
    healthy(name="hit rate: 50 %, just after the restart", act=misses, remembered=True),
    stale(name="fpm: pool file broken, no reload", expect=_BROKEN, act=break_pool, ask=lambda _host: "old"),
    healthy(
        name="fpm: pool file broken, mended, reload",
        act=do.then(break_pool, do.pause(0.1), mend_pool, lambda host: host.reload(), do.get()),
    ),
    healthy(
        name="OPcache: more scripts than keys",
        arrange=do.ini(opcache__max_accelerated_files=200),
        health=frozenset({"health.opcache-keys"}),
    ),
    healthy(
        name="OPcache: out of memory",
        arrange=_MUCH_BYTECODE,
        health=frozenset({"health.opcache-memory"}),
    ),
    healthy(
        name="disk nearly full",
        arrange=_SMALL_DISK,
        act=nothing,
        health=frozenset({"health.disk"}),
        undo=do.shell("cd /; umount -l /srv/app; umount -l /run/lab-disk; rmdir /run/lab-disk"),
    ),
    unsettled(
        name="every worker busy, others wait: the kernel tells",
        expect={Layer.OPCACHE: ("unknown",), Layer.FPM: ("unknown",)},
        arrange=_ONE_WORKER,
        act=queue,
        errors=frozenset({"fpm.status-hangs"}),
        health=frozenset({"fpm.listen-queue"}),
        ask=Ask(old="(none)", new="home v1", patience=1.0),
        really="down",
    ),
    unsettled(
        name="every worker busy for a while: systemd tells",
        expect={Layer.OPCACHE: ("unknown",), Layer.FPM: ("unknown",)},
        arrange=_ONE_WORKER,
        act=told,
        errors=frozenset({"fpm.status-hangs"}),
        health=frozenset({"fpm.all-busy"}),
        ask=Ask(old="(none)", new="home v1", patience=1.0),
        really="down",
    ),
)
