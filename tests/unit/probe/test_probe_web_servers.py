"""Web servers' configuration: what leaves the server, and where it says that PHP requests go."""

from __future__ import annotations

from pathlib import Path

import pytest

from stalewatch.model.inventory import AppEntry
from stalewatch.model.snapshot import Pool
from stalewatch.model.text import safe
from stalewatch.probe.host import app_sites
from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.probe.host.discovery import AppLocation, choose_pool
from stalewatch.probe.host.machine import Machine, Master
from stalewatch.probe.host.parsers import records
from stalewatch.probe.host.parsers.records import ProcessRecord
from stalewatch.probe.host.web_server import apache, caddy, nginx
from stalewatch.probe.host.web_server.site import Files, Site

NGINX = r"""
user www-data;
http {
    upstream php84 { server unix:/var/run/php/84.sock weight=1; server unix:/run/php/old.sock down; }
    map $http_x_canary $pool { default unix:/run/a.sock; "canary" unix:/run/b.sock; x canary; }
    add_header X-Key "canary; } root /canary;";
    root /srv/default;
    server { server_name a.example www.a.example; root /srv/a/public; auth_basic "canary";
        location ~ "\.ph{1}p$" { fastcgi_param DB_PASSWORD canary; fastcgi_pass php84; }
        location = /fpm-status { fastcgi_pass unix:/run/status.sock; } }
    server { root "/srv/my app/public"; # root /not/this;
        location / { if ($http_x = "canary") { return 403 canary; } }
        location ~ \.php$ { fastcgi_pass $pool; } }
    server { set $base /srv/c; set $key canary; root ${base}/public;
        location ~ [^/]\.php(/|$) { fastcgi_pass localhost:9000; fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name; } }
    server { location ~ \.php$ { fastcgi_pass php:9000; fastcgi_param SCRIPT_FILENAME /srv/d/web$fastcgi_script_name; } }
    server { location /e { alias /srv/e; location ~ \.php$ { fastcgi_pass unix:/run/e.sock; } } location ~ \.php$ { fastcgi_pass nobody; } }
    server { include more/*.inc; }
    server { root /srv/$host; location ~ \.php$ { fastcgi_pass unix:/run/g.sock; } }
    server { root /srv/static; }
}
"""


async def read(coprocess: Coprocess, path: Path) -> str:
    (block,) = await coprocess.ask(("web", "nginx", str(path)), timeout=30)
    return records.text(section.payload) if (section := block.first("text")) else ""


async def test_sites_of_nginx_and_nothing_secret(coprocess: Coprocess, tmp_path: Path) -> None:
    main, more = tmp_path / "nginx.conf", tmp_path / "more" / "f.inc"
    more.parent.mkdir()
    main.write_text(NGINX)
    more.write_text("root /srv/f; include more/*.inc; location ~ \\.php$ { fastcgi_pass unix:/run/f.sock; }")
    texts = {str(path): await read(coprocess, path) for path in (main, more)}
    assert "canary" not in str(texts)
    sites = nginx.parse(Files(str(main), texts, {f"{tmp_path}/more/*.inc": (str(more),)}))
    assert [(site.root, site.passes_to, bool(site.undecided)) for site in sites] == [
        ("/srv/a/public", ("/run/php/84.sock",), False),
        ("/srv/my app/public", ("/run/a.sock", "/run/b.sock"), True),
        ("/srv/c/public", ("127.0.0.1:9000",), False),
        ("/srv/d/web", ("php:9000",), False),
        ("/srv/e", ("/run/e.sock",), False),
        ("/srv/default", (), True),
        ("/srv/f", ("/run/f.sock",), False),
        ("/srv/static", (), False),
    ]
    assert sites[0].names == ("a.example", "www.a.example")


