"""Code outside of the usual places, which nothing but a pool's own cache tells of: an application of its own, or a part of another one."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.opcache_stale import BYTECODE, SUSPECT
from tests.lab.truth.servers import NOT_LARAVEL
from tests.lab.truth.state import APP, HOME, INDEX, Ask, healthy, stale, warm

_VT0 = {"validate_timestamps": 0}
_PORTAL, _SHOP, _LIBRARY = "/opt/portal", "/mnt/kim/sites/shop", "/opt/kit"


def own_place(path: str) -> do.Change:
    """*path* of this host alone, empty: the hosts share the machine's disk."""
    return do.shell(f"mount -t tmpfs -o mode=0755 tmpfs {path}")


def no_own_place(path: str) -> do.Change:
    """The machine's *path* again."""
    return do.shell(f"umount -l {path}")


def site(root: str, docroot: str = "", more: str = "") -> do.Change:
    """Plain PHP at *root*, older than FPM, requested at *docroot* below it."""

    def change(host: Host) -> None:
        put = f"mkdir -p {root}{docroot} {root}/lib; echo \"<?php require '{root}/lib/text.php';\" >{root}{docroot}/index.php"
        host.run(["sh", "-ec", f"{put}; echo \"<?php echo 'site v1';\" >{root}/lib/text.php; {more}"])
        host.run(["sh", "-ec", f"find {root} -exec touch -d '2 hours ago' {{}} +; chmod -R a+rX {root}"])

    return change


def _used(root: str, docroot: str = "") -> do.Change:
    return do.get(script=f"{root}{docroot}/index.php")


def _edited(root: str) -> do.Change:
    return lambda host: host.edit(f"{root}/lib/text.php", replace=("site v1", "site v2"))


def _ask(root: str, docroot: str = "") -> Ask:
    return Ask(script=f"{root}{docroot}/index.php", old="site v1", new="site v2")


def _vt0(host: Host) -> None:
    do.pause(1.1)(host)
    host.fpm(**_VT0)


_BOTH_USE_IT = f"""
mkdir -p {_LIBRARY}/src
echo '{{"name": "acme/kit", "type": "library"}}' >{_LIBRARY}/composer.json
echo '<?php function acme_kit() {{ return 1; }}' >{_LIBRARY}/src/kit.php
find {_LIBRARY} -exec touch -d '2 hours ago' {{}} +
sed -i "1a require_once '{_LIBRARY}/src/kit.php';" {INDEX} {_PORTAL}/index.php
find {_PORTAL} {APP}/public -exec touch -d '2 hours ago' {{}} +
"""

_NEIGHBOUR = "/mnt/kim/sites/blog"
_CLOSED = f"chown -R www-data {_NEIGHBOUR}; chmod 0700 {_NEIGHBOUR}"

_LIB = "/srv/lib"
_SHARED = (
    f"mkdir -p {_LIB}/v1 {_LIB}/v2; for v in v1 v2; do echo \"<?php return 'home $v';\" >{_LIB}/$v/version.php; done;"
    f" touch -d '2 hours ago' {_LIB}/v*/*; ln -s v1 {_LIB}/current"
)
_USES_IT = f"<?php echo require '{_LIB}/current/version.php'; exit;"
_SWITCHED = {Layer.OPCACHE: ("stale", "opcache.link-switched")}
_switch = do.then(do.pause(1.1), do.shell(f"ln -s v2 {_LIB}/next; mv -T {_LIB}/next {_LIB}/current"), do.pause(1.1), do.get())


def _library(**ini: object) -> do.Change:
    """A library beside the application, required through a link; its first version is served."""
    return do.then(do.shell(_SHARED), do.change_text("public/index.php", "<?php", _USES_IT), do.pause(2.1), do.ini(**ini), do.get())


_PREPENDED = do.then(
    do.shell(_SHARED + f"; sed -i s/return/echo/ {_LIB}/v*/version.php"),
    do.change_text("public/index.php", "<?php", "<?php exit;"),
    do.pause(2.1),
    do.ini(opcache__validate_timestamps=0, auto_prepend_file=f"{_LIB}/current/version.php"),
    do.get(),
)

STATES = (
    stale(
        name="outside: a library that is required through a link, switched, vt=0",
        expect=_SWITCHED,
        arrange=_library(opcache__validate_timestamps=0),
        act=_switch,
        causes=1,
    ),
    stale(name="outside: auto_prepend_file through a link, switched, vt=0", expect=_SWITCHED, arrange=_PREPENDED, act=_switch),
    healthy(
        name="outside: a library that is required through a link, switched, then reload",
        arrange=_library(opcache__validate_timestamps=0),
        act=do.then(_switch, lambda host: host.reload(), do.get()),
        ask=HOME,
    ),
    healthy(
        name="outside: a library that is required through a link, switched, vt=1, ttl over",
        arrange=_library(realpath_cache_ttl=1),
        act=do.then(_switch, do.pause(4.1), do.get()),
        ask=HOME,
    ),
    stale(
        name="outside: a site in /opt in the same pool",
        expect={**NOT_LARAVEL, **SUSPECT},
        arrange=do.then(own_place("/opt"), site(_PORTAL), _vt0, _used(_PORTAL), warm),
        act=do.then(_edited(_PORTAL), do.pause(2.1), _used(_PORTAL)),
        ask=_ask(_PORTAL),
        app=_PORTAL,
        apps=frozenset({APP, _PORTAL}),
        undo=no_own_place("/opt"),
    ),
    stale(
        name="outside: a Composer project deep below /mnt",
        expect={**NOT_LARAVEL, **BYTECODE},
        arrange=do.then(own_place("/mnt"), site(_SHOP, "/web", f"echo {{}} >{_SHOP}/composer.json"), _vt0, _used(_SHOP, "/web"), warm),
        act=do.then(_edited(_SHOP), do.pause(2.1), _used(_SHOP, "/web")),
        ask=_ask(_SHOP, "/web"),
        app=_SHOP,
        apps=frozenset({APP, _SHOP}),
        remembered=True,
        undo=no_own_place("/mnt"),
    ),
    healthy(
        name="outside: one with an entry point below another, all of it as on the disk",
        expect=NOT_LARAVEL,
        arrange=do.then(own_place("/opt"), site(_PORTAL), site(f"{_PORTAL}/setup"), _vt0, _used(_PORTAL), _used(f"{_PORTAL}/setup")),
        ask=Ask(script=f"{_PORTAL}/index.php", old="(none)", new="site v1"),
        app=_PORTAL,
        apps=frozenset({APP, _PORTAL}),
        undo=no_own_place("/opt"),
    ),
    healthy(
        name="outside: a customer's site that this login may not enter is old",
        arrange=do.then(own_place("/mnt"), site(_NEIGHBOUR), do.shell(_CLOSED), _vt0, _used(_NEIGHBOUR), warm),
        act=do.then(_edited(_NEIGHBOUR), do.pause(2.1), _used(_NEIGHBOUR)),
        apps=frozenset({APP}),
        undo=no_own_place("/mnt"),
    ),
    healthy(
        name="outside: the neighbour's code is old, and a library that both use is nobody's",
        arrange=do.then(own_place("/opt"), site(_PORTAL), do.shell(_BOTH_USE_IT), _vt0, _used(_PORTAL), warm),
        act=do.then(_edited(_PORTAL), do.pause(2.1), _used(_PORTAL), do.get()),
        ask=Ask(old=HOME.new, new=HOME.old),
        apps=frozenset({APP, _PORTAL}),
        undo=no_own_place("/opt"),
    ),
)
