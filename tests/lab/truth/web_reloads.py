"""A web server's configuration that changed on the disk: what it runs is what it read, until it is reloaded."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host, http, php
from tests.lab.truth import apache
from tests.lab.truth import changes as do
from tests.lab.truth.state import healthy, unsettled, warm
from tests.lab.truth.web_servers import Web, nginx, no_nginx, used
from tests.lab.waiting import until

_ASK = Web(old="home v0", new="home v1")
_ASK_APACHE = apache.Web(old="home v0", new="home v1")
_EARLIER, _NOW = "/srv/earlier/public", "/srv/app/public"
_SITE, _VHOST = "/etc/nginx/sites-enabled/app", "/etc/apache2/sites-enabled/app.conf"
_OTHER = f"server {{ listen unix:/run/lab-other.sock; root /srv/other; location / {{ fastcgi_pass unix:{php.SOCKET}; }} }}\n"
_NEVER_RELOADED = {Layer.FPM: ("unknown",), Layer.OPCACHE: ("unknown",)}
_CODE = frozenset({"web.not-reloaded"})


def _earlier(host: Host) -> None:
    """The directory that requests went to before; the application itself is in the pool's cache too."""
    made = f"mkdir -p {_EARLIER}; echo \"<?php echo 'home v0';\" >{_EARLIER}/index.php; chown -R deploy /srv/earlier"
    host.run(["sh", "-ec", made])
    warm(host)


def _server(root: str) -> str:
    location = f"location / {{ include fastcgi_params; include lab/script; fastcgi_pass unix:{php.SOCKET}; }}"
    return f"server {{ listen unix:{http.SOCKET}; server_name lab.invalid; root {root}; {location} }}\n"


def _site(root: str, script: str = "$realpath_root/index.php") -> do.Change:
    files = {
        "sites-enabled/app": _server(root),
        "sites-enabled/other": _OTHER,
        "lab/script": f"fastcgi_param SCRIPT_FILENAME {script};\n",
        "lab/app": _server(_NOW),
    }
    return do.then(_earlier, nginx(files), used)


def _vhost(host: Host) -> None:
    _earlier(host)
    apache.apache({"sites-enabled/app.conf": apache.SITE.replace("pool shop", f"pool {php.FPM}").replace(_NOW, _EARLIER)})(host)
    apache.used(host)


def _is_new(ask: Web | apache.Web) -> do.Change:
    return lambda host: until(lambda: ask(host) == "new", "the new configuration")


_MOVED = do.shell(f"sed -i 's|{_EARLIER}|{_NOW}|' {_SITE}")
_MOVED_APACHE = do.shell(f"sed -i 's|{_EARLIER}|{_NOW}|' {_VHOST}")
_RELOAD = do.then(do.shell("nginx -s reload"), _is_new(_ASK), used)
_RELOAD_APACHE = do.then(do.shell("/usr/sbin/apache2 -k graceful"), _is_new(_ASK_APACHE), apache.used)
_OPEN = do.shell(f"((printf 'GET / HTTP/1.1\\r\\n'; sleep 60) | socat -t 60 - UNIX-CONNECT:{http.SOCKET}) >/dev/null 2>&1 </dev/null &")
"""A request that does not end: the worker that has it ends after it."""
_ELSEWHERE = "touch /etc/nginx/mime.types /etc/nginx/sites-enabled/other /etc/nginx/notes /var/log/nginx/access.log"

STATES = (
    unsettled(
        name="nginx: another root in its configuration, and not reloaded",
        expect=_NEVER_RELOADED,
        arrange=_site(_EARLIER),
        act=_MOVED,
        ask=_ASK,
        really="old",
        errors=_CODE,
        undo=no_nginx,
    ),
    unsettled(
        name="nginx: another script in an included file, with its old mtime, and not reloaded",
        expect=_NEVER_RELOADED,
        arrange=_site(_NOW, f"{_EARLIER}/index.php"),
        act=do.shell(
            "cd /etc/nginx/lab; echo 'fastcgi_param SCRIPT_FILENAME $realpath_root/index.php;' >script; touch -d '2 hours ago' script"
        ),
        ask=_ASK,
        really="old",
        errors=_CODE,
        undo=no_nginx,
    ),
    unsettled(
        name="nginx: a link to another, older file in sites-enabled, and not reloaded",
        expect=_NEVER_RELOADED,
        arrange=_site(_EARLIER),
        act=do.shell(f"ln -sf ../lab/app {_SITE}"),
        ask=_ASK,
        really="old",
        errors=_CODE,
        undo=no_nginx,
    ),
    healthy(
        name="nginx: another root in its configuration, and reloaded, while an old worker drains",
        arrange=_site(_EARLIER),
        act=do.then(_OPEN, do.pause(0.5), _MOVED, _RELOAD),
        ask=_ASK,
        undo=no_nginx,
    ),
    healthy(
        name="nginx: files beside the site's were touched",
        arrange=_site(_NOW),
        act=do.shell(_ELSEWHERE),
        ask=_ASK,
        undo=no_nginx,
    ),
    unsettled(
        name="Apache: another root in its configuration, and not reloaded",
        expect=_NEVER_RELOADED,
        arrange=_vhost,
        act=_MOVED_APACHE,
        ask=_ASK_APACHE,
        really="old",
        errors=_CODE,
        undo=apache.no_apache,
    ),
    healthy(
        name="Apache: another root in its configuration, and reloaded",
        arrange=_vhost,
        act=do.then(_MOVED_APACHE, _RELOAD_APACHE, do.shell(f"touch {_NOW}/.htaccess; chown deploy {_NOW}/.htaccess")),
        ask=_ASK_APACHE,
        undo=apache.no_apache,
    ),
)
