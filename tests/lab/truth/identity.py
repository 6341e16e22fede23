"""Other content at the same times: what only the contents, or the identity of a file, can tell."""

from __future__ import annotations

from collections.abc import Callable

from stalewatch.model.report import Layer
from tests.lab import Host, php
from tests.lab.truth import changes as do
from tests.lab.truth.laravel import CONFIG, CONFIG_STALE, ROUTES_STALE, VIEW
from tests.lab.truth.opcache_stale import BYTECODE, SUSPECT
from tests.lab.truth.servers import job
from tests.lab.truth.state import APP, HOME, UNCHANGED, Ask, healthy, stale, unsettled, warm

_OLD = "find . -path ./vendor -prune -o -type f ! -path './bootstrap/cache/*' ! -path './storage/*' -exec touch -h -d 1980-01-01 {} +"
"""Every file gets the same old time, as an archive with no times in it gives them."""
_REQUESTS = do.then(do.get(), do.get("/config"), do.get("/api/ping"), do.get("/view"))
_PONG = Ask(uri="/api/pong", old="<!DOCTYPE html>", new="pong v1")
"""Where the new routes lead; the old ones know no such address."""
_EDITS = do.then(
    do.change_text(do.CONTROLLER, "home v1", "home v2"),
    do.AGENT,
    do.change_text("routes/api.php", "/ping", "/pong"),
    do.VIEW,
)
_ALL_OLD = {
    **CONFIG_STALE,
    **ROUTES_STALE,
    Layer.VIEWS: ("stale", "views.older-source"),
    Layer.OPCACHE: ("stale", "opcache.same-mtime"),
}


def all_of(*asks: Callable[[Host], str]) -> Callable[[Host], str]:
    """What every one of *asks* finds, where they agree."""

    def ask(host: Host) -> str:
        found = {one(host) for one in asks}
        return found.pop() if len(found) == 1 else f"not the same: {sorted(found)}"

    return ask


def unpacked(host: Host) -> None:
    """An application whose files all have one old time, with its caches made from them, in use."""
    do.then(do.shell(_OLD), do.cache(), do.pause(1.1), lambda host: host.restart(), _REQUESTS, warm)(host)


SAME_TIMES = (
    stale(
        name="same mtime and size: config, routes, a view, a controller, seen before",
        expect=_ALL_OLD,
        arrange=unpacked,
        act=do.then(_EDITS, do.shell(_OLD), do.pause(3.0), _REQUESTS),
        ask=all_of(HOME, CONFIG, _PONG, VIEW),
        remembered=True,
    ),
    stale(
        name="same mtime and size: only the routes, edited in place, seen before",
        expect=ROUTES_STALE,
        arrange=unpacked,
        act=do.shell("sed s/ping/pong/ routes/api.php >/tmp/r; cat /tmp/r >routes/api.php; touch -d 1980-01-01 routes/api.php"),
        ask=_PONG,
        remembered=True,
    ),
    stale(
        name="same mtime and size: .env, whose content is never read",
        expect={Layer.CONFIG: ("suspect", "config.suspect")},
        arrange=unpacked,
        act=do.then(do.ENV, do.shell("touch -d 1980-01-01 .env")),
        ask=Ask(uri="/config", old="v1 agent-v1", new="v2 agent-v1"),
        remembered=True,
    ),
    stale(
        name="workers: other content with the same mtime and size, seen before",
        expect={Layer.WORKERS: ("stale", "workers.older-than-code"), Layer.OPCACHE: ("fresh",)},
        arrange=do.then(unpacked, do.get("/job"), lambda host: host.start_worker(), lambda host: job(host)),
        act=do.then(
            do.change_text("app/Jobs/WriteVersion.php", "job v1", "job v2"),
            do.shell("touch -d 1980-01-01 app/Jobs/WriteVersion.php"),
            do.pause(1.1),
            lambda host: host.reload(),
            do.get(),
        ),
        ask=job,
        remembered=True,
    ),
    healthy(
        name="same mtime and size: chmod -R of everything, seen before",
        arrange=unpacked,
        act=do.then(do.shell("chmod -R g+w app config resources routes database public artisan"), _REQUESTS),
        remembered=True,
    ),
    healthy(
        name="an archive unpacked over itself: same content, seen before",
        arrange=unpacked,
        act=do.then(
            do.shell("tar -cf /tmp/a.tar app config resources routes; tar -xpf /tmp/a.tar; rm /tmp/a.tar"), do.pause(2.1), _REQUESTS
        ),
        remembered=True,
    ),
    unsettled(
        name="same mtime and size: chmod -R of everything, one look",
        expect={
            Layer.CONFIG: ("suspect", "config.suspect"),
            Layer.ROUTES: ("suspect", "routes.suspect"),
            Layer.EVENTS: ("suspect", "events.suspect"),
            Layer.VIEWS: ("suspect", "views.suspect"),
            **SUSPECT,
        },
        arrange=unpacked,
        act=do.then(do.shell("chmod -R g+w app config resources routes"), _REQUESTS),
        ask=UNCHANGED,
    ),
)


