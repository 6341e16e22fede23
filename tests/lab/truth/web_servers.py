"""A web server before the pools: the pool that is judged is the one that its configuration names, however it does so."""

from __future__ import annotations

from dataclasses import dataclass

from stalewatch.model.report import Layer
from tests.lab import Host, http, php
from tests.lab.truth import changes as do
from tests.lab.truth.masters import SECOND, one_master, second_master, shop
from tests.lab.truth.opcache_stale import BYTECODE
from tests.lab.truth.release import CURRENT
from tests.lab.truth.release import layout as releases
from tests.lab.truth.state import Ask, healthy, nothing, stale, unsettled
from tests.lab.waiting import until

_OURS, _OTHERS = f"unix:{php.SOCKET}", "unix:/run/php/shop.sock"
_NGINX = "/etc/nginx"
_LISTEN = f"listen unix:{http.SOCKET}; server_name lab.invalid; root /srv/app/public;"
_SCRIPT = "fastcgi_param SCRIPT_FILENAME $realpath_root/index.php; include fastcgi_params;"


@dataclass(frozen=True, kw_only=True)
class Web(Ask):
    """The same question, asked of the web server."""

    name: str = "lab.invalid"

    def answer(self, host: Host) -> tuple[int, str]:
        status, body = http.get(host, self.uri, self.name)
        if status in (502, 503):
            raise ConnectionError(f"the web server finds no pool: {status}")
        return status, body


HOME = Web()
UNCHANGED = Web(old="(none)", new="home v1")


def nginx(files: dict[str, str]) -> do.Change:
    """This host gets a configuration of its own, with *files* below /etc/nginx, and nginx runs."""

    def change(host: Host) -> None:
        copy = f"mkdir /run/lab-nginx; cp -a {_NGINX}/. /run/lab-nginx/; mount --bind /run/lab-nginx {_NGINX}; rm {_NGINX}/sites-enabled/*"
        host.run(["sh", "-ec", f"{copy}; mkdir -p /var/log/nginx"])
        for name, text in files.items():
            file = host.root(f"{_NGINX}/{name}")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        host.run(["nginx"])
        host.run(["chmod", "0666", http.SOCKET])

    return change


def site(passes: str, more: str = "") -> do.Change:
    """nginx with one server block."""
    location = f"location / {{ {_SCRIPT} fastcgi_pass {passes}; }}"
    return nginx({"sites-enabled/app": f"{more}\nserver {{ {_LISTEN} {location} }}\n"})


def no_nginx(host: Host) -> None:
    """nginx ends, and the machine's own configuration is there again."""
    ended = "nginx -s quit; while [ -e /run/nginx.pid ]; do sleep 0.05; done"
    host.run(["sh", "-c", f"{ended}; umount -l {_NGINX}; rm -rf /run/lab-nginx {http.SOCKET}"], check=False)


def nothing_left(host: Host) -> None:
    """Neither nginx nor a second master."""
    no_nginx(host)
    one_master(host)


def used(host: Host) -> None:
    """Requests through the web server."""
    for _ in range(10):
        http.get(host)


def _asked(name: str) -> do.Change:
    def change(host: Host) -> None:
        for _ in range(10):
            http.get(host, name=name)

    return change


_BOTH = do.then(shop, second_master)
_EDIT = do.then(do.edit, do.pause(2.1), used)
_DOWN = {Layer.FPM: ("unknown", "fpm.not-running"), Layer.OPCACHE: ("unknown",)}
_NOWHERE = {Layer.FPM: ("unknown",), Layer.OPCACHE: ("unknown",)}
_UNPROVEN = {Layer.FPM: ("unknown",), Layer.OPCACHE: ("unknown",)}
_BY_NAME = (
    f"server {{ listen unix:{http.SOCKET}; server_name ~^(?<to>.+)[.]lab$; root /srv/app/public; "
    f"location / {{ {_SCRIPT} fastcgi_pass unix:/run/php/$to.sock; }} }}\n"
)
_PASS = f"{_SCRIPT} fastcgi_pass {_OURS};"
_UPSTREAM = f"upstream php81 {{ server {_OTHERS}; }}"
_MAP = 'map $http_x_canary $pool {{ default {0}; "yes" {1}; }}'


def _stop(host: Host) -> None:
    host.stop_fpm()
    until(lambda: UNCHANGED(host) == "down", "502")


