"""A site that is gone from the disk and that PHP still answers is not ended by the fix of another; once forgotten it holds nobody up."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.lab.harm.never_worse import NeverWorse
from tests.lab.harm.seen import Page
from tests.lab.host import HOUR
from tests.lab.waiting import until

if TYPE_CHECKING:
    from tests.lab import Host

RELOAD = ("--all", "--only", "reload")
ONE_WORKER = {"pm": "static", "pm__max_children": 1}
"""Each worker remembers for itself."""


class Blog(NamedTuple):
    """A second site: where its code is, the link to it, and what somebody does to it."""

    code: str
    link: str
    broken: str

    def made(self, host: Host, pool: str) -> Page:
        """What its visitors ask for."""
        host.run(["mkdir", "-p", f"{self.code}/public"])
        for name, text in (("public/index.php", "<?php echo 'blog v1';\n"), ("composer.json", "{}")):
            host.root(f"{self.code}/{name}").write_text(text)
            os.utime(host.root(f"{self.code}/{name}"), (time.time() - HOUR,) * 2)
        host.run(["ln", "-s", self.code, self.link])
        page = Page("/", f"{self.link}/public/index.php", pool)
        assert asked(host, page) == 200
        return page


LINK = Blog("/srv/blog-code", "/srv/blog", "ln -sfn gone /srv/blog")
TARGET = Blog("/srv/blog-code", "/srv/blog", "mv /srv/blog-code /srv/away")
CURRENT = Blog("/srv/blog/releases/1", "/srv/blog/current", "rm /srv/blog/current")
HALF = Blog("/srv/blog/releases/1", "/srv/blog/current", "mkdir /srv/blog/releases/2; ln -sfn releases/2 /srv/blog/current")


def asked(host: Host, page: Page) -> int:
    return host.request(page.uri, script=page.script, pool=page.pool).status


def breaks(host: Host, blog: Blog) -> None:
    """In a second of its own: PHP counts those."""
    host.run(["sh", "-ec", blog.broken])
    begun = int(time.time())
    until(lambda: int(time.time()) > begun, "the next second")


@pytest.mark.parametrize(
    ("blog", "pool", "checks"),
    [(LINK, "www", 0), (LINK, "zeta", 1), (TARGET, "zeta", 0), (CURRENT, "www", 1), (CURRENT, "zeta", 0), (HALF, "www", 0)],
    ids=["link", "link, other pool, vt=1", "target, other pool", "current, vt=1", "current, other pool", "half a release"],
)
def test_a_site_that_php_answers_from_memory_is_not_ended(web1: Host, never_worse: NeverWorse, blog: Blog, pool: str, checks: int) -> None:
    web1.ini(opcache__validate_timestamps=checks)
    web1.pool(pool, **ONE_WORKER)
    page = blog.made(web1, pool)
    assert web1.get("/") == "home v1"
    breaks(web1, blog)
    assert asked(web1, page) == 200
    master = (web1.fpm_master(), web1.status()["start time"])
    never_worse.asks(Page(), page)
    ran = never_worse.fix("--app", "/srv/app", *RELOAD, web1.name)
    said = " ".join((ran.stdout + ran.stderr).split())
    assert ran.code == 1, said
    assert "gone from the disk, and PHP answers from its memory until" in said
    assert blog.link in said
    assert (web1.fpm_master(), web1.status()["start time"]) == master
    web1.run(["sh", "-ec", f"[ -d {blog.code} ] || mv /srv/away {blog.code}; ln -sfn {blog.code} {blog.link}"])
    ran = never_worse.fix("--app", "/srv/app", *RELOAD, web1.name)
    assert ran.code == 0, ran.stdout + ran.stderr
    assert asked(web1, page) == 200


def test_a_site_that_php_has_forgotten_holds_nobody_up(web1: Host, never_worse: NeverWorse) -> None:
    web1.ini(opcache__validate_timestamps=0, realpath_cache_ttl=1)
    web1.pool("www", **ONE_WORKER)
    page = LINK.made(web1, "www")
    breaks(web1, LINK)
    until(lambda: asked(web1, page) == 404, "PHP has forgotten it")
    never_worse.asks(Page(), page)
    ran = never_worse.fix("--app", "/srv/app", *RELOAD, web1.name)
    assert ran.code == 0, ran.stdout + ran.stderr
