"""The command that a finding shows is one that the login user can run over there, and it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.program import check, explain, serving

if TYPE_CHECKING:
    from tests.lab import Host, Lab


def test_every_look_can_be_repeated_by_the_login_user_and_leaves_nothing(lab: Lab, web1: Host) -> None:
    web1.fpm(validate_timestamps=0)
    web1.ini(opcache__max_accelerated_files=200)
    assert [serving(web1) for _ in range(3)] == ["home v1"] * 3
    web1.deploy_git("fix")
    web1.artisan("down")
    serving(web1)
    _, entries = check(lab, "web1")
    repeats = {finding["code"]: finding["evidence"]["repeat"] for finding in entries["web1"]["findings"]}
    assert {"config.stale", "health.maintenance", "health.opcache-keys"} <= set(repeats), explain(entries["web1"])
    before = web1.opcache()["opcache_statistics"]["num_cached_keys"]
    for code, command in repeats.items():
        done = web1.run(["sh", "-c", command], user="deploy", check=False)
        assert (done.returncode, done.stderr, bool(done.stdout)) == (0, "", True), (code, command, done)
    assert f"[num_cached_keys] => {before}" in web1.run(["sh", "-c", repeats["health.opcache-keys"]], user="deploy").stdout
    assert web1.run(["sh", "-c", "ls /tmp/*.php 2>/dev/null || true"]).stdout == ""
