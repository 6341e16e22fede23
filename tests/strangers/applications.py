"""Applications that are not Laravel, where their own packages and guides put them."""

from __future__ import annotations

from functools import partial

from tests.lab import Host
from tests.lab.truth.symfony import API, symfony
from tests.strangers import debian
from tests.strangers.layout import Layout
from tests.strangers.pools import edit, no_laravel, older_than_fpm
from tests.strangers.web_servers import FPM_MODULES, PASS, SOCKET, apache, http, nginx, server, vhost, write

_WORDPRESS = "/usr/share/wordpress"
_PHPMYADMIN = "/usr/share/phpmyadmin"
_FUNCTIONS = f"{_WORDPRESS}/wp-includes/functions.php"
_VERSION = f"{_PHPMYADMIN}/libraries/classes/Version.php"
_NEEDS = (
    "php-fig-http-message-util php-getallheaders php-google-recaptcha php-mariadb-mysql-kbs php-nikic-fast-route "
    "php-phpmyadmin-motranslator php-phpmyadmin-shapefile php-phpmyadmin-sql-parser php-psr-http-factory php-psr-http-message "
    "php-slim-psr7 php-symfony-expression-language php-symfony-polyfill-php80 php-twig php-twig-i18n-extension"
)
_PHP = tuple(f"php8.2-{name}" for name in ("common", "opcache", "fpm", "cli", "mbstring", "xml", "mysql"))
"""All of one version, which may be newer than the machine's."""
_LOCATION = """location /phpmyadmin {{
    root /usr/share/;
    index index.php;
    location ~ ^/phpmyadmin/(.+\\.php)$ {{ root /usr/share/; {} }}
}}
"""
_WP_CONFIG = """<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'wordpress');
define('DB_PASSWORD', 'secret');
define('DB_HOST', '127.0.0.1:1');
define('WP_CONTENT_DIR', '/var/lib/wordpress/wp-content');
"""
_RELEASE = 'cp -a /srv/app "/srv/shop/releases/$1"; rm -rf "/srv/shop/releases/$1/.git"; cd "/srv/shop/releases/$1"'
_FLIP = "ln -s /srv/shop/releases/{0} /srv/shop/next; mv -T /srv/shop/next /srv/shop/current"


def html(host: Host) -> None:
    """The first PHP page of a beginner, in Debian's /var/www/html."""
    no_laravel(host)
    debian.own(host, "/var/www")
    write(host, "/var/www/html/lib/text.php", "<?php\nfunction text() { return 'page v1'; }\n")
    write(host, "/var/www/html/index.php", "<?php\nrequire 'lib/text.php';\necho text();\n")
    older_than_fpm(host)
    nginx(host, {"sites-enabled/default": server(host, "/var/www/html", name="_")})


def api(host: Host) -> None:
    """A Symfony application, compiled, behind the server block of its documentation."""
    no_laravel(host)
    symfony()(host)
    older_than_fpm(host, restart=False)
    host.fpm(validate_timestamps=0)
    front = f"location / {{ try_files $uri /index.php$is_args$args; }} location ~ ^/index\\.php(/|$) {{ {PASS.format(SOCKET)} internal; }}"
    block = server(host, f"{API}/public")
    nginx(host, {"sites-enabled/api": block[: block.index("location")] + front + "}\n"})


def mysql(host: Host) -> None:
    """PHP's mysqli, as phpenmod would switch it on."""
    ini = "cp /usr/share/php8.2-mysql/mysql/mysqlnd.ini 10-mysqlnd.ini; cp /usr/share/php8.2-mysql/mysql/mysqli.ini 20-mysqli.ini"
    host.run(["sh", "-ec", f"cd /etc/php/8.2/fpm/conf.d; {ini}"])


def wordpress(host: Host) -> None:
    """Debian's WordPress behind Apache, as its README.Debian says; its database does not answer, and it says so."""
    no_laravel(host)
    packages = ("wordpress", "php-getid3", *_PHP)
    debian.own(host, "/usr/share", "/usr/lib/php", "/usr/sbin", "/usr/bin", "/etc", "/var/lib", packages=packages)
    mysql(host)
    write(host, "/etc/wordpress/config-shop.example.php", _WP_CONFIG)
    content = (
        "Alias /wp-content /var/lib/wordpress/wp-content\n<Directory /var/lib/wordpress/wp-content>\nRequire all granted\n</Directory>\n"
    )
    apache(host, {"sites-enabled/blog.conf": vhost(host, content, root=_WORDPRESS)}, enable=f"{FPM_MODULES} php8.2-fpm")
    installed(_FUNCTIONS, host)
    older_than_fpm(host)


