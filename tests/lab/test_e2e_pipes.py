"""Pipes in the places of files on one server: it is told what could not be read, at once; nothing of ours stays, and no other waits."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.lab import php
from tests.lab.program import check, explain, ours
from tests.lab.waiting import until

if TYPE_CHECKING:
    from tests.lab import Host, Lab

PIPES = (
    "bootstrap/cache/config.php",
    "bootstrap/cache/routes-v7.php",
    "vendor/composer/autoload_static.php",
    "vendor/autoload.php",
    ".env",
)


def test_pipes_in_the_places_of_files_hold_nobody_up(lab: Lab, hosts: list[Host]) -> None:
    web1, web2, _ = hosts
    web1.fpm(validate_timestamps=0)
    assert (web1.get("/"), web2.get("/")) == ("home v1", "home v1")
    for path in (*map(web1.file, PIPES), web1.root(f"{php.ETC_FPM}/php.ini")):
        path.unlink(missing_ok=True)
        os.mkfifo(path, 0o666)
    code, entries = check(lab, "web1", "web2")
    assert (code, entries["web2"]["verdict"]) == (1, "fresh"), explain(entries["web2"])
    told = {finding["code"] for finding in entries["web1"]["findings"]} | {error["code"] for error in entries["web1"]["errors"]}
    assert {"config.sources-unseen", "routes.sources-unseen", "packages.class-map-unseen"} <= told, explain(entries["web1"])
    assert "link.timeout" not in told
    until(lambda: ours(web1) == [], "nothing left", 10)
    assert web1.status()["active processes"] == 1, "no worker of the pool waits: the one that answers is the only one"
