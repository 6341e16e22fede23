"""Debian's Apache before the pools: the pool that is judged is the one that its virtual host names."""

from __future__ import annotations

import http.client
from dataclasses import dataclass

from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.masters import one_master, second_master, shop
from tests.lab.truth.opcache_stale import BYTECODE
from tests.lab.truth.state import Ask, stale
from tests.lab.waiting import until

_APACHE = "/etc/apache2"
_MODULES = ("mpm_event", "authz_core", "alias", "proxy", "proxy_fcgi", "rewrite", "dir")
_MAIN = """
PidFile /run/lab-apache.pid
DefaultRuntimeDir /run
Mutex file:/run default
ErrorLog /run/lab-apache.log
User www-data
Group www-data
ServerName lab.invalid
Listen {0}:{1}
{2}
IncludeOptional sites-enabled/*.conf
"""
SITE = """
Define pool shop
<VirtualHost *:*>
    ServerName lab.invalid
    DocumentRoot /srv/app/public
    <Directory /srv/app/public>
        Require all granted
        FallbackResource /index.php
    </Directory>
    <FilesMatch "\\.php$">
        SetHandler "proxy:unix:/run/php/${pool}.sock|fcgi://localhost"
    </FilesMatch>
</VirtualHost>
"""


@dataclass(frozen=True, kw_only=True)
class Web(Ask):
    """The same question, asked of Apache."""

    def answer(self, host: Host) -> tuple[int, str]:
        return _get(host)


def _port(host: Host) -> int:
    return host.port + 20_000


def _get(host: Host) -> tuple[int, str]:
    link = http.client.HTTPConnection(host.address, _port(host), timeout=10)
    try:
        link.request("GET", "/")
        response = link.getresponse()
        return response.status, response.read().decode("utf-8", "replace")
    finally:
        link.close()


def apache(files: dict[str, str]) -> do.Change:
    """This host gets a configuration of its own, with *files* below /etc/apache2, and Apache runs."""

    def change(host: Host) -> None:
        host.run(["sh", "-ec", f"mkdir -p /run/lab-apache/sites-enabled; mount --bind /run/lab-apache {_APACHE}"])
        modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in _MODULES)
        for name, text in {"apache2.conf": _MAIN.format(host.address, _port(host), modules), **files}.items():
            host.root(f"{_APACHE}/{name}").write_text(text)
        host.run(["/usr/sbin/apache2", "-k", "start"])
        until(lambda: Web()(host) != "down", f"Apache of {host.name}")

    return change


def no_apache(host: Host) -> None:
    """Apache ends, and the machine's own configuration and one master are there again."""
    ended = "/usr/sbin/apache2 -k stop; while [ -e /run/lab-apache.pid ]; do sleep 0.05; done"
    host.run(["sh", "-c", f"{ended}; umount -l {_APACHE}; rm -rf /run/lab-apache"], check=False)
    one_master(host)


def used(host: Host) -> None:
    """Requests through Apache."""
    for _ in range(10):
        _get(host)


STATES = (
    stale(
        name="Apache: a virtual host's handler leads to the second master, which is stale",
        expect=BYTECODE,
        arrange=do.then(shop, second_master, apache({"sites-enabled/app.conf": SITE}), used),
        act=do.then(do.edit, do.pause(2.1), used),
        ask=Web(),
        remembered=True,
        undo=no_apache,
    ),
)
