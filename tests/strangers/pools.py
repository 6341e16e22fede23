"""FPM as other people set it up: many pools, pools that see little, another supervisor, another place."""

from __future__ import annotations

import time
from functools import partial

from tests.lab import Host
from tests.lab.trees import MARGIN
from tests.lab.truth.masters import SECOND, second_master
from tests.lab.waiting import until
from tests.strangers import debian
from tests.strangers.layout import Layout, reload_unit, unknown
from tests.strangers.web_servers import http, nginx, port, server, service, write

_SITES = 30
_JAIL = "/srv/jail"
_SUPERVISED = """[program:php-fpm8.2]
command=/usr/sbin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf
autorestart=true
stopsignal=QUIT
"""
_INNER = """[global]
error_log = /run/inner.log
[inner]
listen = /run/php/inner.sock
listen.mode = 0666
user = www-data
group = www-data
pm = static
pm.max_children = 1
php_admin_value[opcache.validate_timestamps] = 0
"""


def no_laravel(host: Host) -> None:
    """The lab's own application goes: this server has never heard of it."""
    host.run(["rm", "-rf", "/srv/app"])


def page(host: Host, path: str, text: str, owner: str = "root") -> None:
    """A PHP file that answers TEXT, two days old by its times."""
    write(host, path, f"<?php\necho '{text}';\n")
    host.run(["sh", "-ec", f"chown {owner} {path}; touch -d '2 days ago' {path}"])


def pool(host: Host, name: str, user: str = "www-data", **more: object) -> str:
    """The text of a pool of its own that nobody restarted yet."""
    text = host.read("/etc/php/8.2/fpm/pool.d/www.conf").replace("[www]", f"[{name}]").replace("php8.2-fpm.sock", f"{name}.sock")
    text += "".join(f"{key} = {value}\n" for key, value in more.items())
    return text.replace("user = www-data\ngroup = www-data", f"user = {user}\ngroup = {user}").replace("pm = dynamic", "pm = ondemand")


def edit(path: str, host: Host) -> None:
    host.edit(path, replace=(" v1", " v2"))


def older_than_fpm(host: Host, restart: bool = True) -> None:
    """What was written so far is older than the FPM that starts now, also by clocks of whole seconds."""
    written = int(time.time())
    until(lambda: time.time() >= written + MARGIN, "files older than FPM")
    if restart:
        host.restart()


def site(number: int) -> str:
    return f"/var/www/vhosts/customer{number:02}.example"


def hosting(host: Host) -> None:
    """Thirty customers, each with a user, a pool and a site of their own, as a hosting panel makes them."""
    no_laravel(host)
    debian.own(host, "/var/www")
    blocks = ""
    for number in range(_SITES):
        name = f"customer{number:02}"
        page(host, f"{site(number)}/httpdocs/index.php", f"site{number:02} v1", owner=str(6000 + number))
        write(host, f"/etc/php/8.2/fpm/pool.d/{name}.conf", pool(host, name, user=str(6000 + number)))
        passes = f"unix:/run/php/{name}.sock"
        blocks += server(host, f"{site(number)}/httpdocs", passes, f"{name}.example")
    older_than_fpm(host)
    nginx(host, {"conf.d/vhosts.conf": blocks})
    for number in range(_SITES):
        assert http(host, name=f"customer{number:02}.example") == f"site{number:02} v1"


def basedir(host: Host) -> None:
    """A pool that may read the application and nothing else, not even /tmp."""
    host.run(["chmod", "-R", "g+w", "/srv/app/storage"])
    host.pool(**{"php_admin_value[open_basedir]": "/srv/app/:/usr/share/php/"})
    nginx(host, {"sites-enabled/shop": server(host)})


def jail(host: Host) -> None:
    """A pool in a chroot: its paths are not those of the machine."""
    no_laravel(host)
    page(host, f"{_JAIL}/htdocs/index.php", "jailed v1")
    host.run(["install", "-d", "-m", "1777", f"{_JAIL}/tmp"])
    write(host, "/etc/php/8.2/fpm/pool.d/jail.conf", pool(host, "jail", chroot=_JAIL, chdir="/htdocs"))
    older_than_fpm(host)
    location = "fastcgi_pass unix:/run/php/jail.sock; fastcgi_index index.php; include fastcgi.conf; "
    inside = "fastcgi_param SCRIPT_FILENAME /htdocs$fastcgi_script_name; fastcgi_param DOCUMENT_ROOT /htdocs;"
    listen = f"listen {host.address}:{port(host)}; server_name shop.example; root {_JAIL}/htdocs; index index.php;"
    nginx(host, {"sites-enabled/jail": f"server {{ {listen} location ~ \\.php$ {{ {location} {inside} }} }}\n"})


