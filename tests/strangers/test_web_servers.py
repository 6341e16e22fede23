"""nginx plain, with an upstream, with virtual hosts in included directories; Apache with proxy_fcgi."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab import Host, Lab
from tests.strangers import web_servers
from tests.strangers.looks import assert_fresh, assert_stale, look, of

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]
APP = "/srv/app"


@pytest.fixture
def nginx(stranger: Host) -> Iterator[Host]:
    yield stranger
    web_servers.end(stranger, "nginx", "/etc/nginx")


@pytest.fixture
def apache(stranger: Host) -> Iterator[Host]:
    yield stranger
    web_servers.end(stranger, "apache2", "/etc/apache2")


def edited_and_not_served(lab: Lab, host: Host) -> None:
    """Fresh as it is; then the controller is edited, and the web server goes on answering with the old one."""
    assert web_servers.http(host) == "home v1"
    code, entries = look(lab)
    assert_fresh(of(entries, APP))
    assert code == 0
    host.release("v2")
    assert web_servers.http(host) == "home v1"
    code, entries = look(lab)
    assert_stale(of(entries, APP))
    assert code == 1
    assert web_servers.http(host) == "home v1"


def test_nginx_plain(lab: Lab, nginx: Host) -> None:
    web_servers.start_nginx(nginx, web_servers.server(nginx), {})
    edited_and_not_served(lab, nginx)


def test_nginx_with_an_upstream(lab: Lab, nginx: Host) -> None:
    upstream = "upstream php82 { server unix:/run/php/php8.2-fpm.sock; }\n"
    web_servers.start_nginx(nginx, upstream + web_servers.server(nginx, passes="php82"), {})
    edited_and_not_served(lab, nginx)


def test_nginx_with_virtual_hosts_in_included_directories(lab: Lab, nginx: Host) -> None:
    files = {"conf.d/all.conf": "include /etc/nginx/customers/*/site.conf;\n", "customers/shop/site.conf": web_servers.server(nginx)}
    web_servers.start_nginx(nginx, "include /etc/nginx/conf.d/*.conf;", files)
    edited_and_not_served(lab, nginx)


def test_apache_with_proxy_fcgi(lab: Lab, apache: Host) -> None:
    web_servers.start_apache(apache)
    edited_and_not_served(lab, apache)