_SHARE = do.then(do.shell("mv .env ../.env.shared; ln -s ../.env.shared .env"), do.cache())
_DISK = "/run/lab-tree"
_V2 = f"sed -i 's/home v1/home v2/' {do.CONTROLLER}; touch -d '90 minutes ago' {do.CONTROLLER}"
_V2_SAME_TIME = f"sed -i 's/home v1/home v2/' {do.CONTROLLER}; touch -r {APP}/{do.CONTROLLER} {do.CONTROLLER}"
_AGENT = f"sed -i s/agent-v1/agent-v2/ config/services.php; touch -r {APP}/config/services.php config/services.php"
_MOUNTS = f"{APP}/app {APP}/config {APP} {_DISK}"
_UNMOUNT = do.shell(f"cd /; for m in {_MOUNTS}; do umount -l $m 2>/dev/null || :; done; rm -rf /srv/.b /srv/.env.shared {_DISK}")


def second_tree(edit: str, place: str = "/srv/.b", vt: int = 0) -> do.Change:
    """A copy of the application, *edit* made in it, older than the cache; then the first one is served. Both have the same .env."""
    copy = do.shell(f"mkdir -p {place}; cp -a . {place}/; cd {place}; {edit}")
    return do.then(_SHARE, copy, do.pause(1.1), do.opcache(validate_timestamps=vt), _REQUESTS)


def mount_over(path: str = "", place: str = "/srv/.b") -> do.Change:
    """*place* is mounted over the application, or its folder *path* over that one."""
    return do.then(do.shell(f"mount --bind {place}{path} {APP}{path}"), do.pause(2.1), _REQUESTS)


def on_another_device(edit: str) -> do.Change:
    """The copy is on a file system of its own, whose inodes may have the numbers of the first one's."""
    return do.then(do.shell(f"mkdir -p {_DISK}; mount -t tmpfs -o mode=0755 tmpfs {_DISK}"), second_tree(edit, _DISK))


