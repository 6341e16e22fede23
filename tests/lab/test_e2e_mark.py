"""``mark`` before a deploy: what one look can only suspect on a server with validate_timestamps=0, two looks prove."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.lab.program import check, explain, ours, serving, stalewatch
from tests.lab.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab import Host, Lab

CONTROLLER = "/srv/app/app/Http/Controllers/HomeController.php"


def marked(lab: Lab, host: Host) -> None:
    """*host*, with validate_timestamps=0, has served a while, and was marked."""
    host.fpm(validate_timestamps=0)
    assert [serving(host) for _ in range(3)] == ["home v1"] * 3
    ran = stalewatch(lab, "mark", host.name, "--format", "json")
    assert ran.code == 0, ran.stdout + ran.stderr
    (entry,) = ran.data["servers"]
    assert entry["remembered"]
    assert entry["complete"]
    assert {"config", "routes"} <= set(entry["caches"])
    assert ours(host) == []


def test_a_deploy_after_a_mark_is_proven_stale_and_without_one_is_suspected(lab: Lab, hosts: list[Host]) -> None:
    web1, web2, _ = hosts
    marked(lab, web1)
    web2.fpm(validate_timestamps=0)
    assert serving(web2) == "home v1"
    for host in (web1, web2):
        host.release("v2")
    deployed = time.time()
    until(lambda: time.time() > deployed + 3, "a request that could have compiled the new file")  # younger files are not cached
    assert [serving(host) for host in (web1, web2)] == ["home v1"] * 2
    code, entries = check(lab, "web1", "web2")
    assert code == 1
    assert entries["web1"]["layers"]["opcache"] == "stale", explain(entries["web1"])
    assert any(finding["subject"] == CONTROLLER and finding["verdict"] == "stale" for finding in entries["web1"]["findings"])
    assert entries["web2"]["layers"]["opcache"] == "suspect", explain(entries["web2"])


def reload(host: Host) -> None:
    host.release("v2")
    host.reload()
    assert serving(host) == "home v2"


def chmod(host: Host) -> None:
    host.run(["chmod", "-R", "g+w", "/srv/app/app", "/srv/app/config", "/srv/app/routes"])
    assert serving(host) == "home v1"


@pytest.mark.parametrize("after", [reload, chmod])
def test_what_followed_the_mark_and_is_harmless_is_fresh(lab: Lab, web1: Host, after: Callable[[Host], None]) -> None:
    marked(lab, web1)
    after(web1)
    code, entries = check(lab, "web1")
    assert code == 0, explain(entries["web1"])
