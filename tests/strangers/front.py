"""One pool and the Laravel application in /srv/app, behind web servers that name the pool in different ways."""

from __future__ import annotations

from tests.lab import Host
from tests.strangers import debian
from tests.strangers.layout import Layout, reload_unit, unknown
from tests.strangers.web_servers import FPM_MODULES, PASS, SOCKET, apache, nginx, server, vhost

_APACHE = unknown("fpm.not-used")


def _upstream(host: Host) -> None:
    upstream = f"upstream php82 {{ server {SOCKET}; }}\n"
    nginx(host, {"conf.d/upstream.conf": upstream, "sites-enabled/shop": server(host, passes="php82")})


def _customers(host: Host) -> None:
    """Virtual hosts in folders that are included from an included file, with the location in a snippet."""
    block = server(host).replace(PASS.format(SOCKET), "include /etc/nginx/customers/php.inc;")
    files = {"conf.d/all.conf": "include /etc/nginx/customers/*/site.conf;\n", "customers/shop/site.conf": block}
    nginx(host, {**files, "customers/php.inc": PASS.format(SOCKET)})


def _set_handler(host: Host) -> None:
    """As README.Debian says: a2enmod proxy_fcgi setenvif, a2enconf php8.2-fpm."""
    apache(host, {"sites-enabled/shop.conf": vhost(host, "")}, enable=f"{FPM_MODULES} php8.2-fpm")


def _proxy_pass_match(host: Host) -> None:
    match = 'ProxyPassMatch "^/(.*\\.php)$" "unix:/run/php/php8.2-fpm.sock|fcgi://localhost/srv/app/public/"\n'
    apache(host, {"sites-enabled/shop.conf": vhost(host, match)}, enable=FPM_MODULES)


def _mod_php(host: Host) -> None:
    """Apache runs PHP itself, and an FPM that nobody uses runs beside it."""
    debian.own(host, "/etc", "/usr/lib/apache2/modules", packages=("libapache2-mod-php8.2",))
    host.run(["sh", "-ec", "cd /etc/php/8.2; mkdir -p apache2; cp -a fpm/php.ini fpm/conf.d apache2/"])
    host.root("/etc/php/8.2/apache2/conf.d/99-local.ini").write_text("opcache.validate_timestamps=0\n")
    site = {"sites-enabled/shop.conf": vhost(host, "")}
    apache(host, site, enable="mpm_prefork php8.2", disable="mpm_event")


def _mod_php_alone(host: Host) -> None:
    """Apache runs PHP itself, and no FPM runs."""
    host.stop_fpm()
    _mod_php(host)


LAYOUTS = (
    Layout(
        name="nginx, a site as in its documentation", build=lambda host: nginx(host, {"sites-enabled/shop": server(host)}), everyday=True
    ),
    Layout(name="nginx, an upstream", build=_upstream),
    Layout(name="nginx, virtual hosts in included folders", build=_customers),
    Layout(name="Apache, SetHandler by Debian's php8.2-fpm.conf", build=_set_handler, everyday=True),
    Layout(name="Apache, ProxyPassMatch", build=_proxy_pass_match),
    Layout(name="Apache, mod_php beside an idle FPM", build=_mod_php, first=_APACHE, then=_APACHE, reload=reload_unit("apache2")),
    Layout(name="Apache, mod_php without FPM", build=_mod_php_alone, first=_APACHE, then=_APACHE, reload=reload_unit("apache2")),
)