TREES = (
    stale(
        name="a tree mounted over another, vt=0, seen before",
        expect=BYTECODE,
        arrange=second_tree(_V2),
        act=mount_over(),
        remembered=True,
        undo=_UNMOUNT,
    ),
    stale(
        name="a tree mounted over another, vt=0: only a folder of it, same mtime, seen before",
        expect=BYTECODE,
        arrange=second_tree(_V2_SAME_TIME),
        act=mount_over("/app"),
        remembered=True,
        undo=_UNMOUNT,
    ),
    stale(
        name="a tree mounted over another, vt=1: same mtime, seen before",
        expect={Layer.OPCACHE: ("stale", "opcache.same-mtime")},
        arrange=second_tree(_V2_SAME_TIME, vt=1),
        act=mount_over(),
        remembered=True,
        undo=_UNMOUNT,
    ),
    stale(
        name="a tree mounted over another, vt=0: from another device, seen before",
        expect=BYTECODE,
        arrange=on_another_device(_V2_SAME_TIME),
        act=mount_over(place=_DISK),
        remembered=True,
        undo=_UNMOUNT,
    ),
    stale(
        name="a tree mounted over another: only the configuration, cached before, seen before",
        expect=CONFIG_STALE,
        arrange=do.then(
            do.shell(f"cp -a {APP} /srv/.b; cd /srv/.b; {_AGENT}"), do.pause(2.1), do.cache(), do.pause(1.1), do.VT0, do.get("/config")
        ),
        act=mount_over("/config"),
        ask=CONFIG,
        remembered=True,
        undo=_UNMOUNT,
    ),
    stale(
        name="a folder with old times renamed into place: the configuration, seen before",
        expect=CONFIG_STALE,
        arrange=do.then(do.shell(f"cp -a config ../.b; cd ..; mkdir c; mv .b c/config; cd c; {_AGENT}"), do.pause(2.1), do.cache(), warm),
        act=do.shell("mv config ../.b; mv ../c/config config; rmdir ../c"),
        ask=CONFIG,
        remembered=True,
        undo=_UNMOUNT,
    ),
    healthy(
        name="a tree mounted over another: the same content, seen before",
        arrange=second_tree("true"),
        act=mount_over(),
        remembered=True,
        undo=_UNMOUNT,
    ),
    healthy(
        name="a tree mounted over another: the same content on another device, seen before",
        arrange=on_another_device("true"),
        act=mount_over(place=_DISK),
        remembered=True,
        undo=_UNMOUNT,
    ),
    healthy(
        name="a tree mounted over another, then reload",
        arrange=second_tree(_V2),
        act=do.then(mount_over(), lambda host: host.reload(), _REQUESTS),
        ask=HOME,
        remembered=True,
        undo=_UNMOUNT,
    ),
    healthy(
        name="a folder renamed into place: the same content, seen before",
        arrange=do.then(do.VT0, _REQUESTS),
        act=do.then(do.shell("cp -a app ../app.new; mv app ../app.old; mv ../app.new app"), do.get(), _REQUESTS),
        remembered=True,
    ),
)


_DROP_IN = f"/run/systemd/system/{php.FPM}.service.d"
_OWN_MOUNTS = do.then(
    do.shell(f"mkdir -p {_DROP_IN}; printf '[Service]\\nPrivateMounts=yes\\nMountFlags=private\\n' >{_DROP_IN}/mounts.conf"),
    do.shell("systemctl daemon-reload"),
    do.pause(1.1),
    lambda host: host.restart(),
    _REQUESTS,
)
_SHARED_MOUNTS = do.then(_UNMOUNT, do.shell(f"rm -rf {_DROP_IN}; systemctl daemon-reload"))
_NOTHING_FRESH = {layer: ("unknown",) for layer in Layer if layer not in (Layer.FPM, Layer.WORKERS)}
_OTHER_TREE = {**_NOTHING_FRESH, Layer.FPM: ("stale", "fpm.other-tree")}


def hidden_from_fpm(edit: str, path: str = "") -> do.Change:
    """A copy of the application with *edit* is mounted over it, or over its folder *path*, where FPM does not see that; then a reload."""
    copy = do.shell(f"cp -a . /srv/.b; cd /srv/.b; {edit}")
    return do.then(copy, mount_over(path), lambda host: host.reload(), _REQUESTS)


def _for_fpm(command: str) -> do.Change:
    """*command* where FPM's master is: what it mounts is there for FPM alone."""
    return do.shell(f"nsenter -t $(systemctl show -p MainPID --value {php.FPM}) -m {command}")


