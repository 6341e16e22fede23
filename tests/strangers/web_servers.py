"""nginx and Apache with Debian's own configuration in a host of the lab, and the sites that a stranger adds to it."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping

from tests.lab import Host, php
from tests.lab.truth.masters import SECOND
from tests.lab.waiting import until
from tests.strangers import debian

PASS = "include snippets/fastcgi-php.conf; fastcgi_pass {};"
SOCKET = f"unix:{php.SOCKET}"
FPM_MODULES = "proxy proxy_fcgi setenvif"
SERVICES = ("nginx", "apache2", "supervisor", "inner", SECOND)
UNIT = "[Unit]\nDefaultDependencies=no\n[Service]\n{}\n"


def port(host: Host) -> int:
    """Beside the lab's own sshd port, so that two labs do not meet."""
    return host.port + 1000


def http(host: Host, uri: str = "/", name: str = "shop.example") -> str:
    """The body that the web server answers with, whatever its status; "" if nobody listens."""
    asked = urllib.request.Request(f"http://{host.address}:{port(host)}{uri}", headers={"Host": name})
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return bytes(answer.read()).decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except OSError:
        return ""


def server(host: Host, root: str = "/srv/app/public", passes: str = SOCKET, name: str = "shop.example", more: str = "") -> str:
    """A server block of nginx, as its documentation shows it for a front controller."""
    first = f"location / {{ try_files $uri $uri/ /index.php?$query_string; }} location ~ \\.php$ {{ {PASS.format(passes)} }}"
    return f"server {{ listen {host.address}:{port(host)}; server_name {name}; root {root}; index index.php; {more} {first} }}\n"


def nginx(host: Host, files: Mapping[str, str]) -> None:
    """Start nginx with these files below /etc/nginx, beside Debian's."""
    debian.own(host, "/etc")
    host.run(["sh", "-ec", "rm -f /etc/nginx/sites-enabled/*; mkdir -p /var/log/nginx"])
    for name, text in files.items():
        write(host, f"/etc/nginx/{name}", text)
    service(host, "nginx", "ExecStart=/usr/sbin/nginx -g 'daemon off;'")
    until(lambda: bool(http(host)), f"nginx on {host.name}")


def apache(host: Host, files: Mapping[str, str], enable: str, disable: str = "") -> None:
    """Start Apache with these files below /etc/apache2, beside Debian's. *enable*, *disable*: modules and configurations, as a2enmod and
    a2enconf would, without what those write elsewhere."""
    debian.own(host, "/etc")
    host.run(["sh", "-ec", "rm -f /etc/apache2/sites-enabled/*; mkdir -p /var/log/apache2 /run/apache2 /run/lock/apache2"])
    for name, text in {"ports.conf": f"Listen {host.address}:{port(host)}\n", **files}.items():
        write(host, f"/etc/apache2/{name}", text)
    link = "for kind in mods conf; do [ ! -e $kind-available/$name.$end ] || ln -sf ../$kind-available/$name.$end $kind-enabled/; done"
    host.run(["sh", "-ec", f"cd /etc/apache2; for name in {disable}; do rm -f mods-enabled/$name.*; done"])
    host.run(["sh", "-ec", f"cd /etc/apache2; for name in {enable}; do for end in load conf; do {link}; done; done"])
    service(
        host,
        "apache2",
        "ExecStart=/bin/sh -c '. /etc/apache2/envvars; exec /usr/sbin/apache2 -DFOREGROUND'\nExecReload=/bin/kill -USR1 $MAINPID",
    )
    until(lambda: bool(http(host)), f"Apache on {host.name}")


def vhost(host: Host, lines: str, root: str = "/srv/app/public") -> str:
    """A virtual host of Apache."""
    allowed = f"<Directory {root}>\nRequire all granted\nFallbackResource /index.php\n</Directory>\n"
    return f"<VirtualHost *:{port(host)}>\nServerName shop.example\nDocumentRoot {root}\n{allowed}{lines}</VirtualHost>\n"


def write(host: Host, path: str, text: str) -> None:
    host.run(["sh", "-ec", 'mkdir -p "$(dirname "$1")"; cat >"$1"', "sh", path], input=text)


def service(host: Host, name: str, lines: str) -> None:
    """Run it as a service of the host."""
    write(host, f"/run/systemd/system/{name}.service", UNIT.format(lines))
    host.systemctl("daemon-reload")
    host.systemctl("restart", name)


def end(host: Host) -> None:
    """Whatever a layout started ends, and the host has the machine's directories again."""
    names = [*SERVICES, *{"php8.2-fpm"}.difference((php.FPM,))]
    units = " ".join(f"/run/systemd/system/{name}.service*" for name in names)
    host.run(["sh", "-c", f"systemctl stop {' '.join(names)}; rm -rf {units} /run/systemd/system/php8.2-fpm.service.d"], check=False)
    host.run(["systemctl", "daemon-reload"], check=False)
    debian.give_back(host)
