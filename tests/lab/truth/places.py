"""Applications in odd places, and many of them: none is mistaken for something else, and none is left out without a word."""

from __future__ import annotations

import os
import time
from functools import partial

from tests.lab import Host, php
from tests.lab.truth import changes as do
from tests.lab.truth.laravel import CONFIG_STALE
from tests.lab.truth.opcache_stale import BYTECODE
from tests.lab.truth.servers import NOT_LARAVEL
from tests.lab.truth.state import Ask, healthy, stale

_BLANK = "/srv/my app/app"
_ODD = "/srv/it's [new] $HOME"
_SITES = 30
_COPY = """mkdir -p "${1%/*}"; cp -a /srv/app "$1"; cd "$1"; rm -f bootstrap/cache/*.php storage/framework/views/*.php
for layer in config route event view; do
  setpriv --reuid=www-data --regid=www-data --clear-groups php artisan $layer:cache >/dev/null
done"""


def moved_to(root: str) -> do.Change:
    """The application at *root* too, with caches of its own, older than FPM."""

    def change(host: Host) -> None:
        host.run(["sh", "-ec", _COPY, "sh", root])
        do.pause(1.1)(host)
        host.restart()
        do.get(script=f"{root}/public/index.php")(host)

    return change


def agent(root: str) -> do.Change:
    """A value of a configuration file becomes another."""
    return do.change_text(f"{root}/config/services.php", "agent-v1", "agent-v2")


def _config(root: str) -> Ask:
    return Ask(uri="/config", old="v1 agent-v1", new="v1 agent-v2", script=f"{root}/public/index.php")


def _site(number: int) -> str:
    return f"/srv/site{number:02}/current"


def _index(number: int) -> str:
    return f"{_site(number)}/public/index.php"


def many_sites(host: Host) -> None:
    """Thirty plain sites, each with a pool of its own that never looks at the disk."""
    old = time.time() - 2 * do.HOUR
    pool = host.read(php.POOL)
    for number in range(_SITES):
        index = host.root(_index(number))
        index.parent.mkdir(parents=True)
        index.write_text("<?php echo 'site v1';")
        os.utime(index, (old, old))
        name = f"s{number:02}"
        text = pool.replace("[www]", f"[{name}]").replace(php.SOCKET, f"/run/php/{name}.sock")
        text = text.replace("pm = dynamic", "pm = static").replace("pm.max_children = 5", "pm.max_children = 1")
        file = host.root(f"{php.ETC_FPM}/pool.d/{name}.conf")
        file.write_text(f"{text}chdir = {_site(number)}\nphp_admin_value[opcache.validate_timestamps] = 0\n")
        os.utime(file, (old, old))
    do.pause(1.1)(host)
    host.restart()
    for number in range(_SITES):
        host.request("/", script=_index(number), pool=f"s{number:02}")


def edit_two(host: Host) -> None:
    """Two of the thirty are edited, and all are asked for again."""
    for number in (3, 29):
        host.edit(_index(number), replace=("site v1", "site v2"))
    do.pause(2.1)(host)
    for number in range(_SITES):
        host.request("/", script=_index(number), pool=f"s{number:02}")


_stale_site = partial(stale, expect={**NOT_LARAVEL, **BYTECODE}, arrange=many_sites, act=edit_two, remembered=True)

STATES = (
    stale(
        name="a blank in the path: config older than its source",
        expect=CONFIG_STALE,
        arrange=moved_to(_BLANK),
        act=agent(_BLANK),
        ask=_config(_BLANK),
        app=_BLANK,
        named=True,
    ),
    stale(
        name="quotes and brackets in the path: found, config older than its source",
        expect=CONFIG_STALE,
        arrange=moved_to(_ODD),
        act=agent(_ODD),
        ask=_config(_ODD),
        app=_ODD,
    ),
    healthy(name="a blank in the path: nothing changed", arrange=moved_to(_BLANK), app=_BLANK, named=True),
    _stale_site(
        name="30 sites, 30 pools: the last one edited",
        ask=Ask(script=_index(29), old="site v1", new="site v2", pool="s29"),
        app=_site(29),
    ),
    healthy(
        name="30 sites, 30 pools: two others edited",
        expect=NOT_LARAVEL,
        arrange=many_sites,
        act=edit_two,
        ask=Ask(script=_index(17), old="(none)", new="site v1", pool="s17"),
        app=_site(17),
        remembered=True,
    ),
)
