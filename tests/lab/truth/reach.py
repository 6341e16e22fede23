"""Servers on which the pool is hard to ask: sshd forwards nothing, or the pool sees little of the disk."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host, php, sshd
from tests.lab.truth import changes as do
from tests.lab.truth.opcache_stale import BYTECODE
from tests.lab.truth.servers import NOT_LARAVEL, no_copy, own_copy, replace_file
from tests.lab.truth.state import HOME, Ask, healthy, stale, unsettled, warm

_JAIL = "/srv/jail"
_SHOP = f"{_JAIL}/shop"
_ASK = Ask(script="/shop/index.php", old="shop v1", new="shop v2", pool="shop")
_USE = do.get(script="/shop/index.php", pool="shop")
_OWN = "/srv/app:/usr/share/php"


def no_forwarding(host: Host) -> None:
    """As hardening guides say; sshd refuses sockets with it too."""
    sshd.configure(host, sshd.NO_FORWARDING)


def only_below(allowed: str, **settings: object) -> do.Change:
    """A pool that may read nothing but *allowed*, of an application whose storage the group may write."""

    def change(host: Host) -> None:
        host.run(["chmod", "-R", "g+w", "/srv/app/storage"])
        host.run(["install", "-d", "-m", "1777", "/srv/temporary"])
        opcache = {f"php_admin_value[opcache.{name}]": value for name, value in settings.items()}
        host.pool(**{"php_admin_value[open_basedir]": allowed}, **opcache)

    return do.then(change, warm)


def jail(tmp: bool = True, **settings: object) -> do.Change:
    """A second pool, in a chroot, with an application of its own that is older than any FPM."""

    def change(host: Host) -> None:
        host.run(["sh", "-ec", f"mkdir -p {_SHOP}; echo '<?php' >{_SHOP}/wp-config.php; echo \"<?php echo 'shop v1';\" >{_SHOP}/index.php"])
        host.run(["sh", "-ec", f"chown -R deploy {_SHOP}; touch -d '2 hours ago' {_SHOP}/*" + f"; install -d -m 1777 {_JAIL}/tmp" * tmp])
        do.pause(1.1)(host)
        opcache = {f"php_admin_value[opcache.{name}]": value for name, value in settings.items()}
        host.pool("shop", chroot=_JAIL, chdir="/shop", **opcache)

    return do.then(change, _USE, warm)


_EDIT_SHOP = do.then(lambda host: host.edit(f"{_SHOP}/index.php", replace=("shop v1", "shop v2")), do.pause(2.1), _USE)

STATES = (
    stale(
        name="sshd forwards nothing: edited, vt=0",
        expect=BYTECODE,
        arrange=do.then(no_forwarding, do.VT0),
        act=do.then(do.edit, do.pause(2.1), do.get()),
        ask=HOME,
        remembered=True,
        undo=sshd.undo,
    ),
    healthy(
        name="sshd forwards nothing: edited, then reload",
        arrange=do.then(no_forwarding, do.VT0),
        act=do.then(do.edit, lambda host: host.reload(), do.get()),
        ask=HOME,
        undo=sshd.undo,
    ),
    stale(
        name="open_basedir without /tmp: edited, vt=0",
        expect=BYTECODE,
        arrange=only_below(_OWN, validate_timestamps=0),
        act=do.then(do.edit, do.pause(2.1), do.get()),
        ask=HOME,
        remembered=True,
    ),
    healthy(
        name="open_basedir without /tmp: edited, then reload",
        arrange=only_below(_OWN, validate_timestamps=0),
        act=do.then(do.edit, lambda host: host.reload(), do.get()),
        ask=HOME,
    ),
    unsettled(
        name="open_basedir: the binary replaced, and the pool may not see which one it runs",
        expect={Layer.FPM: ("unknown",)},
        arrange=do.then(own_copy("/usr/sbin"), only_below(_OWN)),
        act=replace_file(php.BINARY),
        errors=frozenset({"chain.php-unseen"}),
        undo=no_copy("/usr/sbin"),
    ),
    healthy(name="open_basedir with a temporary directory of its own", arrange=only_below(f"{_OWN}/:/srv/temporary/")),
    stale(
        name="chroot: edited, vt=0",
        expect={**NOT_LARAVEL, **BYTECODE},
        arrange=jail(validate_timestamps=0),
        act=_EDIT_SHOP,
        ask=_ASK,
        app=_SHOP,
        remembered=True,
    ),
    healthy(
        name="chroot: edited, then reload",
        expect=NOT_LARAVEL,
        arrange=jail(validate_timestamps=0),
        act=do.then(_EDIT_SHOP, lambda host: host.reload(), _USE),
        ask=_ASK,
        app=_SHOP,
    ),
    healthy(name="chroot: another pool's, not this app's", arrange=jail(validate_timestamps=0), act=do.then(_EDIT_SHOP, do.get())),
    unsettled(
        name="chroot without a temporary directory",
        expect={**NOT_LARAVEL, **dict.fromkeys((Layer.FPM, Layer.OPCACHE), ("unknown",))},
        arrange=jail(tmp=False),
        ask=Ask(script="/shop/index.php", old="(none)", new="shop v1", pool="shop"),
        app=_SHOP,
        errors=frozenset({"fpm.probe-hidden"}),
    ),
)
