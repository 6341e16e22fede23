"""Several pools of one master, and a second master beside it: each application is judged by the pool that serves it."""

from __future__ import annotations

import os
import time

from tests.lab import Host, php
from tests.lab.truth import changes as do
from tests.lab.truth.opcache_stale import BYTECODE
from tests.lab.truth.servers import NOT_LARAVEL
from tests.lab.truth.state import HOME, Ask, healthy, stale, warm
from tests.lab.waiting import until

_SHOP = "/srv/shop"
_INDEX = f"{_SHOP}/index.php"
_ASK = Ask(script=_INDEX, old="shop v1", new="shop v2", pool="shop")
_VT0 = {"chdir": _SHOP, "php_admin_value[opcache.validate_timestamps]": 0}
_USE = do.get(script=_INDEX, pool="shop")
SECOND = f"{php.FPM}-shop"
_UNIT = f"/run/systemd/system/{SECOND}.service"
_OTHER_POOL = f"{php.ETC}/shop/pool.d/shop.conf"


def shop(host: Host) -> None:
    """A second application (WordPress, by its looks), older than any FPM."""
    put = f"mkdir {_SHOP}; echo '<?php' >{_SHOP}/wp-config.php; echo \"<?php echo 'shop v1';\" >{_INDEX}; chown -R deploy {_SHOP}"
    host.run(["sh", "-ec", put])
    old = time.time() - 2 * do.HOUR
    for name in ("wp-config.php", "index.php"):
        os.utime(host.root(f"{_SHOP}/{name}"), (old, old))
    do.pause(1.1)(host)


def second_master(host: Host) -> None:
    """A real second master with a unit, a configuration and an OPcache of its own, of the same PHP."""
    host.run(["sh", "-ec", f"cd {php.ETC}; cp -a fpm shop; rm shop/pool.d/*"])
    own = f"s|{php.ETC_FPM}|{php.ETC}/shop|; s|{php.FPM}|{php.FPM}-shop|"
    host.run(["sh", "-ec", f"cd {php.ETC}/shop; sed -i '{own}' php-fpm.conf; find . -exec touch -d '2 hours ago' {{}} +"])
    lines = host.read(php.POOL).replace("[www]", "[shop]").splitlines()
    changed = {"listen": "/run/php/shop.sock", **_VT0}
    kept = [line for line in lines if line.partition("=")[0].strip() not in changed]
    host.root(_OTHER_POOL).write_text("\n".join([*kept, *(f"{key} = {value}" for key, value in changed.items()), ""]))
    host.root(_UNIT).parent.mkdir(parents=True, exist_ok=True)
    unit = host.read(f"/lib/systemd/system/{php.FPM}.service").replace(f"{php.ETC_FPM}/", f"{php.ETC}/shop/")
    host.root(_UNIT).write_text("\n".join(line for line in unit.splitlines() if not line.startswith("RuntimeDirectory")) + "\n")
    do.pause(1.1)(host)
    host.systemctl("daemon-reload")
    host.systemctl("start", SECOND)
    until(lambda: _answers(host), f"the second master of {host.name}")


def _answers(host: Host) -> bool:
    try:
        return bool(host.status("shop")["pool"])
    except (OSError, ValueError):
        return False


def one_master(host: Host) -> None:
    """The second master and its unit go; a restore takes its configuration away."""
    host.run(["sh", "-c", f"systemctl stop {SECOND}; rm -f {_UNIT}; systemctl daemon-reload"], check=False)


def touch_other_pool(host: Host) -> None:
    """Somebody changes the second master's pool and does not reload."""
    file = host.root(_OTHER_POOL)
    file.write_text(file.read_text() + "request_slowlog_timeout = 0\n")


_EDIT = do.then(lambda host: host.edit(_INDEX, replace=("shop v1", "shop v2")), do.pause(2.1), _USE)
_TWO_POOLS = do.then(shop, lambda host: host.pool("shop", **_VT0), _USE, warm)
_TWO_MASTERS = do.then(shop, second_master, _USE, warm)

STATES = (
    stale(
        name="two pools, one master: vt=0 in the edited app's own",
        expect={**NOT_LARAVEL, **BYTECODE},
        arrange=_TWO_POOLS,
        act=_EDIT,
        ask=_ASK,
        app=_SHOP,
        remembered=True,
    ),
    healthy(
        name="two pools, one master: vt=0 only in the other app's",
        arrange=_TWO_POOLS,
        act=do.then(do.edit, _EDIT, do.healed()),
        ask=HOME,
        remembered=True,
    ),
    stale(
        name="two masters: edited, and the wrong one reloaded",
        expect={**NOT_LARAVEL, **BYTECODE},
        arrange=_TWO_MASTERS,
        act=do.then(_EDIT, lambda host: host.reload(), _USE),
        ask=_ASK,
        app=_SHOP,
        remembered=True,
        undo=one_master,
    ),
    healthy(
        name="two masters: edited, and the right one reloaded",
        expect=NOT_LARAVEL,
        arrange=_TWO_MASTERS,
        act=do.then(_EDIT, lambda host: host.systemctl("restart", SECOND), lambda host: until(lambda: _answers(host), "shop"), _USE),
        ask=_ASK,
        app=_SHOP,
        undo=one_master,
    ),
    healthy(
        name="two masters: the other one's code and pool file are newer",
        arrange=_TWO_MASTERS,
        act=do.then(_EDIT, touch_other_pool, do.get()),
        undo=one_master,
    ),
)
