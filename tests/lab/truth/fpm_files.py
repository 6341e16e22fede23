"""FPM's configuration, put in place with an old modification time, as package managers, `cp -p`, `mv` and rsync do it."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host, php
from tests.lab.truth import changes as do
from tests.lab.truth.reach import only_below
from tests.lab.truth.servers import max_children, memory_limit
from tests.lab.truth.state import healthy, stale, warm

_ETC = php.ETC_FPM
_POOL = f"{_ETC}/pool.d/www.conf"
_PHP_INI = f"{_ETC}/php.ini"
_LIMIT = {"php_admin_value[memory_limit]": "128M"}
_DIFFERS = {Layer.FPM: ("stale", "fpm.config-differs")}
_SUSPECT = {Layer.FPM: ("suspect", "fpm.config-suspect")}


def _another(path: str, change: str, place: str) -> do.Change:
    """*path* as another file, by a sed script, as old as it was; *place* puts it there."""
    return do.shell(
        f"cp -p {path} /tmp/lab-other; sed '{change}' {path} >/tmp/lab-new; cat /tmp/lab-new >/tmp/lab-other;"
        f"touch -r {path} /tmp/lab-other; {place} /tmp/lab-other {path}"
    )


def _limited(host: Host) -> None:
    host.pool(**_LIMIT)
    warm(host)


def _apcu(host: Host) -> str:
    """Whether the pool has the extension."""
    do.run_in_pool("file_put_contents('/tmp/lab-apcu', extension_loaded('apcu') ? 'new' : 'old');")(host)
    return host.read("/tmp/lab-apcu")


def _own_limit(host: Host) -> str:
    """Whether the pool still has the limit of the file that is gone."""
    do.run_in_pool("file_put_contents('/tmp/lab-limit', ini_get('memory_limit'));")(host)
    return "old" if host.read("/tmp/lab-limit") == "96M" else "new"


_LOWER = "s/128M/64M/"
_UNIT = f"/run/systemd/system/{php.FPM}.service.d"
_SCANNED = (
    f"mkdir -p /srv/ini {_UNIT}; echo memory_limit=96M >/srv/ini/a.ini; touch -d '2 hours ago' /srv/ini/a.ini;"
    f" printf '[Service]\\nEnvironment=PHP_INI_SCAN_DIR=:/srv/ini\\n' >{_UNIT}/ini.conf; systemctl daemon-reload"
)

STATES = (
    stale(
        name="fpm: another pool file copied over with its old time, no reload",
        expect=_DIFFERS,
        arrange=_limited,
        act=_another(_POOL, _LOWER, "cp -p"),
        ask=memory_limit,
    ),
    stale(
        name="fpm: another php.ini moved over with its old time, no reload",
        expect=_DIFFERS,
        act=_another(_PHP_INI, "s/^memory_limit = .*/memory_limit = 64M/", "mv"),
        ask=memory_limit,
    ),
    stale(
        name="fpm: an ini file removed, no reload",
        expect={Layer.FPM: ("stale", "fpm.ini-gone")},
        arrange=do.ini(memory_limit="96M"),
        act=do.shell(f"rm {_ETC}/conf.d/99-lab.ini"),
        ask=_own_limit,
    ),
    stale(
        name="fpm: an extension enabled by a link to its old ini file, no reload",
        expect={Layer.FPM: ("stale", "fpm.config-newer")},
        act=do.shell(f"ln -s ../../mods-available/apcu.ini {_ETC}/conf.d/20-apcu.ini"),
        ask=_apcu,
    ),
    stale(
        name="fpm: an ini file of the unit's PHP_INI_SCAN_DIR edited",
        expect={Layer.FPM: ("stale", "fpm.config-newer")},
        arrange=do.then(do.shell(_SCANNED), lambda host: host.restart(), warm),
        act=do.shell("echo memory_limit=64M >/srv/ini/a.ini"),
        ask=memory_limit,
        undo=do.shell(f"rm -r {_UNIT}; systemctl daemon-reload"),
    ),
    stale(
        name="fpm: another pool file copied over, and the pool may not read it",
        expect=_SUSPECT,
        arrange=do.then(only_below("/srv/app:/usr/share/php:/tmp:/run"), _limited),
        act=_another(_POOL, _LOWER, "cp -p"),
        ask=memory_limit,
    ),
    stale(
        name="fpm: another pool file moved over, and PHP cannot tell what it sets",
        expect=_SUSPECT,
        arrange=do.then(lambda host: host.pool(pm="static"), warm),
        act=_another(_POOL, "s/^pm.max_children = 5/pm.max_children = 7/", "mv"),
        ask=max_children,
    ),
    healthy(
        name="fpm: php.ini and pool file rewritten as they were, with their old times",
        arrange=_limited,
        act=do.then(_another(_PHP_INI, "", "cp -p"), do.shell(f"chown www-data {_POOL}; cp {_PHP_INI} {_ETC}/before.ini")),
    ),
    healthy(
        name="fpm: another pool file copied over with its old time, then reload",
        arrange=_limited,
        act=do.then(_another(_POOL, _LOWER, "cp -p"), lambda host: host.reload(), do.get()),
        ask=memory_limit,
    ),
)