async def test_a_configuration_that_may_not_be_read_is_told(coprocess: Coprocess, tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("root /srv/a;")
    (block,) = await coprocess.ask(("web", "nginx", f"{tmp_path}/*.conf"), timeout=30)
    assert [section.argument for section in block.of("text")] == [f"{tmp_path}/a.conf"]
    (block,) = await coprocess.ask(("web", "nginx", f"{tmp_path}/not-there.conf"), timeout=30)
    assert not block.sections


def test_the_file_of_a_running_nginx() -> None:
    assert nginx.main_of("nginx nginx: master process /usr/sbin/nginx -c /opt/n.conf -g daemon off;") == "/opt/n.conf"
    assert nginx.main_of("nginx nginx: master process /usr/sbin/nginx") == ""


def master(version: str, *sockets: str, runs: bool = True) -> Master:
    record = ProcessRecord(int(version[-1]), f"php-fpm{version}", "S", 1, 100) if runs else None
    pools = tuple(Pool(name=safe("www"), listen=safe(one)) for one in sockets)
    return Master(config_path=f"/etc/php/{version}/fpm/php-fpm.conf", record=record, pools=pools)


def site(*passes_to: str, undecided: str = "", root: str = "/srv/a/public") -> Site:
    return Site(server="nginx", root=root, passes_to=passes_to, undecided=undecided)


RUNS_PHP = Site(server="apache", root="/srv/a/public", runs_php=True)
OLD, NEW = master("8.2", "/run/82.sock", "/run/82b.sock", runs=False), master("8.4", "/run/84.sock", "/run/84b.sock")
RUNS = master("8.2", "/run/82.sock", "/run/82b.sock")


@pytest.mark.parametrize(
    ("sites", "masters", "version", "address"),
    [
        ((site("/run/84.sock"),), (RUNS, NEW), "8.4", "/run/84.sock"),
        ((site("/run/82.sock"),), (OLD, NEW), "8.2", "/run/82.sock"),
        ((site("/run/gone.sock"),), (OLD, NEW), None, "/run/gone.sock"),
        ((site("/run/82.sock", "/run/84.sock"),), (RUNS, NEW), None, ""),
        ((site("/run/84.sock", undecided="$x"),), (RUNS, NEW), None, ""),
        ((site("/run/84b.sock", "/run/84.sock", undecided="$x"),), (OLD, NEW), "8.4", "/run/84b.sock"),
        ((site("/run/82.sock"), site("/run/84.sock")), (RUNS, NEW), None, ""),
        ((site("/run/82.sock", "/run/84.sock"),), (OLD, NEW), None, ""),
        ((site(undecided="$x"),), (RUNS, NEW), None, ""),
        ((site(undecided="$x"),), (OLD, NEW), "8.4", ""),
        ((RUNS_PHP,), (RUNS, NEW), None, ""),
        ((RUNS_PHP,), (OLD, NEW), None, ""),
        ((RUNS_PHP, site("/run/84.sock")), (OLD, NEW), None, ""),
        ((site(),), (OLD, NEW), "8.4", ""),
    ],
)
def test_the_pool_that_the_web_server_names_and_never_another(
    sites: tuple[Site, ...], masters: tuple[Master, ...], version: str | None, address: str
) -> None:
    machine = Machine(masters=masters)
    goes = app_sites.destination(sites, machine, {})
    place = AppLocation(path="/srv/a", root="/srv/a", passes_to=goes.address, sites=sites, undecided=goes.undecided, runs_php=goes.runs_php)
    found, _ = choose_pool(place, machine)
    assert (goes.address, found.version if found else None) == (address, version)


def test_where_it_is_undecided_the_cache_of_one_master_alone_tells() -> None:
    sites = (site(undecided="$x"),)
    place = AppLocation(path="/srv/a", root="/srv/a", sites=sites, undecided="$x", cached_by="/run/84b.sock")
    assert choose_pool(place, Machine(masters=(RUNS, NEW))) == (NEW, NEW.pools[1])


def test_where_another_pool_runs_it_than_the_one_that_is_named_none_is_judged() -> None:
    place = AppLocation(
        path="/srv/a", root="/srv/a", passes_to="/run/84.sock", sites=(site("/run/84.sock"),), undecided="both", disputed=True
    )
    assert choose_pool(place, Machine(masters=(RUNS, NEW))) == (None, None)


def test_the_inventory_overrides_the_web_server() -> None:
    place = AppLocation(path="/srv/a", root="/srv/a", entry=AppEntry(socket="/run/84.sock"), passes_to="/run/82.sock")
    assert choose_pool(place, Machine(masters=(RUNS, NEW))) == (NEW, NEW.pools[0])


def test_a_site_belongs_to_the_innermost_application() -> None:
    inner, outer, link = site(root="/srv/a/blog"), site(root="/srv/a/public"), site(root="/var/www/html")
    real = {"/srv/a/blog": "/srv/a/blog", "/srv/a/public": "/srv/a/public", "/var/www/html": "/srv/a/public"}
    assert app_sites.owned([inner, outer, link], real, ["/srv/a", "/srv/a/blog"]) == {"/srv/a/blog": [inner], "/srv/a": [outer, link]}


@pytest.mark.parametrize(
    ("docroot", "signs", "home"),
    [
        ("/srv/a/public", {"/srv/a": "artisan"}, "/srv/a"),
        ("/srv/a/web", {"/srv/a": "bin/console", "/srv/a/web": "index.php"}, "/srv/a"),
        ("/srv/a/htdocs", {"/srv/a/htdocs": "index.php"}, "/srv/a/htdocs"),
        ("/srv/a/public", {"/srv/a/public": "index.php"}, "/srv/a/public"),
        ("/srv/a", {}, ""),
    ],
)
def test_the_root_of_the_application_of_a_site(docroot: str, signs: dict[str, str], home: str) -> None:
    assert app_sites.home(site(root=docroot), signs) == home


APACHE = r"""
ServerRoot "{0}"
Define sock /run/php/84.sock
Define secret canary
LoadModule proxy_fcgi_module modules/mod_proxy_fcgi.so
IncludeOptional conf.d/*.conf
DocumentRoot /var/www/html
<Directory />
    Require all denied
</Directory>
SetEnv DB_PASSWORD canary
<IfModule mod_php8.c>
    <FilesMatch "\.php$">
        SetHandler application/x-httpd-php
    </FilesMatch>
</IfModule>
<IfModule !mod_php8.c>
    <FilesMatch ".+\.ph(?:ar|p|tml)$">
        SetHandler "proxy:unix:/run/php/82.sock|fcgi://localhost"
    </FilesMatch>
</IfModule>
<Macro Host $name>
    <VirtualHost *:80>
        DocumentRoot /srv/macro
    </VirtualHost>
</Macro>
"""
VHOSTS = r"""
<VirtualHost *:80>
    ServerName a.example:80
    ServerAlias www.a.example
    DocumentRoot "/srv/my app/public"
    Alias /pma /usr/share/phpmyadmin
    <Location "/fpm-status">
        SetHandler "proxy:unix:/run/php/status.sock|fcgi://x"
    </Location>
    RequestHeader set X-Key \
        canary
</VirtualHost>
<VirtualHost *:80>
    DocumentRoot /srv/b/public
    <Directory /srv/b>
        <FilesMatch \.php$>
            <If "-f %{{REQUEST_FILENAME}}">
                SetHandler "proxy:unix:${{sock}}|fcgi://localhost/"
            </If>
        </FilesMatch>
    </Directory>
</VirtualHost>
<VirtualHost *:80>
    DocumentRoot /srv/c/public
    ProxyPassMatch ^/status$ fcgi://127.0.0.1:9009/
    ProxyPassMatch ^/(.*\.php(/.*)?)$ fcgi://127.0.0.1:9000/srv/c/current/public/$1
</VirtualHost>
<Proxy "unix:/run/php/d.sock|fcgi://php-d">
    ProxySet timeout=300
</Proxy>
<Proxy balancer://many>
    BalancerMember unix:/run/1.sock|fcgi://one
    BalancerMember fcgi://127.0.0.1:9002
</Proxy>
<VirtualHost *:80>
    DocumentRoot /srv/d
    <Files "*.php">
        SetHandler proxy:fcgi://php-d
    </Files>
</VirtualHost>
<VirtualHost *:80>
    DocumentRoot /srv/e
    <FilesMatch \.php$>
        SetHandler proxy:balancer://many
    </FilesMatch>
</VirtualHost>
<VirtualHost *:80>
    DocumentRoot /srv/f
    <FilesMatch \.php$>
        <If "%{{HTTP_COOKIE}} =~ /canary/">
            SetHandler "proxy:unix:/run/php/next.sock|fcgi://localhost"
        </If>
    </FilesMatch>
</VirtualHost>
<VirtualHost *:80>
    DocumentRoot /srv/g
    <FilesMatch \.php$>
        SetHandler "proxy:unix:${{FROM_ENV}}|fcgi://localhost"
    </FilesMatch>
</VirtualHost>
<IfDefine Never>
<VirtualHost *:80>
    DocumentRoot /srv/never
</VirtualHost>
</IfDefine>
<VirtualHost *:80>
    DocumentRoot /srv/h
    <FilesMatch \.php$>
        SetHandler none
    </FilesMatch>
</VirtualHost>
"""


async def files_of(coprocess: Coprocess, kind: str, main: Path, pattern: str) -> Files:
    texts: dict[str, str] = {}
    for each in (str(main), pattern):
        (block,) = await coprocess.ask(("web", kind, each), timeout=30)
        texts |= {section.argument: records.text(section.payload) for section in block.of("text")}
    return Files(str(main), texts, {pattern: tuple(path for path in texts if path != str(main))})


async def apache_sites(coprocess: Coprocess, tmp_path: Path, main: str, vhosts: str = "") -> tuple[Site, ...]:
    (tmp_path / "conf.d").mkdir(exist_ok=True)
    (tmp_path / "httpd.conf").write_text(main.format(tmp_path))
    (tmp_path / "conf.d" / "sites.conf").write_text(vhosts.format())
    files = await files_of(coprocess, "apache", tmp_path / "httpd.conf", f"{tmp_path}/conf.d/*.conf")
    assert "canary" not in str(files.texts)
    return apache.parse(files)


async def test_sites_of_apache_and_nothing_secret(coprocess: Coprocess, tmp_path: Path) -> None:
    sites = await apache_sites(coprocess, tmp_path, APACHE, VHOSTS)
    assert [(site.root, site.passes_to, bool(site.undecided), site.runs_php) for site in sites] == [
        ("/srv/my app/public", ("/run/php/82.sock",), False, False),
        ("/usr/share/phpmyadmin", ("/run/php/82.sock",), False, False),
        ("/srv/b/public", ("/run/php/84.sock",), False, False),
        ("/srv/c/current/public", ("127.0.0.1:9000",), False, False),
        ("/srv/d", ("/run/php/d.sock",), False, False),
        ("/srv/e", ("/run/1.sock", "127.0.0.1:9002"), False, False),
        ("/srv/f", ("/run/php/82.sock", "/run/php/next.sock"), True, False),
        ("/srv/g", (), True, False),
        ("/srv/h", (), False, False),
    ]
    assert sites[0].names == ("a.example", "www.a.example")


async def test_apache_that_runs_php_itself(coprocess: Coprocess, tmp_path: Path) -> None:
    loaded = APACHE + "LoadModule php_module modules/libphp8.2.so\n"
    (site,) = await apache_sites(coprocess, tmp_path, loaded)
    assert (site.root, site.passes_to, site.undecided, site.runs_php) == ("/var/www/html", (), "", True)
    (other,) = await apache_sites(coprocess, tmp_path, "ServerRoot {0}\nDocumentRoot /srv/cgi\nAddHandler application/x-httpd-php .php\n")
    assert (other.runs_php, other.undecided) == (False, "Apache gives PHP to the handler application/x-httpd-php, which is no PHP-FPM")


CADDY = r"""
{
    email canary@example.invalid
}
(php) {
    php_fastcgi unix//run/php/82.sock
}
a.example, www.a.example {
    root * /srv/a/public
    basic_auth {
        admin canary
    }
    import php
}
b.example {
    root /srv/b/public
    php_fastcgi @x 127.0.0.1:9000 {
        env DB canary
    }
    import more/*.caddy
}
http://c.example {
    handle_path /x/* {
        root * /srv/c/x
        php_fastcgi unix//run/x.sock
    }
    root * /srv/c
    reverse_proxy unix//run/c.sock {
        transport fastcgi {
            split .php
        }
    }
}
d.example {
    root * /srv/d
    php_fastcgi {$PHP_ADDRESS}
}
e.example {
    root * /srv/e
    php_server
}
f.example {
    root * /srv/f
    reverse_proxy localhost:3000
}
"""


async def test_sites_of_caddy_and_nothing_secret(coprocess: Coprocess, tmp_path: Path) -> None:
    main, more = tmp_path / "Caddyfile", tmp_path / "more" / "x.caddy"
    more.parent.mkdir()
    main.write_text(CADDY)
    more.write_text("encode gzip\n")
    files = await files_of(coprocess, "caddy", main, f"{tmp_path}/more/*.caddy")
    assert "canary" not in str(files.texts)
    sites = caddy.parse(files)
    assert [(site.root, site.passes_to, bool(site.undecided), site.runs_php) for site in sites] == [
        ("/srv/a/public", ("/run/php/82.sock",), False, False),
        ("/srv/b/public", ("127.0.0.1:9000",), False, False),
        ("/srv/c/x", ("/run/x.sock",), False, False),
        ("/srv/c", ("/run/c.sock",), False, False),
        ("/srv/d", (), True, False),
        ("/srv/e", (), False, True),
        ("/srv/f", (), False, False),
    ]
    assert [site.names for site in sites][:2] == [("a.example", "www.a.example"), ("b.example",)]


@pytest.mark.parametrize(
    ("text", "passes_to", "undecided"),
    [
        ("server {{ root /srv/a; include {0}; }}", (), True),
        ("server {{ root /srv/a; location ~ \\.php$ {{ include {0}; }} }}", (), True),
        ("server {{ root /srv/a; include {0}; location ~ \\.php$ {{ fastcgi_pass unix:/run/a.sock; }} }}", ("/run/a.sock",), False),
        ("server {{ root /srv/a; location ~ \\.php$ {{ include {0}; fastcgi_pass unix:/run/a.sock; }} }}", ("/run/a.sock",), False),
        (
            "server {{ root /srv/a; location / {{ include {0}; }} location ~ \\.php$ {{ fastcgi_pass unix:/run/a.sock; }} }}",
            ("/run/a.sock",),
            False,
        ),
    ],
)
async def test_a_file_that_may_not_be_read_decides_only_where_nothing_else_does(
    coprocess: Coprocess, tmp_path: Path, text: str, passes_to: tuple[str, ...], undecided: bool
) -> None:
    main, secret = tmp_path / "nginx.conf", f"{tmp_path}/secret.conf"
    main.write_text(text.format(secret))
    files = Files(str(main), {str(main): await read(coprocess, main)}, {}, {secret: (secret,)})
    (found,) = nginx.parse(files)
    assert (found.passes_to, found.undecided) == (passes_to, f"this login may not read {secret}" if undecided else "")


OWN = """
AuthUserFile canary
<FilesMatch \\.php$>
    SetHandler "proxy:unix:/run/own.sock|fcgi://localhost"
</FilesMatch>
"""
HANDLED = "<FilesMatch php$>\n SetHandler proxy:unix:/run/main.sock|fcgi://x\n</FilesMatch>\n"


@pytest.mark.parametrize(
    ("main", "passes_to"),
    [
        (HANDLED, "/run/main.sock"),
        (f"{HANDLED}<Directory /srv/>\n AllowOverride None\n</Directory>\n", "/run/main.sock"),
        (
            f"{HANDLED}<Directory {{0}}/>\n AllowOverride AuthConfig FileInfo\n</Directory>\n",
            "/run/own.sock",
        ),
        (
            f"{HANDLED}<Directory {{0}}>\n AllowOverride All\n</Directory>\n<Directory />\n AllowOverride None\n</Directory>\n",
            "/run/own.sock",
        ),
        ("<Directory {0}>\n AllowOverride All\n</Directory>\n", "/run/own.sock"),
    ],
)
async def test_a_directory_of_apache_decides_itself_where_it_may(coprocess: Coprocess, tmp_path: Path, main: str, passes_to: str) -> None:
    path = tmp_path / "httpd.conf"
    path.write_text(f"DocumentRoot {tmp_path}\n" + main.format(tmp_path))
    (tmp_path / ".htaccess").write_text(OWN)
    (asked,) = apache.beside((await files_of(coprocess, "apache", path, "/not/there")).texts)
    files = await files_of(coprocess, "apache", path, asked)
    assert "canary" not in str(files.texts)
    (found,) = apache.parse(files)
    assert found.passes_to == (passes_to,)


HANDLED = """<VirtualHost *:80>
DocumentRoot /srv/a/public
<FilesMatch \\.php$>
SetHandler "proxy:unix:/run/a.sock|fcgi://a"
</FilesMatch>
<{0}>
SetHandler "proxy:unix:/run/b.sock|fcgi://b"
</{1}>
</VirtualHost>
"""


@pytest.mark.parametrize(
    ("section", "both"),
    [
        ("Location /api", True),
        ('LocationMatch "^/api/.*"', True),
        ("Directory /srv/a/public/api", True),
        ("Files api.php", True),
        ("Location /fpm-status", False),
        ("Directory /srv/b", False),
    ],
)
async def test_a_part_of_a_site_that_another_pool_serves(coprocess: Coprocess, tmp_path: Path, section: str, both: bool) -> None:
    main = tmp_path / "apache2.conf"
    main.write_text(HANDLED.format(section, section.split()[0]))
    (block,) = await coprocess.ask(("web", "apache", str(main)), timeout=30)
    told = block.first("text")
    assert told is not None
    (found,) = apache.parse(Files(str(main), {str(main): records.text(told.payload)}, {}))
    assert found.passes_to == (("/run/a.sock", "/run/b.sock") if both else ("/run/a.sock",))


@pytest.mark.parametrize(
    ("script", "both"), [("/srv/a/public/api.php", True), ("$document_root/api.php", True), ("$document_root$fastcgi_script_name", False)]
)
async def test_an_address_of_its_own_for_a_script(coprocess: Coprocess, tmp_path: Path, script: str, both: bool) -> None:
    main = tmp_path / "nginx.conf"
    own = f"location = /api {{ fastcgi_param SCRIPT_FILENAME {script}; fastcgi_pass unix:/run/b.sock; }}"
    main.write_text(f"server {{ root /srv/a/public; location ~ \\.php$ {{ fastcgi_pass unix:/run/a.sock; }} {own} }}")
    sites = nginx.parse(Files(str(main), {str(main): await read(coprocess, main)}, {}))
    passed = {one for site in sites if site.root == "/srv/a/public" for one in site.passes_to}
    assert passed == ({"/run/a.sock", "/run/b.sock"} if both else {"/run/a.sock"})


@pytest.mark.parametrize("kind", ["nginx", "apache"])
async def test_of_what_is_passed_to_php_only_the_environment_is_told(coprocess: Coprocess, tmp_path: Path, kind: str) -> None:
    if kind == "nginx":
        lines = ("APP_ENV staging", "APP_DEBUG 'false'", "APP_KEY canary", "APP_ENV $canary if_not_empty", 'APP_ENV "canary;of x"')
        params = "".join(f"fastcgi_param {line};" for line in lines)
        location = f"location ~ \\.php$ {{ {params} fastcgi_pass unix:/run/a.sock; }}"
        text = f"server {{ root /srv/a; fastcgi_param APP_ENV outer; {location} }} server {{ root /srv/b; {location.replace(params, '')} }}"
    else:
        lines = ("SetEnv APP_ENV staging", "SetEnv APP_DEBUG false", "SetEnv APP_KEY canary", 'SetEnv APP_ENV "canary of x"')
        handler = '<FilesMatch "\\.php$">\nSetHandler "proxy:unix:/run/a.sock|fcgi://localhost"\n</FilesMatch>'
        inside = "<Directory /srv/a/x>\nSetEnv APP_ENV inner\n</Directory>"
        hosts = (f"DocumentRoot /srv/a\n{chr(10).join(lines)}\n{inside}\n{handler}", f"DocumentRoot /srv/b\n{handler}")
        text = "\n".join(f"<VirtualHost *:80>\n{host}\n</VirtualHost>" for host in hosts)
    (tmp_path / "main.conf").write_text(text)
    files = await files_of(coprocess, kind, tmp_path / "main.conf", f"{tmp_path}/none")
    assert "canary" not in str(files.texts)
    sites = {site.root: site.variables for site in (nginx if kind == "nginx" else apache).parse(files)}
    assert sites == {"/srv/a": (("APP_ENV", "staging"), ("APP_DEBUG", "false")), "/srv/b": ()}
