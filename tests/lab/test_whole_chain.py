"""The whole chain on real hosts: see it, understand it, fix it, prove it by what the application serves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.lab.program import check, dashboard, explain, serving, stalewatch

if TYPE_CHECKING:
    from tests.lab import Host, Lab

CONTROLLER = "app/Http/Controllers/HomeController.php"
LAYERS = {"release", "packages", "config", "routes", "events", "views", "opcache", "fpm", "workers"}


def warm(*hosts: Host) -> None:
    """Serve once, so that OPcache holds what a later deploy makes stale."""
    for host in hosts:
        assert host.get("/") == "home v1"


def start_times(host: Host) -> tuple[object, object]:
    return host.status()["start time"], host.opcache()["opcache_statistics"]["start_time"]


def test_a_healthy_fleet_is_fresh_and_quiet(lab: Lab, hosts: list[Host]) -> None:
    warm(*hosts)
    code, entries = check(lab)
    for entry in entries.values():
        assert entry["verdict"] == "fresh", explain(entry)
        assert set(entry["layers"]) == LAYERS
        assert not [finding for finding in entry["findings"] if finding["severity"] != "info"], explain(entry)
        assert entry["errors"] == []
        assert entry["app"] == "/srv/app"
        assert entry["fpm"]["workers"]
    assert code == 0


@pytest.mark.parametrize(
    ("opcache", "verdicts"),
    [({"validate_timestamps": 0}, {"stale", "suspect"}), ({"revalidate_freq": 600}, {"pending"})],
    ids=["vt=0", "freq=600"],
)
def test_an_edited_controller_is_found_on_that_host_only_and_fixed(
    lab: Lab, hosts: list[Host], opcache: dict[str, int], verdicts: set[str]
) -> None:
    web1, *others = hosts
    web1.fpm(**opcache)
    warm(*hosts)
    before = [start_times(host) for host in others]
    web1.release("v2")
    assert web1.get("/") == "home v1"

    code, entries = check(lab)
    assert code == 1
    assert entries["web1"]["layers"]["opcache"] in verdicts, explain(entries["web1"])
    assert any(CONTROLLER in finding["subject"] for finding in entries["web1"]["findings"]), explain(entries["web1"])
    assert [entries[host.name]["verdict"] for host in others] == ["fresh", "fresh"]

    ran = stalewatch(lab, "fix", "--yes", "--format", "json", *lab.targets)
    assert ran.code == 0, ran.stdout + ran.stderr
    assert web1.get("/") == "home v2"
    code, entries = check(lab)
    assert code == 0, explain(entries["web1"])
    assert [start_times(host) for host in others] == before


def test_a_stale_config_cache_is_rebuilt_and_served(lab: Lab, hosts: list[Host]) -> None:
    web1 = hosts[0]
    web1.fpm(validate_timestamps=0)
    warm(*hosts)
    served = web1.get("/config")
    web1.deploy_git("fix")
    assert web1.get("/config") == served
    code, entries = check(lab)
    assert code == 1
    assert entries["web1"]["layers"]["config"] == "stale", explain(entries["web1"])
    assert entries["web1"]["layers"]["routes"] == "stale", explain(entries["web1"])

    dry = stalewatch(lab, "fix", "--dry-run", "web1")
    assert "config:cache" in dry.stdout
    assert web1.get("/config") == served

    ran = stalewatch(lab, "fix", "--yes", "web1")
    assert ran.code == 0, ran.stdout + ran.stderr
    assert web1.get("/config") != served
    assert web1.get("/") == "home v2"
    code, entries = check(lab, "web1")
    assert code == 0, explain(entries["web1"])
    assert any("config:cache" in line for line in web1.syslog()), web1.syslog()


def test_an_ordinary_deploy_that_recompiled_by_itself_stays_quiet(lab: Lab, web1: Host) -> None:
    warm(web1)
    web1.release("v2")
    deadline = time.monotonic() + 30
    while web1.get("/") != "home v2":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    web1.get("/")
    deadline = time.monotonic() + 30
    while True:  # the file is younger than file_update_protection at first, and is not cached
        web1.get("/")
        code, entries = check(lab, "web1")
        if code == 0 or time.monotonic() > deadline:
            break
    assert code == 0, explain(entries["web1"])


def test_chmod_of_everything_is_never_called_stale(lab: Lab, web1: Host) -> None:
    warm(web1)
    web1.run(["chmod", "-R", "g+w", "/srv/app/app", "/srv/app/config", "/srv/app/routes", "/srv/app/resources"])
    _, entries = check(lab, "web1")
    assert "stale" not in entries["web1"]["layers"].values(), explain(entries["web1"])


def test_the_running_dashboard_proves_it_and_keys_fix_it(lab: Lab, hosts: list[Host]) -> None:
    web1 = hosts[0]
    web1.fpm(validate_timestamps=0)
    warm(*hosts)
    with dashboard(lab) as terminal:
        terminal.wait_for(lambda text: text.count("FRESH") >= 3)
        web1.release("v2")
        web1.get("/")
        terminal.wait_for("STALE")
        terminal.type("f")
        terminal.wait_for("Cancel")
        assert web1.get("/") == "home v1"
        terminal.confirm()
        terminal.wait_until(lambda: serving(web1) == "home v2", timeout=40)
        terminal.wait_for("✓ verified", timeout=40)
        terminal.type("\x1b")
        terminal.wait_for(lambda text: "STALE" not in text and text.count("FRESH") >= 3 and "verified" not in text, timeout=40)
        terminal.type("q")
        assert terminal.wait_exit() == 0
        assert terminal.insane() == []


def test_what_was_cleared_is_rebuilt_by_the_next_run(lab: Lab, web1: Host) -> None:
    warm(web1)
    assert web1.exists("/srv/app/bootstrap/cache/config.php")
    ran = stalewatch(lab, "fix", "--yes", "--all", "--only", "clear", "web1")
    assert ran.code == 0, ran.stdout + ran.stderr
    assert not web1.exists("/srv/app/bootstrap/cache/config.php")
    ran = stalewatch(lab, "fix", "--yes", "--all", "--only", "rebuild", "web1")
    assert ran.code == 0, ran.stdout + ran.stderr
    assert web1.exists("/srv/app/bootstrap/cache/config.php")
    assert check(lab, "web1")[0] == 0