STATES = (
    unsettled(
        name="nginx: the root is below a link that leads to nothing, looked at twice",
        expect=dict.fromkeys(Layer, ("unknown",)),
        errors=frozenset({"app.link-nowhere"}),
        arrange=do.then(do.shell("mv /srv/app /srv/code; ln -s code /srv/app"), site(_OURS), used),
        act=do.then(do.shell("ln -sfn gone /srv/app"), lambda host: host.reload()),
        meanwhile=nothing,
        ask=Web(),
        really="broken",
        undo=do.then(no_nginx, do.shell("rm /srv/app; mv /srv/code /srv/app")),
    ),
    unsettled(
        name="nginx: the root is below a link that is gone, and PHP has forgotten it",
        expect=dict.fromkeys(Layer, ("unknown",)),
        errors=frozenset({"app.link-nowhere"}),
        arrange=do.then(
            releases(),
            nginx({"sites-enabled/shop": f"server {{ listen unix:{http.SOCKET}; root {CURRENT}/public; location / {{ {_PASS} }} }}"}),
        ),
        act=do.then(do.shell(f"rm {CURRENT}"), lambda host: host.reload()),
        ask=Web(),
        really="broken",
        app=CURRENT,
        undo=no_nginx,
    ),
    stale(
        name="nginx: an upstream leads to the second master, which is stale",
        expect=BYTECODE,
        arrange=do.then(_BOTH, site("php81", _UPSTREAM), used),
        act=_EDIT,
        ask=HOME,
        remembered=True,
        undo=nothing_left,
    ),
    stale(
        name="nginx: includes within includes and a variable lead to the second master",
        expect=BYTECODE,
        arrange=do.then(
            _BOTH,
            nginx(
                {
                    "sites-enabled/app": "include more/*.conf;",
                    "more/a.conf": "include /etc/nginx/more/deeper/[a-c]*.inc;",
                    "more/deeper/b.inc": f"server {{ {_LISTEN} set $to {_OTHERS}; location / {{ {_SCRIPT} include more/pass; }} }}",
                    "more/pass": "fastcgi_pass $to;",
                }
            ),
            used,
        ),
        act=_EDIT,
        ask=HOME,
        remembered=True,
        undo=nothing_left,
    ),
    healthy(
        name="nginx: an upstream leads to the second master, which was reloaded",
        arrange=do.then(_BOTH, site("php81", _UPSTREAM), used),
        act=do.then(do.edit, do.pause(2.1), lambda host: host.systemctl("restart", SECOND), do.pause(0.5), used),
        ask=HOME,
        undo=nothing_left,
    ),
    unsettled(
        name="nginx: passes to a master that is stopped, and another one runs",
        expect=_DOWN,
        arrange=do.then(_BOTH, site(_OURS), used),
        act=_stop,
        ask=UNCHANGED,
        really="down",
        errors=frozenset({"fpm.not-running"}),
        undo=nothing_left,
    ),
    unsettled(
        name="nginx: passes to a socket that no pool has any more",
        expect=_DOWN,
        arrange=site("unix:/run/php/php7.4-fpm.sock"),
        ask=UNCHANGED,
        really="down",
        errors=frozenset({"fpm.not-running"}),
        undo=no_nginx,
    ),
    unsettled(
        name="nginx: a map chooses between two masters",
        expect=_NOWHERE,
        arrange=do.then(_BOTH, site("$pool", _MAP.format(_OURS, _OTHERS)), used),
        ask=UNCHANGED,
        errors=frozenset({"fpm.undecided"}),
        undo=nothing_left,
    ),
    healthy(
        name="nginx: a map chooses between names of one pool",
        arrange=do.then(site("$pool", _MAP.format(_OURS, f"unix:/var{php.SOCKET}")), used),
        ask=UNCHANGED,
        undo=no_nginx,
    ),
    stale(
        name="nginx: a variable that only a request has leads to the second master, whose cache shows it",
        expect=BYTECODE,
        arrange=do.then(_BOTH, nginx({"sites-enabled/app": _BY_NAME}), _asked("shop.lab")),
        act=do.then(do.edit, do.pause(2.1), _asked("shop.lab")),
        ask=Web(name="shop.lab"),
        remembered=True,
        undo=nothing_left,
    ),
    unsettled(
        name="nginx: a variable that only a request has leads to two masters",
        expect=_NOWHERE,
        arrange=do.then(_BOTH, nginx({"sites-enabled/app": _BY_NAME}), _asked("shop.lab"), _asked(f"{php.FPM}.lab")),
        ask=Web(name="shop.lab", old="(none)", new="home v1"),
        errors=frozenset({"fpm.undecided"}),
        undo=nothing_left,
    ),
    unsettled(
        name="nginx: moved to another master in its configuration, and not reloaded",
        expect=_NOWHERE,
        arrange=do.then(_BOTH, site(_OTHERS), used),
        act=do.then(do.shell(f"sed -i 's|{_OTHERS}|{_OURS}|' {_NGINX}/sites-enabled/app"), _EDIT),
        ask=HOME,
        really="old",
        errors=frozenset({"fpm.undecided"}),
        undo=nothing_left,
    ),
    healthy(
        name="nginx: moved to another master in its configuration, and reloaded",
        arrange=do.then(_BOTH, site(_OTHERS), used),
        act=do.then(
            do.shell(f"sed -i 's|{_OTHERS}|{_OURS}|' {_NGINX}/sites-enabled/app; nginx -s reload"),
            lambda host: until(lambda: HOME(host) == "old" and bool(host.status()["pool"]), "nginx"),
            do.pause(1.1),
            do.edit,
            do.pause(2.1),
            used,
        ),
        ask=HOME,
        undo=nothing_left,
    ),
    unsettled(
        name="nginx: the site's file may not be read, and nobody has asked for a page yet",
        expect=_UNPROVEN,
        arrange=do.then(_BOTH, site(_OTHERS), do.shell(f"chmod 0600 {_NGINX}/sites-enabled/app")),
        ask=UNCHANGED,
        errors=frozenset({"web.config-denied", "chain.pool-unproven"}),
        undo=nothing_left,
    ),
    healthy(
        name="nginx: the site's file may not be read, and its pool shows the site",
        arrange=do.then(site(_OURS), do.shell(f"chmod 0600 {_NGINX}/sites-enabled/app"), used),
        ask=UNCHANGED,
        undo=no_nginx,
    ),
    healthy(
        name="nginx: the socket is a link to the pool's",
        arrange=do.then(do.shell(f"ln -s {php.FPM}.sock /run/php/php-fpm.sock"), site("unix:/var/run/php/php-fpm.sock"), used),
        ask=UNCHANGED,
        undo=no_nginx,
    ),
)