def installed(path: str, host: Host) -> None:
    """The file is in a directory of the host's own, not only seen through to the package's: what comes later moves nothing above it."""
    host.run(["sh", "-ec", 'cp -p "$1" "$1.dpkg-new"; mv "$1.dpkg-new" "$1"', "sh", path])


def upgraded(path: str, old: str, new: str, host: Host) -> None:
    """As dpkg does: another file in its place, as old as its package."""
    change = 'cp -p "$1" "$1.dpkg-new"; sed -i "s/$2/$3/" "$1.dpkg-new"; touch -d "3 days ago" "$1.dpkg-new"; mv "$1.dpkg-new" "$1"'
    host.run(["sh", "-ec", f'grep -q "$2" "$1"; {change}', "sh", path, old, new])


def phpmyadmin(host: Host) -> None:
    """Debian's phpMyAdmin below a site of something else, with the location that all tutorials have."""
    packages = ("phpmyadmin", *_NEEDS.split(), *_PHP)
    debian.own(host, "/usr/share", "/usr/lib/php", "/usr/sbin", "/usr/bin", "/etc", "/var/lib", packages=packages)
    mysql(host)
    write(host, "/var/lib/phpmyadmin/blowfish_secret.inc.php", "<?php\n$cfg['blowfish_secret'] = '0123456789abcdef0123456789abcdef';\n")
    host.run(["sh", "-ec", "chown -R www-data:www-data /var/lib/phpmyadmin"])
    nginx(host, {"sites-enabled/shop": server(host, more=_LOCATION.format(PASS.format(SOCKET)))})
    installed(_VERSION, host)
    host.run(["touch", "/var/lib/nginx/fastcgi/own", "/var/lib/php/sessions/own"])
    older_than_fpm(host)


def releases(host: Host) -> None:
    """Releases and a link, as deploy tools make them; the web server passes the link."""
    host.run(["sh", "-ec", f"mkdir -p /srv/shop/releases; {_RELEASE}", "sh", "20260101120000"])
    host.run(
        ["sh", "-ec", "cd /srv/shop/releases/20260101120000; rm -f bootstrap/cache/*.php storage/framework/views/*.php; rm -rf /srv/app"]
    )
    host.run(["sh", "-ec", _FLIP.format("20260101120000")])
    older_than_fpm(host)
    nginx(host, {"sites-enabled/shop": server(host, "/srv/shop/current/public")})


def deploy(host: Host) -> None:
    """A second release is unpacked and the link switched; nothing is reloaded."""
    second = "cp -a /srv/shop/releases/20260101120000 /srv/shop/releases/20260102120000; cd /srv/shop/releases/20260102120000"
    host.run(["sh", "-ec", f"{second}; sed -i 's/home v1/home v2/' app/Http/Controllers/HomeController.php"])
    host.run(["sh", "-ec", _FLIP.format("20260102120000")])


LAYOUTS = (
    Layout(
        name="plain PHP in /var/www/html",
        build=html,
        edit=partial(edit, "/var/www/html/lib/text.php"),
        app="/var/www/html",
        before="page v1",
        after="page v2",
    ),
    Layout(
        name="Symfony",
        build=api,
        edit=partial(edit, f"{API}/src/Controller/HomeController.php"),
        app=API,
    ),
    Layout(
        name="WordPress from Debian's package, upgraded",
        build=wordpress,
        edit=partial(upgraded, _FUNCTIONS, "Error establishing a database", "No database answers, no"),
        app=_WORDPRESS,
        before="Error establishing a database connection",
        after="No database answers",
    ),
    Layout(
        name="phpMyAdmin from Debian's package, upgraded",
        build=phpmyadmin,
        edit=partial(upgraded, _VERSION, "5[.]2[.]1", "5.2.9"),
        served=lambda host: http(host, "/phpmyadmin/index.php"),
        app=_PHPMYADMIN,
        before="v=5.2.1",
        after="v=5.2.9",
    ),
    Layout(
        name="releases and a link, switched",
        build=releases,
        edit=deploy,
        app="/srv/shop/current",
        then=None,
    ),
)