_ONLY_THERE = do.then(
    do.shell(f"cp -a {do.CONTROLLER} /srv/.b.php"), _for_fpm(f"mount --bind /srv/.b.php {APP}/{do.CONTROLLER}"), _REQUESTS
)
_NEWER = f"sed -i 's/home v1/home v2/' {do.CONTROLLER}"
NAMESPACES = (
    stale(
        name="FPM in a mount namespace of its own: a tree mounted over the application",
        expect=_OTHER_TREE,
        arrange=_OWN_MOUNTS,
        act=hidden_from_fpm(_NEWER),
        errors=frozenset({"chain.broken"}),
        undo=_SHARED_MOUNTS,
    ),
    stale(
        name="FPM in a mount namespace of its own: only a folder of it, seen before",
        expect=_OTHER_TREE,
        arrange=_OWN_MOUNTS,
        act=hidden_from_fpm(_NEWER, "/app"),
        errors=frozenset({"chain.broken"}),
        remembered=True,
        undo=_SHARED_MOUNTS,
    ),
    stale(
        name="FPM in a mount namespace of its own: only a folder in a folder",
        expect=_OTHER_TREE,
        arrange=_OWN_MOUNTS,
        act=hidden_from_fpm(_NEWER, "/app/Http"),
        errors=frozenset({"chain.broken"}),
        undo=_SHARED_MOUNTS,
    ),
    unsettled(
        name="FPM in a mount namespace of its own: the same code mounted over the application",
        expect={**_NOTHING_FRESH, Layer.FPM: ("suspect", "fpm.other-tree")},
        arrange=_OWN_MOUNTS,
        act=hidden_from_fpm("true"),
        errors=frozenset({"chain.broken"}),
        undo=_SHARED_MOUNTS,
    ),
    stale(
        name="FPM in a mount namespace of its own: one file is mounted over for it alone",
        expect=_OTHER_TREE,
        arrange=do.then(_OWN_MOUNTS, _ONLY_THERE),
        act=do.then(do.edit, do.pause(2.1), lambda host: host.reload(), _REQUESTS),
        errors=frozenset({"chain.broken"}),
        undo=_SHARED_MOUNTS,
    ),
    stale(
        name="FPM in a mount namespace of its own: one file is mounted over, but not for it, seen before",
        expect=_OTHER_TREE,
        arrange=_OWN_MOUNTS,
        act=hidden_from_fpm(_NEWER, f"/{do.CONTROLLER}"),
        errors=frozenset({"chain.broken"}),
        remembered=True,
        undo=do.then(do.shell(f"umount -l {APP}/{do.CONTROLLER}"), _SHARED_MOUNTS),
    ),
    unsettled(
        name="FPM in a mount namespace of its own: one file is mounted over for it alone, with the same content",
        expect={**_NOTHING_FRESH, **SUSPECT, Layer.FPM: ("suspect", "fpm.other-tree")},
        arrange=do.then(_OWN_MOUNTS, _ONLY_THERE),
        errors=frozenset({"chain.broken"}),
        undo=_SHARED_MOUNTS,
    ),
    healthy(
        name="FPM in a mount namespace of its own: a file is mounted over itself there",
        arrange=do.then(_OWN_MOUNTS, _for_fpm(f"mount --bind {APP}/{do.CONTROLLER} {APP}/{do.CONTROLLER}")),
        undo=_SHARED_MOUNTS,
    ),
    healthy(name="FPM in a mount namespace of its own: nothing mounted", arrange=_OWN_MOUNTS, undo=_SHARED_MOUNTS),
    healthy(
        name="FPM in a mount namespace of its own: a tree mounted over the application, then restart",
        arrange=_OWN_MOUNTS,
        act=do.then(hidden_from_fpm(_NEWER), do.pause(1.1), lambda host: host.restart(), _REQUESTS),
        ask=HOME,
        undo=_SHARED_MOUNTS,
    ),
)
STATES = (*SAME_TIMES, *TREES, *NAMESPACES)
