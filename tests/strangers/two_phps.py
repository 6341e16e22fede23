"""Debian 13, upgraded from Debian 12, with the PHP 8.2 that it had still there beside its own 8.4: two masters of two PHPs."""

from __future__ import annotations

from functools import partial

from tests.lab import Host, php
from tests.strangers import debian
from tests.strangers.layout import Layout, reload_unit
from tests.strangers.pools import edit, older_than_fpm, page
from tests.strangers.web_servers import http, nginx, server, service, write

_OLD = "php8.2-fpm"
_PACKAGES = ("php8.2-common", "php8.2-fpm", "php8.2-opcache")
_ETC = "/etc/php/8.2/fpm"
_CONFIGURE = f"""
mkdir -p {_ETC}/pool.d {_ETC}/conf.d
cp /usr/lib/php/8.2/php.ini-production {_ETC}/php.ini
cp /usr/share/php8.2-opcache/opcache/opcache.ini {_ETC}/conf.d/10-opcache.ini
sed s/{php.VERSION}/8.2/g {php.ETC_FPM}/php-fpm.conf >{_ETC}/php-fpm.conf
sed s/{php.VERSION}/8.2/g {php.POOL} >{_ETC}/pool.d/www.conf
"""


def upgraded(host: Host) -> None:
    """The site of the lab's application goes to 8.4 by an upstream, another one still to 8.2."""
    debian.own(host, "/usr/sbin", "/usr/lib/php", "/usr/share", packages=_PACKAGES)
    page(host, "/srv/shop/index.php", "shop v1")
    host.run(["sh", "-ec", _CONFIGURE])
    write(host, f"{_ETC}/conf.d/99-local.ini", "opcache.validate_timestamps=0\n")
    upstream = f"upstream php84 {{ server unix:{php.SOCKET}; }}\n"
    old = server(host, "/srv/shop", f"unix:/run/php/{_OLD}.sock", "shop.example")
    nginx(host, {"conf.d/php.conf": upstream, "sites-enabled/all": old + server(host, passes="php84", name="new.example")})
    older_than_fpm(host)
    service(host, _OLD, f"Type=notify\nExecStart=/usr/sbin/php-fpm8.2 -F -y {_ETC}/php-fpm.conf\nExecReload=/bin/kill -USR2 $MAINPID")
    assert http(host) == "shop v1"
    assert http(host, name="new.example") == "home v1"


LAYOUTS = (
    Layout(name="two PHPs, the site on the new one", build=upgraded, served=lambda host: http(host, name="new.example")),
    Layout(
        name="two PHPs, the site on the old one",
        build=upgraded,
        edit=partial(edit, "/srv/shop/index.php"),
        app="/srv/shop",
        before="shop v1",
        after="shop v2",
        reload=reload_unit(_OLD),
    ),
)