def hardened(host: Host) -> None:
    """A drop-in of the unit gives FPM a file system of its own: its /tmp is not the login's."""
    lines = "[Service]\nPrivateTmp=yes\nProtectHome=yes\nProtectSystem=full\nNoNewPrivileges=yes\nProtectKernelTunables=yes\n"
    write(host, "/run/systemd/system/php8.2-fpm.service.d/hardening.conf", lines)
    host.systemctl("daemon-reload")
    host.restart()
    nginx(host, {"sites-enabled/shop": server(host)})


def contained(host: Host) -> None:
    """An FPM in pid and mount namespaces of its own serves the application, which lies elsewhere there."""
    write(host, "/run/inner.conf", _INNER)
    inside = "mount --bind /srv/app /opt; exec php-fpm8.2 -F -y /run/inner.conf"
    command = f"/usr/bin/unshare -p -f -m --mount-proc --kill-child sh -ec '{inside}'"
    service(host, "inner", f"ExecStart={command}")
    until(lambda: host.exists("/run/php/inner.sock"), f"the FPM inside of {host.name}")
    location = "fastcgi_pass unix:/run/php/inner.sock; include fastcgi.conf; fastcgi_param SCRIPT_FILENAME /opt/public/index.php;"
    listen = f"listen {host.address}:{port(host)}; server_name shop.example; root /srv/app/public;"
    nginx(host, {"sites-enabled/shop": f"server {{ {listen} location / {{ {location} }} }}\n"})


def supervised(host: Host) -> None:
    """supervisord runs FPM, as in an image that was turned into a machine; systemd knows supervisord only."""
    host.stop_fpm()
    debian.own(host, "/usr/bin", "/usr/lib/python3/dist-packages", packages=("supervisor", "python3-pkg-resources"))
    debian.own(host, "/etc", packages=("supervisor",))
    write(host, "/etc/supervisor/conf.d/php-fpm.conf", _SUPERVISED)
    host.run(["mkdir", "-p", "/var/log/supervisor"])
    service(host, "supervisor", "ExecStart=/usr/bin/supervisord -n -c /etc/supervisor/supervisord.conf\nRuntimeDirectory=php")
    until(lambda: host.exists("/run/php/php8.2-fpm.sock"), f"FPM under supervisord on {host.name}")
    nginx(host, {"sites-enabled/shop": server(host)})


def tcp(host: Host) -> None:
    """The pool listens on a port."""
    address = f"{host.address}:{port(host) + 1000}"
    text = host.read("/etc/php/8.2/fpm/pool.d/www.conf").replace("/run/php/php8.2-fpm.sock", address)
    write(host, "/etc/php/8.2/fpm/pool.d/www.conf", text)
    host.run(["touch", "-d", "1 hour ago", "/etc/php/8.2/fpm/pool.d/www.conf"])
    older_than_fpm(host, restart=False)
    host.systemctl("restart", "php8.2-fpm")
    nginx(host, {"sites-enabled/shop": server(host, passes=address)})


def two_masters(host: Host) -> None:
    """Two PHPs: the site was moved to the second one, and the first still runs with its own."""
    page(host, "/srv/shop/index.php", "shop v1")
    second_master(host)
    blocks = server(host, "/srv/shop", "unix:/run/php/shop.sock") + server(host, name="other.example")
    nginx(host, {"sites-enabled/all": blocks})
    assert http(host, name="other.example") == "home v1"


LAYOUTS = (
    Layout(
        name="30 customers with a user and a pool each",
        build=hosting,
        edit=partial(edit, f"{site(29)}/httpdocs/index.php"),
        served=lambda host: http(host, name="customer29.example"),
        app=f"{site(29)}/httpdocs",
        before="site29 v1",
        after="site29 v2",
    ),
    Layout(name="open_basedir", build=basedir),
    Layout(
        name="chroot",
        build=jail,
        edit=partial(edit, f"{_JAIL}/htdocs/index.php"),
        served=lambda host: http(host, "/index.php"),
        app=f"{_JAIL}/htdocs",
        before="jailed v1",
        after="jailed v2",
    ),
    Layout(name="a unit with a file system of its own", build=hardened, everyday=True),
    Layout(
        name="FPM in namespaces",
        build=contained,
        first=unknown("fpm.in-container"),
        then=unknown("fpm.in-container"),
        reload=lambda host: host.systemctl("restart", "inner"),
    ),
    Layout(name="supervisord runs FPM", build=supervised, reload=lambda host: host.run(["supervisorctl", "signal", "USR2", "php-fpm8.2"])),
    Layout(name="a pool on a port", build=tcp, reload=reload_unit("php8.2-fpm"), everyday=True),
    Layout(
        name="two masters, the site on the second",
        build=two_masters,
        edit=partial(edit, "/srv/shop/index.php"),
        app="/srv/shop",
        reload=reload_unit(SECOND),
        before="shop v1",
        after="shop v2",
    ),
)
