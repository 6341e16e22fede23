"""The command that a finding shows is one that the login user can run on the server, and it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.application import APP
from tests.lab.program import check, explain, serving

if TYPE_CHECKING:
    from tests.lab import Host, Lab


def test_every_look_can_be_repeated_by_the_login_user_and_leaves_nothing(lab: Lab, web1: Host) -> None:
    web1.fpm(validate_timestamps=0)
    web1.ini(opcache__max_accelerated_files=200)
    assert [serving(web1) for _ in range(3)] == ["home v1"] * 3
    web1.deploy_git("fix")
    web1.run(["touch", f"{APP}/public/index.php"], user="deploy")
    web1.artisan("down")
    serving(web1)
    _, entries = check(lab, "web1")
    repeats = {
        (finding["code"], label): command
        for finding in entries["web1"]["findings"]
        for label, command in finding["evidence"].items()
        if label.startswith("repeat")
    }
    found = {code for code, label in repeats if label == "repeat"}
    assert {"config.stale", "health.maintenance", "health.opcache-keys"} <= found, explain(entries["web1"])
    held = next(command for (code, label), command in repeats.items() if code.startswith("opcache.") and label == "repeat in the pool")
    before = web1.opcache()["opcache_statistics"]["num_cached_keys"]
    for code, command in repeats.items():
        done = web1.run(["sh", "-c", command], user="deploy", check=False)
        assert (done.returncode, done.stderr, bool(done.stdout)) == (0, "", True), (code, command, done)
    assert f"[num_cached_keys] => {before}" in web1.run(["sh", "-c", repeats["health.opcache-keys", "repeat"]], user="deploy").stdout
    assert "[last_used_timestamp] => " in web1.run(["sh", "-c", held], user="deploy").stdout
    assert web1.run(["sh", "-c", "ls /tmp/*.php 2>/dev/null || true"]).stdout == ""
